"""The runs of one cell, sorted for the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from spawnable.agreement import agree, groups
from spawnable.expectation import Outcome
from spawnable.normalise import normalise
from spawnable.site.words import minor
from spawnable.snippet import Snippet
from spawnable.transcript import Transcript
from spawnable.verdict import Verdict, judge

__all__ = ["Difference", "Key", "Results", "Run", "token"]

#: system and machine, full version of Python, start method
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Run:
    """One run, normalised, with its verdict."""

    transcript: Transcript
    verdict: Verdict
    #: whether it was remembered rather than run
    stored: bool = False
    #: whether it is no run of this build's Pythons: the store had it
    elsewhere: bool = False

    @classmethod
    def of(cls, snippet: Snippet, transcript: Transcript, stored: bool = False, elsewhere: bool = False) -> Run:
        """Return a run as a page shows it; the verdict is on what was observed."""
        return cls(normalise(transcript), judge(snippet, transcript), stored, elsewhere)

    @property
    def key(self) -> Key:
        """Where it was run."""
        return self.transcript.platform, self.transcript.python, self.transcript.start_method

    @property
    def minor(self) -> str:
        """The Python's version, such as `3.13`."""
        return minor(self.transcript.python)


@dataclass(frozen=True, slots=True)
class Difference:
    """Runs that did the same, and not what the page shows of their start method."""

    keys: list[Key]
    #: the first of them
    run: Run
    #: the shown run of its start method
    shown: Run


@dataclass(slots=True)
class Results:
    """All runs of one snippet: those of the page's Python first."""

    snippet: Snippet
    runs: dict[Key, Run] = field(default_factory=dict)
    #: runs that recorded their messages, by start method: they are drawn, and not shown otherwise
    traced: dict[str, Run] = field(default_factory=dict)

    def add(self, transcript: Transcript, stored: bool, elsewhere: bool = False) -> Run:
        """Keep a run."""
        run = Run.of(self.snippet, transcript, stored, elsewhere)
        self.runs[run.key] = run
        return run

    def trace(self, transcript: Transcript, stored: bool) -> None:
        """Keep a run that recorded its messages."""
        run = Run.of(self.snippet, transcript, stored)
        self.traced[transcript.start_method] = run

    @property
    def shown(self) -> dict[str, Run]:
        """The runs that the page shows, by start method: those of the first Python."""
        first = next(iter(self.runs), ("", "", ""))[:2]
        return {key[2]: run for key, run in self.runs.items() if key[:2] == first}

    def panels(self) -> list[list[str]]:
        """Return the start methods whose shown runs agree, together."""
        return groups({method: run.transcript for method, run in self.shown.items()}, unordered=self.snippet.unordered)

    def differences(self) -> list[Difference]:
        """Return the runs that did not do what the page shows of their start method; equal ones together."""
        found: list[Difference] = []
        for method, shown in self.shown.items():
            runs = {key: run.transcript for key, run in self.runs.items() if key[2] == method}
            for keys in groups(runs, self.snippet.unordered, frames=False):
                run = self.runs[keys[0]]
                if shown.key in keys or self._agree(shown, run):
                    continue
                same = (item for item in found if self._agree(item.run, run) and self._agree(item.shown, shown))
                if (earlier := next(same, None)) is not None:
                    earlier.keys.extend(keys)
                else:
                    found.append(Difference(keys, run, shown))
        return found

    def _agree(self, first: Run, second: Run) -> bool:
        return agree(first.transcript, second.transcript, self.snippet.unordered)

    def expect_tokens(self) -> Iterator[str]:
        """Give `fork=ok`, `spawn=error:RuntimeError`, … for the shown runs, for whoever runs the script again."""
        for method, run in self.shown.items():
            yield f"{method}={token(run.verdict)}"


def token(verdict: Verdict) -> str:
    """Return what a run of the script alone should end in: `ok`, `error:NAME`, `exit:N` or `stuck`."""
    found = verdict.headline if verdict.met else _heaviest(verdict)
    match found.kind:
        case "error" | "exit":
            return f"{found.kind}:{found.detail}"
        case "stuck":
            return "stuck"
        case _:
            return "ok"


def _heaviest(verdict: Verdict) -> Outcome:
    order = ("stuck", "error", "exit")
    first = verdict.expected.alternatives[0]
    return min(first, key=lambda outcome: order.index(outcome.kind) if outcome.kind in order else len(order))
