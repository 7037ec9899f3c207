"""What the processes of test_bounded_map.py do."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NoReturn


class Picky(Exception):  # noqa: N818
    """An exception that can be pickled, and not be made again."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"{first} and {second}")


def be_picky(number: int) -> NoReturn:
    """Raise what can not cross."""
    raise Picky(1, number)


def square(number: int) -> int:
    """Return its square."""
    return number * number


def fail_at_three(number: int) -> int:
    """Return the number, unless it is 3."""
    if number == 3:
        raise ArithmeticError("three")
    return number


def wait_for(path: str) -> str:
    """Return the name of a file when it is there, and no name at once."""
    while path and not Path(path).exists():
        time.sleep(0.01)
    return path


def dawdle(number: int) -> int:
    """Return the number, after a while."""
    time.sleep(0.005 * (number % 4))
    return number
