"""What memory processes take, as the system counts it."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

__all__ = ["Watch", "counted", "private_mb", "share_mb", "watching"]

#: seconds between two looks of a watcher
_INTERVAL = 0.002
_MB = 1_000_000


def counted() -> bool:
    """Tell whether this system says how much of a process's memory is its own: Linux does, else psutil has to."""
    try:
        private_mb()
    except (ImportError, OSError):
        return False
    return True


def private_mb(pid: int | None = None) -> float:
    """Return the memory that a process shares with no other, its unique set size; without `pid` of this one."""
    if sys.platform == "linux":
        return sum(_kilobytes(pid, ("Private_Clean:", "Private_Dirty:", "Private_Hugetlb:"))) * 1024 / _MB
    else:  # noqa: RET505 - what only one system does is left out by the type checker on the others
        import psutil

        return float(psutil.Process(pid).memory_full_info().uss) / _MB


def share_mb(pid: int | None = None) -> float:
    """Return a process's share of memory, its proportional set size: of a page that n have, each has an nth.

    Only Linux counts it; elsewhere this is what `private_mb` is.
    """
    if sys.platform == "linux":
        return sum(_kilobytes(pid, ("Pss:",))) * 1024 / _MB
    else:  # noqa: RET505 - the same
        return private_mb(pid)


def _kilobytes(pid: int | None, names: Sequence[str]) -> Iterator[int]:
    with open(f"/proc/{pid or 'self'}/smaps_rollup", encoding="ascii", errors="replace") as file:  # noqa: PTH123 - quick
        for line in file:
            if line.startswith(tuple(names)):
                yield int(line.split()[1])


@dataclass(frozen=True, slots=True)
class Watch:
    """A process that looks at the memory of others while they work."""

    #: a `Connection`, which is of another class on Windows
    end: Any

    def begin(self, pids: Sequence[int]) -> None:
        """Look at these processes from now on; return when it has looked once."""
        self.end.send(list(pids))
        self.end.recv()

    def also(self, pids: Sequence[int]) -> None:
        """Look at these too."""
        self.end.send(list(pids))

    def look(self) -> None:
        """Return when it has looked at what is there now."""
        self.end.send([])
        self.end.recv()

    def peak_mb(self) -> float:
        """Look no more; return by how much all their memory, each page counted once, was more than at the beginning."""
        self.end.send(None)
        return float(self.end.recv())


@contextmanager
def watching() -> Iterator[Watch]:
    """Give a process that watches memory.

    It is no fork: of memory that a watcher has too, the watched ones would have a smaller share.
    """
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=_watch, args=(theirs,))
    process.start()
    theirs.close()
    try:
        yield Watch(mine)
    finally:
        mine.close()
        process.join()


def _watch(end: Connection) -> None:
    try:
        while True:
            pids = end.recv()
            first = most = _shares(pids)
            end.send("begun")
            last = 0.0
            while True:
                now = _shares(pids)
                # shares change hands between one process's look and the next: what is there twice is no slip
                most = max(most, min(last, now))
                last = now
                if end.poll(_INTERVAL):
                    more = end.recv()
                    if more is None:
                        break
                    pids += more
                    if not more:
                        most = max(most, min(_shares(pids), _shares(pids)))
                        end.send("looked")
            end.send(most - first)
    except EOFError:
        end.close()


def _shares(pids: Sequence[int]) -> float:
    return sum(map(_share_or_nothing, pids))


def _share_or_nothing(pid: int) -> float:
    try:
        return share_mb(pid)
    except OSError:  # it has ended
        return 0.0
