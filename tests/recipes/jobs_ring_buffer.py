"""What the processes of test_ring_buffer.py do."""

from __future__ import annotations

import os
import time
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from typing import NoReturn

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
