"""`spawnable run`: a reader's script under every start method."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from spawnable.batch import BatchError, Job, run_all
from spawnable.cli.options import AVAILABLE, Failure, expectations_of, python_option, pythons_of, size
from spawnable.cli.progress import Progress
from spawnable.cli.screen import show
from spawnable.run import RunError, close
from spawnable.script import ScriptError, from_file
from spawnable.snippet import Limits, Snippet
from spawnable.transcript import Transcript
from spawnable.verdict import Verdict, judge

__all__ = ["run"]

_DEFAULT = Limits()


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("script", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("arguments", metavar="[ARGS]...", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--start-method",
    "start_methods",
    type=click.Choice(AVAILABLE),
    multiple=True,
    help="A start method; may be repeated.  [default: all that this platform has]",
)
@python_option
@click.option(
    "--expect",
    "expected",
    metavar="TEXT",
    multiple=True,
    help="What the runs should do: ok, error NAME, exit N, stuck, traceback NAME, child exit N, leaves KIND, or "
    "alternatives with ` | `; after `spawn=`, `3.14+=` or `fork 3.12-=`, only some of them; may be repeated.  "
    "[default: ok]",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    default=_DEFAULT.time,
    show_default=True,
    help="What a run may take; one that takes longer is stuck.",
)
@click.option(
    "--memory",
    type=size,
    metavar="SIZE",
    default=_DEFAULT.memory,
    show_default=True,
    help="What all its processes may hold together, in bytes or as 500M.",
)
@click.option(
    "--processes",
    type=click.IntRange(min=1),
    metavar="N",
    default=_DEFAULT.processes,
    show_default=True,
    help="How many may live at once.",
)
@click.option(
    "--output",
    type=size,
    metavar="SIZE",
    default=_DEFAULT.output,
    show_default=True,
    help="How much of its output is kept.",
)
@click.option(
    "--files",
    type=click.IntRange(min=1),
    metavar="N",
    default=_DEFAULT.files,
    show_default=True,
    help="How many one process may have open.",
)
@click.option(
    "--network/--no-network",
    default=True,
    show_default=True,
    help="Whether it sees this machine's network, or on Linux a loopback of its own.",
)
@click.option(
    "--timeline",
    "drawing",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE.svg",
    help="Draw what every process did and when, from runs of their own that record messages and locks too.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document: a list of runs.")
def run(
    script: Path,
    arguments: Sequence[str],
    start_methods: Sequence[str],
    pythons: Sequence[str],
    expected: Sequence[str],
    timeout: float,
    memory: int,
    processes: int,
    output: int,
    files: int,
    network: bool,
    drawing: Path | None,
    as_json: bool,
) -> None:
    """Run SCRIPT with ARGS under every start method and show what each process did.

    Runs that agree are shown once.  Options of the script that are also options of this
    command stand after `--`.  Exit status 0: every run did what was expected; 1: one did
    not; 2: it could not be run.
    """
    snippet = replace(
        _read(script, arguments),
        expectations=expectations_of(expected),
        start_methods=tuple(dict.fromkeys(start_methods)) or AVAILABLE,
        limits=Limits(time=timeout, memory=memory, processes=processes, output=output, files=files, network=network),
    )
    jobs = [Job(snippet, method, python) for python in pythons_of(pythons) for method in snippet.start_methods]
    transcripts = _run(jobs)
    if drawing is not None:
        _draw(drawing, _run([replace(job, snippet=replace(snippet, traced=True)) for job in jobs]))
    verdicts = {job: judge(snippet, transcripts[job]) for job in jobs}
    if as_json:
        click.echo(json.dumps([_record(job, transcripts[job], verdicts[job]) for job in jobs], ensure_ascii=False))
    else:
        console = Console()
        if not console.is_terminal:  # a file or a program reads it: no need to fit 80 columns
            console = Console(width=120)
        show(console, snippet, transcripts, verdicts)
    if not all(verdict.met for verdict in verdicts.values()):
        click.get_current_context().exit(1)


def _draw(file: Path, transcripts: dict[Job, Transcript]) -> None:
    """Write the timelines of runs."""
    from spawnable.timeline import sheet

    try:
        file.write_text(sheet(list(transcripts.values())), encoding="utf-8")
    except OSError as error:
        raise Failure(f"{file} can not be written: {error.strerror or error}") from error


def _read(script: Path, arguments: Sequence[str]) -> Snippet:
    try:
        return from_file(script, tuple(arguments))
    except ScriptError as error:
        raise Failure(str(error)) from error


def _run(jobs: Sequence[Job]) -> dict[Job, Transcript]:
    """Return what each job did, telling in a terminal how far they are."""
    try:
        with Progress(len(jobs)) as progress:
            return run_all(jobs, done=lambda job, *_: progress.advance(f"{job.start_method} {job.python.minor}"))
    except (BatchError, RunError) as error:
        raise Failure(str(error)) from error
    finally:
        close()


def _record(job: Job, transcript: Transcript, verdict: Verdict) -> dict[str, Any]:
    """Return one run as JSON has it."""
    return {
        "start_method": job.start_method,
        "python": job.python.version,
        "outcome": str(verdict.headline),
        "verdict": {
            "met": verdict.met,
            "expected": str(verdict.expected),
            "found": [str(outcome) for outcome in verdict.found],
        },
        "transcript": asdict(transcript),
    }
