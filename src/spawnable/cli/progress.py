"""How far a batch is: a line in a terminal, nothing elsewhere."""

from __future__ import annotations

from threading import Lock
from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

__all__ = ["Progress"]


class Progress:
    """A live line on stderr that counts the runs that have ended; any thread may advance it."""

    def __init__(self, total: int, title: str = "running") -> None:
        console = Console(stderr=True)
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._progress = RichProgress(
            *columns,
            TimeElapsedColumn(),
            TextColumn("{task.fields[last]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._lock = Lock()
        self._task = self._progress.add_task(title, total=total, last="")

    def advance(self, last: str = "") -> None:
        """Count one more, and name it."""
        self._progress.update(self._task, advance=1, last=last)

    def tell(self, text: str) -> None:
        """Print a text on stdout, above the live line."""
        with self._lock:
            if self._progress.disable:
                click.echo(text)
            else:
                self._progress.stop()
                click.echo(text)
                self._progress.start()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()
