"""What the processes do in the tests of `watch()`, whatever is watched."""

from __future__ import annotations

import functools
import multiprocessing
import os
import threading
import time
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from typing import Any, NoReturn

from tests.waiting import until

from spawnable.recipes.closable_queue import ClosableQueue, QueueAborted
from spawnable.recipes.ring_buffer import RingAborted, RingBuffer


def make(kind: str, context: Any) -> Any:
    """Make a queue or a ring for one producer and one consumer."""
    if kind == "queue":
        return ClosableQueue[Any](producers=1, maxsize=1, context=context)
    return RingBuffer(1, 5, context=context)


def fail_and_stay(watched: Any) -> NoReturn:
    """Fail as a producer, while a thread keeps the process."""
    with watched:
        threading.Thread(target=threading.Event().wait).start()
        raise LookupError


def fail_and_wait(watched: Any, end: Event) -> NoReturn:
    """Fail as a producer, and end when told to."""
    try:
        with watched:
            raise LookupError
    finally:
        end.wait()


def put_on(watched: Any) -> NoReturn:
    """Put without an end."""
    with watched:
        while True:
            watched.put(b"more")


def fail_with(watched: Any, taken: Any) -> NoReturn:
    """Fail as a producer of one, when there was something to take from the other."""
    with watched:
        next(iter(taken))
        raise LookupError


def pass_on(taken: Any, put: Any, watched: Any) -> None:
    """Fail as a producer of one while the other has more to take; end when the one that is watched was aborted."""
    try:
        with put:
            for _ in taken:
                raise LookupError
    finally:
        until(lambda: watched._aborted.value)


def take(watched: Any) -> None:
    """Take all there is."""
    for _ in watched:
        pass


def abandon(kind: str, context: Any, end: Connection) -> NoReturn:
    """Start a process that takes what comes, and exit before one has come."""
    watched = make(kind, context)
    ready = context.Event()
    child = context.Process(target=tell_why, args=(watched, end, ready))
    child.start()
    ready.wait()
    os._exit(0)


def abandon_two(kind: str, context: Any, end: Connection, never: Event, *, late: bool) -> NoReturn:
    """Start a process that takes what comes, if `late` when this one is gone, and then one that goes on, and exit."""
    watched = make(kind, context)
    ready, other_ready = context.Event(), context.Event()
    forked = context.get_start_method() == "fork"
    tell = functools.partial(_tell_late, forked) if late else tell_why
    context.Process(target=tell, args=(watched, end, ready)).start()
    context.Process(target=_live, args=(other_ready, never)).start()
    ready.wait()
    other_ready.wait()
    os._exit(0)


def _live(ready: Event, never: Event) -> None:
    ready.set()
    never.wait()


def _tell_late(forked: bool, watched: Any, end: Connection, ready: Event) -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    ready.set()
    while os.getppid() == parent.pid if forked else parent.is_alive():
        time.sleep(0.001)
    tell_why(watched, end, ready)


def tell_why(watched: Any, end: Connection, ready: Event) -> None:
    """Send why nothing came."""
    ready.set()
    try:
        take(watched)
    except (QueueAborted, RingAborted) as error:
        end.send(str(error))
