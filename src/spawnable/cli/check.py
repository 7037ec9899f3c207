"""`spawnable check`: the cells of pages, run and judged."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from spawnable.batch import BatchError, Job, run_all
from spawnable.cli.options import AVAILABLE, Failure, python_option, pythons_of
from spawnable.cli.pages import read
from spawnable.cli.progress import Progress
from spawnable.cli.rounds import Tally, round_line
from spawnable.environments import Environments
from spawnable.messages import unprinted
from spawnable.python import Python, PythonError
from spawnable.run import RunError, close
from spawnable.snippet import Snippet
from spawnable.store import Store, StoreError
from spawnable.transcript import Transcript
from spawnable.verdict import judge, report

__all__ = ["check"]

#: runs after which it is looked whether there is time for more
_PART = 300


@click.command
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@python_option
@click.option(
    "--repeat",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Rounds; several do without the store.",
)
@click.option(
    "--store",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder of remembered runs: what has not changed, and did as declared, is not run again.",
)
@click.option(
    "--environments",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder in which the distributions that cells need are installed, for each Python that lacks them.",
)
@click.option(
    "--within",
    type=click.FloatRange(min=0, min_open=True),
    help="Begin no cell after so many seconds.",
)
@click.option(
    "--order",
    default="",
    metavar="TEXT",
    help="With --within: each text puts the cells in another order, so that each time others are begun.",
)
@click.option("--jobs", "workers", type=click.IntRange(min=1), help="Runs at once.  [default: as many as fit]")
def check(
    paths: Sequence[Path],
    pythons: Sequence[str],
    repeat: int,
    folder: Path | None,
    environments: Path | None,
    within: float | None,
    order: str,
    workers: int | None,
) -> None:
    """Run the cells of the pages at PATH under every start method and judge them.

    A PATH is a page in MyST Markdown or a folder of such pages.  Exit status 0: every run
    did what its cell declares; 1: one did not; 2: the cells could not be read or run.
    """
    snippets = read(paths)
    jobs = _jobs(snippets, pythons_of(pythons), Environments(environments))
    if not jobs:
        raise Failure(f"nothing to run in {', '.join(map(str, paths))}: no cell fits these Pythons and this platform")
    parts = [jobs] if within is None else list(_parts(jobs, order))
    tally = Tally(until=None if within is None else time.monotonic() + within)
    try:
        store = Store(folder) if folder and repeat == 1 else None
        for number in range(1, repeat + 1):
            click.echo(_round(number, repeat, parts, store, workers, tally))
    except (BatchError, RunError, StoreError) as error:
        raise Failure(str(error)) from error
    finally:
        close()
    for job in tally.changing:
        outcomes = ", ".join(sorted(tally.outcomes[job]))
        click.echo(f"{job.snippet.where}: {job.start_method} on Python {job.python.version} changes: {outcomes}")
    click.echo(tally.closing(jobs))
    if tally.unmet or tally.changing or tally.missing:
        click.get_current_context().exit(1)


def _jobs(snippets: Sequence[Snippet], pythons: Sequence[Python], environments: Environments) -> list[Job]:
    """Return every run that the cells declare and this machine can do; tell what it can not."""
    jobs = []
    for python in pythons:
        for snippet in snippets:
            if not snippet.runs_on(python.minor):
                continue
            try:
                equipped = environments.equip(python, snippet.packages) if snippet.packages else python
            except PythonError as error:
                click.echo(f"{snippet.where}: not run on Python {python.version}: {error}", err=True)
                continue
            jobs += [Job(snippet, method, equipped) for method in snippet.start_methods if method in AVAILABLE]
    return jobs


def _parts(jobs: Sequence[Job], order: str) -> Iterator[list[Job]]:
    """Give the jobs part by part, each with all runs of its cells, in an order that `order` alone decides."""
    cells: dict[str, list[Job]] = {}
    for job in jobs:
        cells.setdefault(job.snippet.name, []).append(job)
    part: list[Job] = []
    for name in sorted(cells, key=lambda name: hashlib.sha256(f"{order} {name}".encode()).digest()):
        part += cells[name]
        if len(part) >= _PART:
            yield part
            part = []
    if part:
        yield part


def _as_declared(job: Job, transcript: Transcript) -> bool:
    return judge(job.snippet, transcript).met


def _missing(jobs: Sequence[Job], transcripts: Mapping[Job, Transcript]) -> Iterator[str]:
    """Give in words each message that a cell declares and no run of it printed."""
    runs: dict[str, list[Job]] = {}
    for job in jobs:
        if job.snippet.messages:
            runs.setdefault(job.snippet.name, []).append(job)
    for own in runs.values():
        snippet = own[0].snippet
        for told in unprinted(snippet.messages, (transcripts[job] for job in own)):
            yield f"{snippet.where}: cell {snippet.name.rpartition(':')[2]}: {told}"


def _round(
    number: int, of: int, parts: Sequence[list[Job]], store: Store | None, workers: int | None, tally: Tally
) -> str:
    """Run all jobs of all parts once, print a report of each that did not do as declared, return the round's line."""
    start = time.monotonic()
    stored = unmet = runs = 0
    with Progress(sum(map(len, parts)), f"round {number} of {of}") as progress:

        def done(job: Job, transcript: Transcript, was_stored: bool) -> None:
            nonlocal stored
            stored += was_stored
            progress.advance(f"{job.snippet.name} {job.start_method} {job.python.minor}")
            verdict = judge(job.snippet, transcript)
            if not verdict.met:
                progress.tell(report(job.snippet, transcript, verdict))

        for part in parts:
            if tally.until and time.monotonic() > tally.until:
                tally.left_out += len(part)
                continue
            transcripts = run_all(part, store=store, workers=workers, done=done, sound=_as_declared)
            for told in _missing(part, transcripts):
                tally.missing += 1
                progress.tell(told)
            for job in part:
                verdict = judge(job.snippet, transcripts[job])
                tally.add(job, verdict)
                unmet += not verdict.met
                runs += 1
    return round_line(number, of, runs, stored, unmet, time.monotonic() - start)
