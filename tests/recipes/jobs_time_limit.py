"""What the processes of test_time_limit.py do."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, NoReturn


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


def print_and_put(path: Path, queue: Any, size: int) -> None:
    """Print into a file, and put so many bytes into a queue; what writes either goes on after the return."""
    sys.stdout = path.open("w", encoding="utf-8")
    sys.stdout.write("printed\n")
    queue.put(bytes(size))


def stay(number: int) -> int:
    """Return the number, and leave a thread for which the process would wait."""
    threading.Thread(target=threading.Event().wait).start()
    return number


def leave_another(never: Event, size: int) -> bytes:
    """Leave a process that holds all that this one has; return so many bytes."""
    if not os.fork():
        never.wait()
        os._exit(0)
    return bytes(size)


def dawdle(size: int, delay: float) -> bytes:
    """Return so many bytes, after a while."""
    time.sleep(delay)
    return bytes(size)
