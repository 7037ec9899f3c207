"""What the processes of test_closable_queue.py do."""

from __future__ import annotations

import os
import time
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from typing import Any, NoReturn

from spawnable.recipes.closable_queue import ClosableQueue


def produce(queue: ClosableQueue[Any], items: list[Any]) -> None:
    """Put all items."""
    with queue:
        for item in items:
            queue.put(item)


def consume(queue: ClosableQueue[Any], end: Connection, delay: float = 0) -> None:
    """Send all items that this consumer takes."""
    taken = []
    for item in queue:
        taken.append(item)
        time.sleep(delay)
    end.send(taken)
    end.close()


def watch_a_consumer(queue: ClosableQueue[Any], end: Connection, context: Any) -> None:
    """Start a process that takes all, and watch it."""
    worker = context.Process(target=consume, args=(queue, end))
    worker.start()
    with queue.watch([worker]):
        pass


def consume_and_forget(queue: ClosableQueue[Any]) -> None:
    """Take items until there are no more."""
    for _ in queue:
        pass


def produce_then_fail(queue: ClosableQueue[Any], items: list[Any]) -> NoReturn:
    """Put all items, and fail."""
    with queue:
        for item in items:
            queue.put(item)
        raise LookupError("no more")


def produce_then_vanish(queue: ClosableQueue[Any], item: Any) -> NoReturn:
    """Put an item, and exit without a word."""
    with queue:
        queue.put(item)
        os._exit(9)


def take_one(queue: ClosableQueue[Any], taken: Event) -> None:
    """Take one item and no other."""
    for _ in queue:
        break
    taken.set()


def vanish_with_the_lock(queue: ClosableQueue[Any], taken: Event) -> NoReturn:
    """Take the lock under which producers are counted, and exit with it."""
    queue._producers.get_lock().acquire()
    taken.set()
    os._exit(9)
