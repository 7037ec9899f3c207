"""`spawnable run`: a reader's script or module under every start method."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from spawnable.batch import BatchError, Job, run_all
from spawnable.cli.limits import limit_options, limits_of
from spawnable.cli.live import View
from spawnable.cli.options import AVAILABLE, Failure, expectations_of, python_option, pythons_of
from spawnable.cli.screen import show
from spawnable.ends import killer
from spawnable.python import Python
from spawnable.run import Runner, close
from spawnable.script import ScriptError, beside, from_file, from_module, own_variables
from spawnable.snippet import Snippet
from spawnable.transcript import Transcript
from spawnable.verdict import Verdict, judge

__all__ = ["run"]

#: columns where no terminal says how many it has
_COLUMNS = 120


@click.command(
    context_settings={"allow_interspersed_args": False},
    options_metavar="[OPTIONS]",
)
@click.argument("script", metavar="SCRIPT")
@click.argument("arguments", metavar="[ARGS]...", nargs=-1, type=click.UNPROCESSED)
@click.option("-m", "as_module", is_flag=True, help="SCRIPT is the name of a module or a package, as for `python -m`.")
@click.option(
    "--start-method",
    "start_methods",
    type=click.Choice(AVAILABLE),
    multiple=True,
    help="A start method; may be repeated.  [default: all that this platform has]",
)
@python_option
@click.option(
    "--with",
    "others",
    metavar="PATH",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A file, or a folder of files, that the script reads by a relative path; may be repeated.",
)
@click.option(
    "--expect",
    "expected",
    metavar="TEXT",
    multiple=True,
    help="What the runs should do: ok, error NAME, exit N, stuck, traceback NAME, child exit N, leaves KIND, or "
    "alternatives with ` | `; after `spawn=`, `3.14+=` or `fork 3.12-=`, only some of them; may be repeated.  "
    "[default: ok]",
)
@limit_options
@click.option(
    "--timeline",
    "drawing",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE.svg",
    help="Draw what every process did and when, from runs of their own that record messages and locks too.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document: a list of runs.")
def run(
    script: str,
    arguments: Sequence[str],
    as_module: bool,
    start_methods: Sequence[str],
    pythons: Sequence[str],
    others: Sequence[Path],
    expected: Sequence[str],
    drawing: Path | None,
    as_json: bool,
    **limits: Any,
) -> None:
    """Run SCRIPT with ARGS under every start method and show what each process did.

    Everything after SCRIPT is the script's own, as with `python SCRIPT ARGS`; options of
    this command stand before it.  Runs that agree are shown once.

    Exit status 0: every run did what was expected; 1: one did not; 2: it could not be run;
    130: interrupted.
    """
    snippet = replace(
        _read(script, tuple(arguments), others, as_module=as_module),
        expectations=expectations_of(expected),
        start_methods=tuple(dict.fromkeys(start_methods)) or AVAILABLE,
        limits=limits_of(limits),
    )
    jobs = [Job(snippet, method, python) for python in pythons_of(pythons) for method in snippet.start_methods]
    transcripts, failed = _run(jobs)
    jobs = [job for job in jobs if job in transcripts]
    if drawing is not None and jobs:
        _draw(drawing, _run([replace(job, snippet=replace(snippet, traced=True)) for job in jobs])[0])
    verdicts = {job: _judge(job, transcripts[job]) for job in jobs}
    if as_json:
        click.echo(json.dumps([_record(job, transcripts[job], verdicts[job]) for job in jobs], ensure_ascii=False))
    elif jobs:
        show(_console(), snippet, transcripts, verdicts)
    if failed:
        raise Failure(failed)
    if not all(verdict.met for verdict in verdicts.values()):
        _hint(arguments)
        click.get_current_context().exit(1)


def _draw(file: Path, transcripts: Mapping[Job, Transcript]) -> None:
    """Write the timelines of runs."""
    from spawnable.timeline import sheet

    try:
        file.write_text(sheet(list(transcripts.values())), encoding="utf-8")
    except OSError as error:
        raise Failure(f"{file} can not be written: {error.strerror or error}") from error


def _read(script: str, arguments: tuple[str, ...], others: Sequence[Path], *, as_module: bool) -> Snippet:
    """Return the script or module with all that it needs from here.

    Raises Failure where it, or a file that it reads, can not be read.
    """
    folder = Path.cwd() if as_module else Path(script).parent
    try:
        snippet = (from_module if as_module else from_file)(script, arguments, variables=own_variables(folder))
        files = beside(others, "__main__.py" if as_module else script)
    except ScriptError as error:
        raise Failure(str(error)) from error
    return replace(snippet, companions={**files, **snippet.companions})


def _judge(job: Job, transcript: Transcript) -> Verdict:
    """Return the verdict; where nothing is declared, children that another process ended by SIGTERM are as expected.

    A pool ends its workers so where its `with` block ends, and multiprocessing daemonic processes with the script.
    A child that sent the signal to itself, or got it from nobody who is known, is not.
    """
    verdict = judge(job.snippet, transcript)
    if job.snippet.expectations.rules or {str(one) for one in verdict.found} != {f"child exit {-signal.SIGTERM}"}:
        return verdict
    ended = [child for child in transcript.processes if child.kind == "child" and child.exit_code]
    return replace(verdict, met=all(killer(child, transcript) not in ("", "itself") for child in ended))


def _run(jobs: Sequence[Job]) -> tuple[Mapping[Job, Transcript], str]:
    """Return what each job did, telling how far they are; and which could not be done, in words."""
    view, runner = View(jobs), Runner()
    known = {(job.start_method, job.python.executable): job for job in jobs}

    def tell_and_run(snippet: Snippet, start_method: str, python: Python | None) -> Transcript:
        if python is not None:
            view.started(known[start_method, python.executable])
        return runner(snippet, start_method, python)

    def ended(job: Job, transcript: Transcript, _stored: bool) -> None:
        view.ended(job, transcript, _judge(job, transcript))

    try:
        with view:
            return run_all(jobs, done=ended, run=tell_and_run), ""
    except BatchError as error:
        return error.transcripts, str(error)
    finally:
        close()


class _Console(Console):
    """A terminal; what can not be written to it is the command's to deal with."""

    def on_broken_pipe(self) -> None:
        """Pass on what rich answers by leaving with exit status 1."""
        raise BrokenPipeError


def _console() -> Console:
    console = _Console()
    # a file or a program reads it: no need to fit 80 columns, unless so asked
    return console if console.is_terminal or "COLUMNS" in os.environ else _Console(width=_COLUMNS)


def _hint(arguments: Sequence[str]) -> None:
    """Say which arguments of a script that failed look like options of this command."""
    own = {name for parameter in run.params for name in (*parameter.opts, *parameter.secondary_opts) if "--" in name}
    mistaken = [text for text in arguments if text.partition("=")[0] in own]
    if mistaken:
        click.echo(
            f"{', '.join(mistaken)} went to the script: options of spawnable stand before the script's name", err=True
        )


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
