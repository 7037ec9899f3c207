"""The runs of one cell, sorted for the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from spawnable.agreement import groups
from spawnable.expectation import Outcome
from spawnable.normalise import normalise
from spawnable.snippet import Snippet
from spawnable.transcript import Transcript
from spawnable.verdict import Verdict, judge

__all__ = ["Results", "Run", "token"]


@dataclass(frozen=True, slots=True)
class Run:
    """One run, normalised, with its verdict."""

    transcript: Transcript
    verdict: Verdict
    #: whether it was remembered rather than run
    stored: bool = False

    @classmethod
    def of(cls, snippet: Snippet, transcript: Transcript, stored: bool = False) -> Run:
        """Return a run as a page shows it; the verdict is on what was observed."""
        return cls(normalise(transcript), judge(snippet, transcript), stored)

    @property
    def minor(self) -> str:
        """The Python's version, such as `3.13`."""
        return ".".join(self.transcript.python.split(".")[:2])


@dataclass(slots=True)
class Results:
    """All runs of one snippet: by Python and start method, those of the page's Python first."""

    snippet: Snippet
    runs: dict[tuple[str, str], Run] = field(default_factory=dict)

    def add(self, transcript: Transcript, stored: bool) -> Run:
        """Keep a run."""
        run = Run.of(self.snippet, transcript, stored)
        self.runs[run.transcript.python, transcript.start_method] = run
        return run

    def order(self, pythons: list[str]) -> None:
        """Put the runs in order of these Pythons, then of the start methods."""
        keys = [(python, method) for python in pythons for method in self.snippet.start_methods]
        self.runs = {key: self.runs[key] for key in keys if key in self.runs}

    @property
    def pythons(self) -> list[str]:
        """The versions of the Pythons that ran it; the page shows the first."""
        return list(dict.fromkeys(python for python, _ in self.runs))

    @property
    def shown(self) -> dict[str, Run]:
        """The runs that the page shows, by start method."""
        first = self.pythons[0] if self.runs else ""
        return {method: run for (python, method), run in self.runs.items() if python == first}

    def panels(self) -> list[list[str]]:
        """Return the start methods whose shown runs agree, together."""
        return groups({method: run.transcript for method, run in self.shown.items()}, unordered=self.snippet.unordered)

    def agreement(self, start_methods: list[str]) -> list[list[tuple[str, str]]]:
        """Return, for these start methods, the runs on all Pythons that agree, together: first the shown ones."""
        chosen: Mapping[tuple[str, str], Transcript] = {
            key: run.transcript for key, run in self.runs.items() if key[1] in start_methods
        }
        return groups(chosen, unordered=self.snippet.unordered, frames=False)

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
