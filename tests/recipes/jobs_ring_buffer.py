"""What the processes of test_ring_buffer.py do."""

from __future__ import annotations

import functools
import multiprocessing
import os
import time
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from typing import Any, NoReturn

from spawnable.recipes.ring_buffer import RingAborted, RingBuffer


def produce(ring: RingBuffer, messages: list[bytes], delay: float = 0) -> None:
    """Put all messages."""
    with ring:
        for message in messages:
            ring.put(message)
            time.sleep(delay)


def consume(ring: RingBuffer, end: Connection, delay: float = 0) -> None:
    """Send all messages that came."""
    taken = []
    for message in ring:
        taken.append(message)
        time.sleep(delay)
    end.send(taken)
    end.close()


def produce_then_fail(ring: RingBuffer, messages: list[bytes]) -> NoReturn:
    """Put all messages, and fail."""
    with ring:
        for message in messages:
            ring.put(message)
        raise LookupError("no more")


def produce_then_vanish(ring: RingBuffer, messages: list[bytes], code: int) -> NoReturn:
    """Put all messages, and exit without a word."""
    with ring:
        for message in messages:
            ring.put(message)
        os._exit(code)


def forget(ring: RingBuffer) -> None:
    """Neither put nor take."""


def take(ring: RingBuffer, number: int) -> None:
    """Take so many messages and no more."""
    for _ in range(number):
        ring.get()


def put_until_told(ring: RingBuffer) -> None:
    """Put messages until nobody wants them."""
    try:
        with ring:
            while True:
                ring.put(b"more")
    except RingAborted:
        return


def refuse(ring: RingBuffer, began: Event, never: Event) -> None:
    """Take one message, and never end."""
    ring.get()
    began.set()
    never.wait()


def abandon(context: Any, end: Connection) -> NoReturn:
    """Start a process that takes messages, and exit before one has come."""
    ring = RingBuffer(1, 1, context=context)
    ready = context.Event()
    child = context.Process(target=tell_why, args=(ring, end, ready))
    child.start()
    ready.wait()
    os._exit(0)


def abandon_two(context: Any, end: Connection, never: Event, *, late: bool) -> NoReturn:
    """Start a process that takes messages, if `late` when this one is gone, and then one that goes on, and exit."""
    ring = RingBuffer(1, 1, context=context)
    ready, other_ready = context.Event(), context.Event()
    forked = context.get_start_method() == "fork"
    tell = functools.partial(_tell_late, forked) if late else tell_why
    context.Process(target=tell, args=(ring, end, ready)).start()
    context.Process(target=_live, args=(other_ready, never)).start()
    ready.wait()
    other_ready.wait()
    os._exit(0)


def _live(ready: Event, never: Event) -> None:
    ready.set()
    never.wait()


def _tell_late(forked: bool, ring: RingBuffer, end: Connection, ready: Event) -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    ready.set()
    while os.getppid() == parent.pid if forked else parent.is_alive():
        time.sleep(0.001)
    tell_why(ring, end, ready)


def tell_why(ring: RingBuffer, end: Connection, ready: Event) -> None:
    """Send why no message came."""
    ready.set()
    try:
        ring.get()
    except RingAborted as error:
        end.send(str(error))
