"""What the processes of test_time_limit.py do."""

from __future__ import annotations

import os
import signal
import time
from multiprocessing.synchronize import Event
from typing import NoReturn


def join(first: str, *, second: str) -> str:
    """Return both."""
    return first + second


def wait_forever(event: Event) -> None:
    """Wait for what does not come, deaf to all that can be ignored."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    event.wait()


def loop() -> NoReturn:
    """Compute without end."""
    while True:
        pass


def fail(text: str) -> NoReturn:
    """Raise ValueError."""
    raise ValueError(text)


def vanish(code: int) -> NoReturn:
    """Exit without a word."""
    os._exit(code)


def dawdle(size: int, delay: float) -> bytes:
    """Return so many bytes, after a while."""
    time.sleep(delay)
    return bytes(size)
