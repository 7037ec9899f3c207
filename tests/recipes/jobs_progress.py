"""What the processes of test_progress.py do."""

from __future__ import annotations

import os
from collections.abc import Iterable
from multiprocessing.synchronize import Event
from typing import Any, NoReturn

from spawnable.recipes.progress import Progress

_progress: Progress | None = None


def add_all(progress: Progress, amounts: Iterable[int]) -> None:
    """Add each number."""
    for amount in amounts:
        progress.add(amount)


def use(progress: Progress) -> None:
    """Take the progress of all tasks of this worker."""
    global _progress  # noqa: PLW0603
    _progress = progress


def add_to_own(amount: int) -> int:
    """Add to the progress that this worker was given, one by one."""
    assert _progress is not None
    for _ in range(amount):
        _progress.add()
    return amount


def add_and_wait(progress: Progress, amount: int, end: Event) -> None:
    """Add a number, and go on only when told to."""
    progress.add(amount)
    end.wait()


def die_in_the_middle(progress: Progress) -> NoReturn:
    """Exit while adding, without a word."""
    progress.add(2)
    for _ in range(7):  # all places but one
        progress._counter._take(10)
    os._exit(9)


def add_for_ever(progress: Progress, done: Any, place: int) -> NoReturn:
    """Add one again and again, and note after each how many they are."""
    while True:
        progress.add()
        done[place] += 1
