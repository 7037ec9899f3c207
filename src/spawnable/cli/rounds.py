"""What many runs of the same cells amount to: how many did as declared, which ones change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from spawnable.batch import Job
from spawnable.verdict import Verdict

__all__ = ["Tally", "counted", "round_line"]


def counted(number: int, noun: str) -> str:
    """Return the number with its noun.

    >>> counted(1, "run"), counted(352, "run")
    ('1 run', '352 runs')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@dataclass(slots=True)
class Tally:
    """The outcomes of every job over all rounds."""

    #: the reading of the clock after which no cell is begun
    until: float | None = None
    runs: int = 0
    #: runs for which there was no time
    left_out: int = 0
    unmet: int = 0
    #: messages that a cell declares and no run of a round printed
    missing: int = 0
    #: the headlines of each job that has one declared outcome
    outcomes: dict[Job, set[str]] = field(default_factory=dict)

    def add(self, job: Job, verdict: Verdict) -> None:
        """Count one run."""
        self.runs += 1
        self.unmet += not verdict.met
        headlines = self.outcomes.setdefault(job, set())
        if not (verdict.met and len(verdict.expected.alternatives) > 1):
            headlines.add(str(verdict.headline))

    @property
    def changing(self) -> list[Job]:
        """The jobs that did not always do the same, where that is not declared by alternatives."""
        return [job for job, headlines in self.outcomes.items() if len(headlines) > 1]

    def closing(self, jobs: Sequence[Job]) -> str:
        """Return the sentence that ends the command."""
        snippets = counted(len({job.snippet.name for job in jobs}), "snippet")
        pythons = ", ".join(dict.fromkeys(job.python.version for job in jobs))
        missing = f", {counted(self.missing, 'declared message')} not printed" if self.missing else ""
        left_out = f", {counted(self.left_out, 'run')} left out for lack of time" if self.left_out else ""
        return (
            f"{snippets}, {counted(self.runs, 'run')} on Python {pythons}: {self.runs - self.unmet} as declared, "
            f"{self.unmet} not, {len(self.changing)} with a changing outcome{missing}{left_out}"
        )


def round_line(number: int, of: int, runs: int, stored: int, unmet: int, seconds: float) -> str:
    """Return what one round amounts to.

    >>> round_line(3, 20, 352, 0, 0, 41.2)
    'round 3 of 20: 352 runs, all as declared, 41 s'
    """
    remembered = f" ({stored} of them from the store)" if stored else ""
    judged = f"{unmet} not as declared" if unmet else "all as declared"
    return f"round {number} of {of}: {counted(runs, 'run')}{remembered}, {judged}, {seconds:.0f} s"
