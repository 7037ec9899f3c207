"""What the workers of test_supervisor.py do."""

from __future__ import annotations

import os
import threading
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any


def double(number: int) -> int:
    """Return twice the number."""
    return 2 * number


def fill(size: int) -> bytes:
    """Return so many bytes; an odd number of them is an error."""
    if size % 2:
        raise ArithmeticError(size)
    return bytes(size)


def crash_at_first(task: tuple[int, str]) -> int:
    """Crash the first time that a task is begun; return its number."""
    number, folder = task
    mark = Path(folder, str(number))
    if not mark.exists():
        mark.touch()
        os._exit(6)
    return number


def crash_at_odd(number: int) -> int:
    """Crash at each odd number."""
    if number % 2:
        os._exit(6)
    return number


def dawdle(task: tuple[int, int, float]) -> tuple[int, bytes]:
    """Return the task's number and so many bytes, after a while."""
    number, size, delay = task
    time.sleep(delay)
    return number, bytes(size)


def return_function(_: Any) -> Any:
    """Return what can not be pickled."""
    return lambda: None


def meet_and_stay(barrier: Barrier, number: int) -> int:
    """Wait for the other worker; leave a thread for which the process would wait."""
    barrier.wait()
    threading.Thread(target=threading.Event().wait).start()
    return number
