"""Run the site's scripts ten thousand times: `nox -s soak`.

As many run at once as in a build.  Beside them, in every round, run scripts that print
a known number of lines from four processes.  No verdict may change or be other than
declared, no line be lost, nothing be left.  Prints its numbers, writes them to a JSON
file, and ends with exit status 1 if anything is amiss.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from tests.bench.figures import told, write
from tests.bench.left import Watcher
from tests.bench.scripts import COUNTS, script

from spawnable.admission import Admission
from spawnable.batch import BatchError, Job, run_all
from spawnable.cli.pages import read
from spawnable.cli.rounds import Tally, round_line
from spawnable.expectation import START_METHODS
from spawnable.python import Python
from spawnable.run import close
from spawnable.snippet import Snippet
from spawnable.transcript import Transcript
from spawnable.verdict import judge, report

__all__ = ["Counter", "Soak", "main"]

#: reports of runs that did not do as declared, in full
_REPORTS = 20
#: lines that each process of the scripts prints which are counted
_LINES = (100, 1000)


@dataclass(frozen=True, slots=True)
class Counter:
    """A script whose output is known."""

    snippet: Snippet
    lines: int

    @classmethod
    def of(cls, lines: int) -> Counter:
        """Return a script of four processes that each print so many lines, and say so after each 50."""
        code = script(COUNTS, lines=lines)
        return cls(Snippet(f"soak:counts-{lines}", code, unordered=True), 4 * (lines + (lines + 49) // 50))

    def lost(self, transcript: Transcript) -> int:
        """Return how many of its lines a run does not have, whole, each from one process."""
        expected = {f"{letter} {n} {letter * (n % 200)}" for letter in "abcm" for n in range(self._each)}
        expected |= {f"{letter} wrote {n}" for letter in "abcm" for n in range(0, self._each, 50)}
        return len(expected - set(transcript.text.splitlines())) + bool(transcript.dropped)

    @property
    def _each(self) -> int:
        return int(self.snippet.name.rpartition("-")[2])


@dataclass(slots=True)
class Soak:
    """What all rounds together amount to."""

    jobs: Sequence[Job]
    counters: dict[str, Counter]
    tally: Tally = field(default_factory=Tally)
    reports: list[str] = field(default_factory=list)
    #: runs that could not be done
    failed: list[str] = field(default_factory=list)
    #: lines that were printed by the scripts which count, and those that a transcript lacks
    lines: int = 0
    lost: int = 0
    processes: int = 0
    rounds: int = 0

    def round(self) -> int:
        """Run every job once; return how many did not do as declared."""
        errors: dict[Job, Exception] = {}
        try:
            transcripts = run_all(self.jobs)
        except BatchError as error:
            transcripts, errors = error.transcripts, error.errors
        self.failed += [f"{job.snippet.where} under {job.start_method}: {error}" for job, error in errors.items()]
        unmet = sum(not self._take(job, transcript) for job, transcript in transcripts.items())
        self.rounds += 1
        return unmet

    def _take(self, job: Job, transcript: Transcript) -> bool:
        verdict = judge(job.snippet, transcript)
        self.tally.add(job, verdict)
        self.processes += len(transcript.processes)
        counter = self.counters.get(job.snippet.name)
        if counter is not None:
            lost = counter.lost(transcript)
            self.lines += counter.lines
            self.lost += lost
            if lost:
                self._report(f"{job.snippet.name} under {job.start_method}: {lost} lines lost")
        if not verdict.met:
            self._report(report(job.snippet, transcript, verdict))
        return verdict.met

    def _report(self, text: str) -> None:
        if len(self.reports) < _REPORTS:
            self.reports.append(text)
            click.echo(text)

    def amiss(self, left: Sequence[str]) -> list[str]:
        """Say in words what is not as it should be."""
        changing = [f"{job.snippet.where} under {job.start_method} changes" for job in self.tally.changing]
        counts = {
            "runs not as declared": self.tally.unmet,
            "runs that could not be done": len(self.failed),
            "lines lost": self.lost,
            "things left behind": len(left),
        }
        return [
            *(f"{count} {what}" for what, count in counts.items() if count),
            *changing,
            *self.failed[:_REPORTS],
            *left,
        ]


@contextmanager
def _temporary() -> Iterator[Path]:
    """Give a folder, for as long as it lasts the one in which this process and its runs make all temporary files."""
    before = os.environ.get("TMPDIR"), tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        try:
            yield Path(folder)
        finally:
            tempfile.tempdir = before[1]
            os.environ.pop("TMPDIR")
            if before[0] is not None:
                os.environ["TMPDIR"] = before[0]


def _jobs(snippets: Sequence[Snippet], python: Python) -> list[Job]:
    fitting = [
        snippet
        for snippet in snippets
        if snippet.runs_on(python.minor) and None not in python.versions(snippet.packages).values()
    ]
    return [Job(snippet, method, python) for snippet in fitting for method in snippet.start_methods]


@click.command
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--runs", type=click.IntRange(min=1), default=10_000, show_default=True, help="At least so many runs.")
@click.option("--python", "wanted", metavar="PYTHON", help="A version or path.  [default: the one that runs this]")
@click.option("--json", "file", default="docs/_build/soak.json", show_default=True, type=click.Path(path_type=Path))
def main(paths: Sequence[Path], runs: int, wanted: str | None, file: Path) -> None:
    """Run the cells of the pages at PATHS, those of the site by default; exit status 1 if anything is amiss."""
    python = Python.probe(wanted) if wanted else Python.current()
    counters = {counter.snippet.name: counter for counter in map(Counter.of, _LINES)}
    snippets = read(paths or [Path("docs")])
    jobs = _jobs([*snippets, *(counter.snippet for counter in counters.values())], python)
    rounds = -(-runs // len(jobs))
    soak = Soak(jobs, counters)
    start = time.monotonic()
    with _temporary() as folder:
        watcher = Watcher.of(folder)
        try:
            for number in range(1, rounds + 1):
                began = time.monotonic()
                unmet = soak.round()
                click.echo(round_line(number, rounds, len(jobs), 0, unmet, time.monotonic() - began))
        finally:
            close()
        left = watcher.left()
    amiss = soak.amiss(left)
    write(file, _told(soak, python, time.monotonic() - start, amiss))
    click.echo(soak.tally.closing(jobs))
    click.echo(f"{soak.lines} lines counted, {soak.lost} lost; {len(left)} things left behind; written to {file}")
    for text in amiss:
        click.echo(f"amiss: {text}")
    sys.exit(bool(amiss))


def _told(soak: Soak, python: Python, seconds: float, amiss: Sequence[str]) -> dict[str, Any]:
    """Return what stands in the JSON."""
    return {
        **{name: value for name, value in told([]).items() if name != "figures"},
        "python": python.version,
        "snippets": len({job.snippet.name for job in soak.jobs}),
        "start_methods": [method for method in START_METHODS if any(job.start_method == method for job in soak.jobs)],
        "at_once": [Admission().usual, Admission().most],
        "rounds": soak.rounds,
        "runs": soak.tally.runs,
        "processes": soak.processes,
        "seconds": round(seconds, 1),
        "unmet": soak.tally.unmet,
        "changing": len(soak.tally.changing),
        "failed": len(soak.failed),
        "lines": soak.lines,
        "lost": soak.lost,
        "amiss": list(amiss),
    }


if __name__ == "__main__":
    main()
