"""What the workers of test_worker_state.py do."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import NoReturn


class Picky(Exception):  # noqa: N818
    """An exception that can be pickled, and not be made again."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"{first} and {second}")


class State:
    """Something that can not be pickled, and writes down its life."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / f"made {os.getpid()}"
        # fails where it is made twice in a process
        self.path.touch(exist_ok=False)
        self.used = 0
        self.never: Iterator[int] = iter(())

    def close(self) -> None:
        """Write down that it was used so many times."""
        (self.folder / f"closed {os.getpid()}").write_text(str(self.used), encoding="utf-8")


def use(state: State, number: int) -> tuple[int, int, int]:
    """Return the worker, how often its state was used before, and twice the number."""
    state.used += 1
    return os.getpid(), state.used - 1, 2 * number


def named(state: State, /, *, first: int, second: int) -> int:
    """Return the difference."""
    state.used += 1
    return first - second


def fail(_: State, text: str) -> NoReturn:
    """Raise ValueError."""
    raise ValueError(text)


def count_and_fail(count: Synchronized[int]) -> NoReturn:
    """Count the attempts; raise OSError."""
    with count.get_lock():
        count.value += 1
    raise OSError("no database")


def leave() -> NoReturn:
    """Exit."""
    sys.exit("no licence")


def be_picky() -> NoReturn:
    """Raise what can not cross."""
    raise Picky(1, 2)


def be_picky_with(_: State) -> NoReturn:
    """Raise what can not cross, in a task."""
    raise Picky(3, 4)


def vanish() -> NoReturn:
    """Exit without a word."""
    os._exit(7)


def make(delay: float, fault: str) -> bytes:
    """Return a state after a while, or do what the fault says."""
    time.sleep(delay)
    if fault == "raises":
        raise ArithmeticError(fault)
    if fault == "vanishes":
        os._exit(7)
    return b"state"


def vary(state: bytes, number: int) -> tuple[bytes, int]:
    """Return the state and the number, after a while."""
    time.sleep(number / 1000)
    return state, number


def wait(_: bytes, path: Path, other: Path) -> None:
    """Make a file; return when there is another."""
    path.touch()
    while not other.exists():
        time.sleep(0.01)
