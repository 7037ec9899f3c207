"""What the processes of test_bounded_map.py do."""

from __future__ import annotations

import time


def square(number: int) -> int:
    """Return its square."""
    return number * number


def fail_at_three(number: int) -> int:
    """Return the number, unless it is 3."""
    if number == 3:
        raise ArithmeticError("three")
    return number


def dawdle(number: int) -> int:
    """Return the number, after a while."""
    time.sleep(0.005 * (number % 4))
    return number
