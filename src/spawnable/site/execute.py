"""Run the cells of all pages that are about to be read, as one batch."""

from __future__ import annotations

import os
import platform
import sys
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.util import logging
from sphinx.util.console import term_width_line

from spawnable import exchange
from spawnable.batch import BatchError, Job, run_all
from spawnable.messages import unprinted
from spawnable.python import PythonError
from spawnable.run import close
from spawnable.site.cells import Cell, Fault, Page, read_cells
from spawnable.site.others import known, others
from spawnable.site.pythons import Pythons
from spawnable.site.reader import PageError, by_kernel, read
from spawnable.site.results import Results
from spawnable.snippet import Snippet
from spawnable.store import Store, job_key
from spawnable.transcript import Transcript
from spawnable.verdict import judge, report

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

__all__ = ["Executed", "execute"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A transcript, packed: those of all pages are held until each page is read."""

    packed: bytes
    #: whether it was remembered rather than run
    stored: bool
    #: whether this build did not ask for it
    elsewhere: bool = False
    #: whether it recorded its messages, so that it can be drawn
    traced: bool = False

    @classmethod
    def of(cls, transcript: Transcript, *, stored: bool, elsewhere: bool = False, traced: bool = False) -> _Kept:
        return cls(zlib.compress(exchange.encoded(transcript), 1), stored, elsewhere, traced)

    @property
    def transcript(self) -> Transcript:
        return Transcript.from_json(zlib.decompress(self.packed))


@dataclass
class Executed:
    """The cells of one page, with what their runs did."""

    page: Page
    #: by the cell's name
    kept: dict[str, list[_Kept]] = field(default_factory=dict)
    #: whether an option is wrong, a run did not do what it should, or could not be done
    faulty: bool = False
    #: what the store has of its scripts; see `spawnable.site.others.known`
    known: dict[str, list[str]] = field(default_factory=dict)

    @cached_property
    def results(self) -> dict[str, Results]:
        """The runs of each cell."""
        found = {name: Results(self.page.cells[name].snippet) for name in self.kept}
        for name, runs in self.kept.items():
            for run in runs:
                if run.traced:
                    found[name].trace(run.transcript, run.stored)
                else:
                    found[name].add(run.transcript, run.stored, run.elsewhere)
        return found


class _Rewriting(Store):
    """A store that remembers, and tells nothing."""

    def read(self, key: str) -> Transcript | None:  # noqa: ARG002
        return None


def execute(
    env: BuildEnvironment, docnames: Iterable[str], pythons: Pythons, store: Store, extensions: tuple[str, ...]
) -> dict[str, Executed]:
    """Run the cells of these pages and report what is wrong; return what each did, by page.

    What is remembered is not run again, unless it was not what the cell expects.
    """
    pages = {docname: page for docname in docnames if (page := _page(env, docname, extensions)) is not None}
    executed = {docname: Executed(page, faulty=bool(page.faults)) for docname, page in pages.items()}
    for docname, page in pages.items():
        for fault in sorted(page.faults, key=lambda fault: fault.line):
            _tell(docname, fault.line, fault.message, "cell")
    by_name = {cell.snippet.name: (docname, cell) for docname, page in pages.items() for cell in page.cells.values()}
    jobs: list[Job] = []
    errors: list[tuple[Snippet, str]] = []
    for _, cell in by_name.values():
        try:
            jobs += list(_jobs(cell, pythons))
        except PythonError as error:
            errors.append((cell.snippet, str(error)))
    kept, failed = _run(jobs, store)
    errors += [(job.snippet, f"can not be run under {job.start_method}: {error}") for job, error in failed.items()]
    for snippet, message in errors:
        docname, _ = by_name[snippet.name]
        executed[docname].faulty = True
        _tell(docname, snippet.line, message, "run")
    for docname, cell in by_name.values():
        executed[docname].kept[cell.options.name] = []
    for job in jobs:
        if job in kept:
            docname, cell = by_name[job.snippet.name]
            executed[docname].kept[cell.options.name].append(kept[job])
            if not kept[job].stored:  # what was remembered is met, or it would have been run again
                _judge(executed[docname], docname, cell, kept[job].transcript)
    _add_others(executed, by_name, [job for job in jobs if job in kept and not job.snippet.traced], store)
    _look_for_messages(executed, by_name)
    return executed


def _add_others(
    executed: dict[str, Executed], by_name: dict[str, tuple[str, Cell]], jobs: list[Job], store: Store
) -> None:
    """Keep beside the runs of each cell those that the store has from other Pythons and systems."""
    by_cell: dict[str, list[Job]] = {}
    for job in jobs:
        by_cell.setdefault(job.snippet.name, []).append(job)
    here = f"{platform.system()}-{platform.machine()}"
    for name, own in by_cell.items():
        docname, cell = by_name[name]
        keys = [job_key(job) for job in own]
        made = [(here, job.python.version, job.start_method) for job in own]
        executed[docname].kept[cell.options.name] += [
            _Kept.of(transcript, stored=True, elsewhere=True) for transcript in others(store, cell.snippet, keys, made)
        ]
        executed[docname].known |= known(store, keys)


def _look_for_messages(executed: dict[str, Executed], by_name: dict[str, tuple[str, Cell]]) -> None:
    """Report each message that a cell declares and no run of it printed."""
    for docname, cell in by_name.values():
        runs = [run.transcript for run in executed[docname].kept[cell.options.name] if not run.traced]
        for told in unprinted(cell.options.messages, runs) if cell.options.messages else ():
            executed[docname].faulty = True
            _tell(docname, cell.snippet.line, f"cell {cell.options.name}: {told}", "message")


def _page(env: BuildEnvironment, docname: str, extensions: tuple[str, ...]) -> Page | None:
    """Return the cells of a page; None where it is none of ours."""
    path = Path(env.doc2path(docname))
    if path.suffix != ".md":
        return None
    try:
        notebook = read(path.read_text(encoding="utf-8"), extensions)
    except (OSError, UnicodeDecodeError):
        return None  # Sphinx says so when it reads the page
    except PageError as error:
        return Page(docname, faults=[Fault(error.line, str(error))])
    if by_kernel(notebook):
        return None
    return read_cells(notebook, docname, os.path.relpath(path))


def _jobs(cell: Cell, pythons: Pythons) -> Iterator[Job]:
    snippet = cell.snippet
    if not snippet.start_methods:
        return
    chosen = pythons.of(snippet)
    if not chosen:
        raise PythonError(f"no Python {snippet.pythons} is there: install one, or change the cell's option 'pythons'")
    for python in chosen:
        for method in snippet.start_methods:
            yield Job(snippet, method, python)
    if cell.options.timeline == "messages":
        for method in snippet.start_methods:
            yield Job(replace(snippet, traced=True), method, chosen[0])


def _run(jobs: list[Job], store: Store) -> tuple[dict[Job, _Kept], dict[Job, Exception]]:
    """Return what each job did, and what could not be run."""
    if not jobs:
        return {}, {}
    began = time.monotonic()
    # what is remembered, and is not what the cell expects, may have been the machine's fault: it is run again
    done = _remembered(jobs, store)
    remembered = len(done)
    try:
        ran, failed = _batch([job for job in jobs if job not in done], _Rewriting(store.folder))
    finally:
        close()
    _log.info(
        "cells: %d runs in %.1f s, %d remembered", len(set(map(job_key, ran))), time.monotonic() - began, remembered
    )
    new = {job: _Kept.of(transcript, stored=False, traced=job.snippet.traced) for job, transcript in ran.items()}
    return done | new, failed


def _remembered(jobs: list[Job], store: Store) -> dict[Job, _Kept]:
    """Return what the store knows of these jobs, where that is what their cells expect."""
    found: dict[Job, _Kept] = {}
    for job in jobs:
        transcript = store.get(job)
        if transcript is not None and judge(job.snippet, transcript).met:
            found[job] = _Kept.of(transcript, stored=True, traced=job.snippet.traced)
    return found


def _batch(jobs: list[Job], store: Store) -> tuple[dict[Job, Transcript], dict[Job, Exception]]:
    done: dict[Job, Transcript] = {}
    progress = _Progress(len(jobs))

    def note(job: Job, transcript: Transcript, _stored: bool) -> None:
        done[job] = transcript
        progress.step(job)

    try:
        if jobs:
            run_all(jobs, store, done=note)
    except BatchError as error:
        return done, error.errors
    finally:
        progress.end()
    return done, {}


def _judge(executed: Executed, docname: str, cell: Cell, transcript: Transcript) -> None:
    """Report a run that is not what its cell expects."""
    verdict = judge(cell.snippet, transcript)
    if not verdict.met:
        executed.faulty = True
        _tell(docname, cell.snippet.line, report(cell.snippet, transcript, verdict), "outcome")


def _tell(docname: str, line: int, message: str, subtype: str) -> None:
    _log.warning("%s", message, location=(docname, line), type="spawnable", subtype=subtype)


class _Progress:
    """One line of a terminal that says how far the batch is; silent elsewhere."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._shown = sys.stdout.isatty()

    def step(self, job: Job) -> None:
        self._done += 1
        if self._shown:
            where = f"{job.snippet.name} {job.start_method} {job.python.minor}"
            _log.info(term_width_line(f"running cells… [{self._done * 100 // self._total}%] {where}"), nonl=True)

    def end(self) -> None:
        if self._shown and self._done:
            _log.info("")
