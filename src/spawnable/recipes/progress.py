# SPDX-License-Identifier: 0BSD
"""Progress of workers, told to a function in the parent.

Copy this file; it needs the standard library alone.

>>> told = []
>>> progress = Progress(told.append)
>>> with progress:
...     progress.add(2)
...     progress.add(3)
>>> sum(told)
5
"""

from __future__ import annotations

import multiprocessing
import operator
import os
import threading
import time
from collections.abc import Callable
from multiprocessing.context import BaseContext
from types import TracebackType
from typing import Any, Self, SupportsIndex

__all__ = ["Progress", "SharedCounter"]

#: a place holds what a C `long long` does
_LARGEST = 2**63 - 1

#: held by whatever thread of a recipe writes: a process that is
#: forked meanwhile would have a copy of what writing had locked
_WRITING = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_WRITING.acquire,
        after_in_parent=_WRITING.release,
        after_in_child=_WRITING.release,
    )


class Progress:
    """How much work is done, by all processes together.

    Workers call `add`.  While the `with` block of the parent runs,
    a thread of it calls `tell` with how much was added since the
    last call, if anything: twice a second, or every `interval`
    seconds, and once more at the end of the block.  So the numbers
    that `tell` gets sum up to `done`.  What `tell` raises is
    raised at the end of the block.

    Make it before the processes, and give it to them as an
    argument, or to the workers of a pool by `initargs`.  Start
    them, and then enter the block.

    `context` is one of `multiprocessing.get_context()`; None for
    the program's own.  Raises ValueError for an interval that is
    not over 0.

    >>> with Progress(print) as progress:
    ...     progress.add(4)
    4
    """

    def __init__(
        self,
        tell: Callable[[int], object],
        *,
        interval: float = 0.5,
        context: BaseContext | None = None,
    ) -> None:
        if not interval > 0:
            raise ValueError(f"no interval: {interval} s")
        self._tell = tell
        self._interval = min(interval, threading.TIMEOUT_MAX)
        self._counter = SharedCounter(context=context)
        self._told = 0
        self._failure: BaseException | None = None
        self._over: threading.Event | None = None
        self._thread: threading.Thread | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Be sent without what the parent alone has."""
        none = dict.fromkeys(("_tell", "_over", "_thread"))
        return {**vars(self), **none, "_failure": None}

    def add(self, amount: SupportsIndex = 1) -> None:
        """Say that so much more is done, in any process or thread.

        Raises ValueError for a number under 0, and TypeError,
        OverflowError and TimeoutError as `SharedCounter.add`.

        >>> Progress(print).add(-1)
        Traceback (most recent call last):
        ValueError: can not undo what is done: -1
        """
        if operator.index(amount) < 0:
            raise ValueError(f"can not undo what is done: {amount}")
        self._counter.add(amount)

    @property
    def done(self) -> int:
        """How much was added until now.

        >>> progress = Progress(print)
        >>> progress.add(2)
        >>> progress.done
        2
        """
        return self._counter.value

    def __enter__(self) -> Self:
        """Begin to tell; raise RuntimeError if it does already."""
        if self._thread is not None and self._thread.is_alive():
            text = "the progress is told in another block"
            raise RuntimeError(text)
        self._over = threading.Event()
        self._thread = threading.Thread(
            target=self._watch, args=(self._over,)
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _where: TracebackType | None,
    ) -> None:
        """Tell the rest; raise what `tell` raised, if anything."""
        if self._over is not None and self._thread is not None:
            self._over.set()
            self._thread.join()
        failure, self._failure = self._failure, None
        if failure is not None and kind is None:
            raise failure

    def _watch(self, over: threading.Event) -> None:
        last = False
        while not last:
            last = over.wait(self._interval)
            done = self.done
            if done == self._told:
                continue
            try:
                with _WRITING:
                    self._tell(done - self._told)
            except BaseException as error:
                self._failure = error
                return
            self._told = done


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
