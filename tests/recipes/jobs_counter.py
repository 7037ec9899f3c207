"""What the processes of test_counter.py do."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from multiprocessing.synchronize import Event
from typing import Any, NoReturn

from spawnable.recipes.counter import SharedCounter

_counter: SharedCounter | None = None


def add_all(counter: SharedCounter, amounts: Iterable[int]) -> None:
    """Add each number."""
    for amount in amounts:
        counter.add(amount)


def use(counter: SharedCounter) -> None:
    """Take the counter of all tasks of this worker."""
    global _counter  # noqa: PLW0603
    _counter = counter


def add_to_own(amount: int) -> None:
    """Add to the counter that this worker was given."""
    assert _counter is not None
    _counter.add(amount)


def add_and_wait(counter: SharedCounter, amount: int, added: Event, end: Event) -> None:
    """Add a number, and go on only when told to."""
    counter.add(amount)
    added.set()
    end.wait()


def die_in_the_middle(counter: SharedCounter, times: int) -> NoReturn:
    """Take so many places, and exit without a word."""
    for _ in range(times):
        counter._take(10)
    os._exit(9)


def add_for_ever(counter: SharedCounter, done: Any, place: int) -> NoReturn:
    """Add one again and again, and note after each how many they are."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        counter.add()
        done[place] += 1
