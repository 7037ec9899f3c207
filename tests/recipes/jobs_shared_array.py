"""What the processes of test_shared_array.py do."""

from __future__ import annotations

import contextlib
from multiprocessing.connection import Connection
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event
from typing import Any

from spawnable.recipes.shared_array import SharedArray, _attach


def add(shared: SharedArray, row: int, number: int) -> None:
    """Add a number to each element of a row."""
    shared.array[row] += number


def add_in_a_block(shared: SharedArray, number: int) -> None:
    """Add a number to each element, and end the use."""
    with shared:
        shared.array[...] += number


def total(shared: SharedArray) -> Any:
    """Return the sum of all elements."""
    return shared.array.sum().item()


def add_to_all_that_come(queue: SimpleQueue[SharedArray | None], end: Connection) -> None:
    """Add 1 to the elements of each array, and tell it."""
    while (shared := queue.get()) is not None:
        with shared:
            shared.array[...] += 1
        end.send("done")


def use_after(shared: SharedArray, attached: Event, gone: Event, end: Connection) -> None:
    """Send the sum of an array whose owner has unlinked it."""
    array = shared.array
    attached.set()
    gone.wait()
    shared.close()
    end.send(array.sum().item())


def write_and_wait(shared: SharedArray, ready: Event, never: Event) -> None:
    """Write, and never end."""
    shared.array[...] = 1
    ready.set()
    never.wait()


def exists(name: str) -> bool:
    """Tell whether there is a block of that name."""
    with contextlib.suppress(FileNotFoundError):
        _attach(name).close()
        return True
    return False
