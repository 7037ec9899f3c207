"""What is running, while it runs: a table that changes in a terminal, a line for each ended run elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from spawnable.batch import Job
from spawnable.transcript import Transcript
from spawnable.verdict import Verdict

__all__ = ["View", "ended_line", "job_title"]

#: looks at the clock in a second
_RATE = 8
#: runs that are shown at once; of more, those that go on
_ROWS = 12


def job_title(job: Job) -> str:
    """Return a run's start method and Python, as `spawn · Python 3.13.0`."""
    return f"{job.start_method} · Python {job.python.version}"


def ended_line(job: Job, transcript: Transcript, verdict: Verdict) -> str:
    """Return what is said of a run that ended, as `spawn · Python 3.13.0: ok, 0.21 s`."""
    unmet = "" if verdict.met else ", NOT as expected"
    return f"{job_title(job)}: {verdict.headline}, {transcript.wall:.2f} s{unmet}"


@dataclass(slots=True)
class _Row:
    begin: float | None = None
    transcript: Transcript | None = None
    verdict: Verdict | None = None


class View:
    """Rows on stderr, one for each run: waiting, running for how long, or what it did; any thread may tell."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._console = Console(stderr=True)
        self._rows = {job: _Row() for job in jobs}
        self._lock = Lock()
        self._live = Live(
            get_renderable=self._table,
            console=self._console,
            transient=True,
            refresh_per_second=_RATE,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def started(self, job: Job) -> None:
        """Say that a run begins."""
        with self._lock:
            self._rows[job].begin = time.monotonic()

    def ended(self, job: Job, transcript: Transcript, verdict: Verdict) -> None:
        """Say what a run did."""
        with self._lock:
            self._rows[job].transcript, self._rows[job].verdict = transcript, verdict
        if not self._console.is_terminal:
            click.echo(ended_line(job, transcript, verdict), err=True)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for _ in range(3):
            table.add_column(no_wrap=True)
        with self._lock:
            rows = list(self._rows.items())
        shown = [item for item in rows if item[1].begin is not None and item[1].transcript is None]
        shown += [item for item in rows if item not in shown]
        for job, row in [item for item in rows if item in shown[:_ROWS]]:
            seconds = f"{time.monotonic() - row.begin:.1f} s" if row.begin is not None else ""
            if row.transcript is not None and row.verdict is not None:
                what = Text(f"{row.verdict.headline}", "green" if row.verdict.met else "bold red")
                seconds = f"{row.transcript.wall:.1f} s"
            else:
                what = Text("running", "bold") if row.begin is not None else Text("waiting", "dim")
            table.add_row(Text(job_title(job)), Text(f"{seconds:>8}"), what)
        if len(rows) > _ROWS:
            done = sum(row.transcript is not None for _, row in rows)
            table.add_row(Text(f"{done} of {len(rows)} runs ended"))
        return table

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()
