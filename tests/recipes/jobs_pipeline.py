"""What the stages of test_pipeline.py do."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, NoReturn


def double(number: int) -> int:
    """Return twice the number."""
    return 2 * number


def add_one(number: int) -> int:
    """Return the next number."""
    return number + 1


def fill(size: int) -> bytes:
    """Return so many bytes."""
    return bytes(size)


def fail_at_three(number: int) -> int:
    """Return the number, unless it is 3."""
    if number == 3:
        raise ValueError("three")
    return number


def leave(code: int) -> NoReturn:
    """Exit."""
    sys.exit(code)


def vanish(code: int) -> NoReturn:
    """Exit without a word."""
    os._exit(code)


def close_all(number: int) -> int:
    """Close all pipes of the process."""
    os.closerange(3, 256)
    return number


def return_function(_: Any) -> Any:
    """Return what can not be pickled."""
    return lambda: None


def sleep(number: int) -> int:
    """Never come back."""
    time.sleep(3600)
    return number


def sleep_at(path: str) -> str:
    """Make the file, and never come back; return no name."""
    if path:
        Path(path).touch()
        time.sleep(3600)
    return path


def same_and_stay(number: int) -> int:
    """Return it, while a thread keeps the process."""
    threading.Thread(target=threading.Event().wait).start()
    return number


def write_down(task: tuple[str, int]) -> tuple[str, int]:
    """Make a file of that number."""
    Path(task[0], str(task[1])).touch()
    return task


def vary(task: tuple[int, int, float, str]) -> tuple[int, int, float, str]:
    """Take a while, or do what the fault says."""
    _, size, delay, fault = task
    time.sleep(delay)
    if fault == "raises":
        raise ArithmeticError(size)
    if fault == "vanishes":
        os._exit(7)
    return task


def unpack(task: tuple[int, int, float, str]) -> tuple[int, bytes]:
    """Return the number of the task, and so many bytes."""
    number, size, delay, _ = task
    time.sleep(delay)
    return number, bytes(size)


def same(value: Any) -> Any:
    """Return it."""
    return value
