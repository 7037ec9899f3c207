"""What the processes of test_group.py do."""

from __future__ import annotations

import os
import signal
import time
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from typing import Any, NoReturn


def double(number: int) -> int:
    """Return twice the number."""
    return 2 * number


def fill(size: int) -> bytes:
    """Return so many bytes."""
    return bytes(size)


def fail(text: str) -> NoReturn:
    """Raise ValueError."""
    raise ValueError(text)


def fail_after(event: Event, text: str) -> NoReturn:
    """Raise ValueError when the event is set."""
    event.wait()
    raise ValueError(text)


def announce(event: Event, other: Event) -> None:
    """Set an event, and wait for another that never comes."""
    event.set()
    other.wait()


def refuse(event: Event, other: Event) -> None:
    """Do not end when asked to."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    announce(event, other)


def be_silent() -> None:
    """Close all that is open, and go on for long."""
    os.closerange(3, 1000)
    time.sleep(3600)


def vanish_when_told(end: Connection) -> NoReturn:
    """Close all else, and exit without a word when there is something to receive."""
    os.closerange(3, end.fileno())
    os.closerange(end.fileno() + 1, 1000)
    end.recv()
    os._exit(3)


def fail_when_told(end: Connection) -> NoReturn:
    """Fail when there is something to receive."""
    end.recv()
    raise LookupError


def vanish(code: int) -> NoReturn:
    """Exit without a word."""
    os._exit(code)


def vary(size: int, delay: float, fault: str) -> Any:
    """Return so many bytes after a while, or do what the fault says."""
    time.sleep(delay)
    if fault == "raises":
        raise ArithmeticError(size)
    if fault == "vanishes":
        os._exit(7)
    return bytes(size)
