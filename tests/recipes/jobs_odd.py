"""What the processes of test_odd.py do."""

from __future__ import annotations

import gc
import os
import threading
import time
from dataclasses import dataclass
from multiprocessing import util
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, NoReturn


@dataclass(frozen=True)
class Frozen(Exception):  # noqa: N818
    """An exception that can be pickled and made again, and whose cause can not be set."""

    number: int

    def __reduce__(self) -> tuple[Any, ...]:
        """Be pickled as what it was made of."""
        return Frozen, (self.number,)


def be_frozen(number: int) -> int:
    """Raise it at odd numbers."""
    if number % 2:
        raise Frozen(number)
    return number


def linger(number: int) -> int:
    """Return the number; at its end the process closes all that it has, and goes on."""

    def go_on() -> None:
        os.closerange(3, 1000)
        while True:
            time.sleep(60)

    util.Finalize(None, go_on, exitpriority=0)
    return number


def number_of_the_process(*_: object) -> int:
    """Return it."""
    return os.getpid()


def be_frozen_with(state: int) -> NoReturn:
    """Raise it, as a function that gets a state."""
    raise Frozen(state)


def be_silent_at_one(task: tuple[int, Event]) -> int:
    """Close all that is open at the number 1, and go on until the event is set."""
    number, event = task
    if number == 1:
        os.closerange(3, 1000)
        event.wait()
    return number


class Collector:
    """Has all garbage collected where it is made again, which is in the thread of an executor."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Be made again by a collection."""
        return gc.collect, ()


class Sender:
    """Has all garbage collected where it is sent, which is in another thread, as soon as an event is set."""

    def __init__(self, event: threading.Event) -> None:
        self._event = event

    def __reduce__(self) -> tuple[Any, ...]:
        """Be sent as a number, after a collection."""
        self._event.wait()
        gc.collect()
        return int, ()


def collect_when_there(path: str) -> Collector | None:
    """Return one when the file is there, and nothing at once where none is named."""
    if not path:
        return None
    while not Path(path).exists():
        time.sleep(0.01)
    return Collector()
