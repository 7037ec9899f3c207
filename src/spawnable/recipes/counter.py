# SPDX-License-Identifier: 0BSD
"""A counter that many processes add to, and none can break.

Copy this file; it needs the standard library alone.

>>> counter = SharedCounter()
>>> counter.add(3)
>>> counter.value
3
"""

from __future__ import annotations

import multiprocessing
import operator
import os
import time
from multiprocessing.context import BaseContext
from typing import Any, SupportsIndex

__all__ = ["SharedCounter"]

#: a place holds what a C `long long` does
_LARGEST = 2**63 - 1


class SharedCounter:
    """A whole number that processes and threads add to at once.

    No addition is lost.  It is kept in several `places`, each
    with a lock of its own, and its value is their sum.  A process
    that is killed in the middle of an addition takes its place
    with it, and the others go on with those that are left; that
    addition is counted whole or not at all.  So may an exception
    of a signal handler, such as Ctrl-C, cost a place.

    Make it before the processes, and give it to them as an
    argument, or to the workers of a pool by `initargs`.  Keep it
    here until they have ended: what its maker lets go of, the
    next counter may be given.

    `context` is one of `multiprocessing.get_context()`; None for
    the program's own.  Raises ValueError for less than one place.

    >>> SharedCounter(places=2).value
    0
    """

    def __init__(
        self,
        places: int = 8,
        *,
        context: BaseContext | None = None,
    ) -> None:
        if places < 1:
            raise ValueError(f"no places: {places}")
        using: Any = context or multiprocessing
        self._parts = using.RawArray("q", places)
        self._locks = [using.Lock() for _ in range(places)]

    def add(
        self, amount: SupportsIndex = 1, timeout: float = 10.0
    ) -> None:
        """Add a whole number, which may be negative.

        Raises TypeError for other numbers, OverflowError where a
        place would hold a number that has more than 64 bits, and
        TimeoutError if no place was free for `timeout` seconds:
        then as many processes as there are places were killed, or
        stopped, in the middle of an addition.

        >>> counter = SharedCounter()
        >>> counter.add()
        >>> counter.add(-3)
        >>> counter.value
        -2
        """
        number = operator.index(amount)
        place = self._take(timeout)
        try:
            part = self._parts[place] + number
            if not -_LARGEST <= part <= _LARGEST:
                raise OverflowError(f"too large to count: {part}")
            self._parts[place] = part
        finally:
            self._locks[place].release()

    @property
    def value(self) -> int:
        """The number as it is now; no lock is taken.

        While others add, it is a number between those at the
        beginning and at the end of the reading, if they add
        nothing negative.  When they are done it is exact.

        >>> SharedCounter().value
        0
        """
        return sum(map(int, self._parts))

    def _take(self, timeout: float) -> int:
        """Lock a place that nobody adds to; return its number."""
        count = len(self._locks)
        first = os.getpid() % count
        end = time.monotonic() + timeout
        while True:
            for step in range(count):
                place = (first + step) % count
                if self._locks[place].acquire(block=False):
                    return place
            if time.monotonic() >= end:
                text = f"none of {count} places is free"
                raise TimeoutError(text)
            # let those who add finish
            time.sleep(0.001)
