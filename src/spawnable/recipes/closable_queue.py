# SPDX-License-Identifier: 0BSD
"""A queue that ends by itself when all its producers are done.

Copy this file; it needs the standard library alone.

>>> queue = ClosableQueue[int](producers=1)
>>> with queue:
...     queue.put(7)
>>> list(queue)
[7]
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from queue import Empty, Full
from typing import Any, Generic, Self, TypeVar

__all__ = ["ClosableQueue", "QueueAborted", "WorkerFailed"]

T = TypeVar("T")

#: seconds between two looks at whether the queue was aborted
_LOOK = 0.5
#: Windows can not wait for more than 63 things at once
_MOST = 60


class _Fork:
    """Which process has forked this one; 0 if none has."""

    def __init__(self) -> None:
        self.maker = self._forking = 0

    def before(self) -> None:
        self._forking = os.getpid()

    def after_in_child(self) -> None:
        self.maker = self._forking


_FORK = _Fork()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_FORK.before, after_in_child=_FORK.after_in_child
    )


class QueueAborted(Exception):
    """A process that used the queue has failed: items are lost.

    >>> queue = ClosableQueue[int](producers=1)
    >>> queue.abort()
    >>> try:
    ...     queue.put(1)
    ... except QueueAborted as error:
    ...     print(error)
    a process that used it has failed
    """

    #: the number of the process that aborted it, if any has
    by = 0


class WorkerFailed(Exception):
    """A worker ended with another exit code than 0.

    `exit_codes` has that of each such worker by its name.

    >>> error = WorkerFailed({"Ann": 9})
    >>> print(error)
    ended with an exit code: Ann (9)
    """

    def __init__(self, exit_codes: dict[str, int]) -> None:
        super().__init__(exit_codes)
        self.exit_codes = exit_codes

    def __str__(self) -> str:
        """Name the workers and their exit codes."""
        codes = self.exit_codes.items()
        text = ", ".join(f"{name} ({code})" for name, code in codes)
        return f"ended with an exit code: {text}"


class ClosableQueue(Generic[T]):
    """A queue for a known number of producers, and any consumers.

    Each producer puts inside a `with` block of the queue, once;
    each consumer iterates over it, and its loop ends when all
    blocks have ended and all items are taken.  An item is taken
    by one consumer.  A producer's items keep their order.

    `maxsize` is how many items may wait before `put` does; 0 for
    as many as the system can count.  Make it before the
    processes, and give it to them as an argument.  Keep it here
    until they have ended: what its maker lets go of, the next
    queue may be given.

    `context` is that of the processes, which
    `multiprocessing.get_context()` gives; None for the program's
    own.  Raises ValueError if `producers` is under 1.

    >>> queue = ClosableQueue[str](producers=1, maxsize=10)
    >>> with queue:
    ...     queue.put("text")
    >>> for item in queue:
    ...     print(item)
    text
    """

    def __init__(
        self,
        producers: int,
        maxsize: int = 0,
        *,
        context: BaseContext | None = None,
    ) -> None:
        if producers < 1:
            raise ValueError(f"no producers: {producers}")
        using: Any = context or multiprocessing
        self._queue = using.Queue(maxsize)
        self._most = producers
        # how many began, and how many have not ended yet
        self._begun = using.Value("q", 0)
        self._producers = using.Value("q", producers)
        # the process that was the first to abort
        self._aborted = using.RawValue("q", 0)
        #: the threads that are in the middle of their loop, and of
        #: their block, each with its process
        self._taker = self._giver = (0, 0)

    def put(self, item: T) -> None:
        """Add an item; wait while the queue is full.

        What is put is the item as it is now.  Raises what its
        pickling raises, and `QueueAborted`.

        >>> queue = ClosableQueue[list[int]](producers=1)
        >>> item = [1]
        >>> queue.put(item)
        >>> item.append(2)
        >>> next(iter(queue))
        [1]
        """
        self._put(bytes(ForkingPickler.dumps(item)))

    def __enter__(self) -> Self:
        """Begin to produce.

        Raises ValueError where more begin than the queue is for,
        and `QueueAborted`.

        >>> queue = ClosableQueue[int](producers=1)
        >>> with queue, queue:
        ...     pass
        Traceback (most recent call last):
        ValueError: producer 2 of a queue for 1
        """
        self._check()
        number = self._count(self._begun, 1)
        if number > self._most:
            text = f"producer {number} of a queue for {self._most}"
            raise ValueError(text)
        self._giver = _thread()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, *_: object
    ) -> None:
        """End one producer; an exception aborts the queue."""
        self._giver = (0, 0)
        try:
            if kind is None:
                self._put(None)
        except BaseException:
            self.abort()
            raise
        if kind is not None:
            self.abort()

    def __iter__(self) -> Iterator[T]:
        """Take items until all producers are done.

        Raises `QueueAborted`.

        >>> queue = ClosableQueue[int](producers=2)
        >>> for number in 1, 2:
        ...     with queue:
        ...         queue.put(number)
        >>> list(queue), list(queue)
        ([1, 2], [])
        """
        self._taker = _thread()
        more = True
        while more:
            packed = self._get()
            if packed is not None:
                yield pickle.loads(packed)
                continue
            # an end, put by a producer after all its items
            more = self._count(self._producers, -1) > 0
        self._taker = (0, 0)
        self._put(None)  # for the next consumer to find

    def abort(self) -> None:
        """Let `put` and iteration raise `QueueAborted` everywhere.

        Who waits in one of them finds out within a second.

        >>> queue = ClosableQueue[int](producers=1)
        >>> queue.abort()
        >>> list(queue)  # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
        QueueAborted: a process that used it has failed
        """
        self._aborted.value = self._aborted.value or os.getpid()
        # what is not yet written need not be, for this to end
        self._queue.cancel_join_thread()

    @contextmanager
    def watch(
        self, workers: Iterable[BaseProcess], grace: float = 5.0
    ) -> Iterator[None]:
        """Wait for started workers at the end of the block.

        As soon as one has failed, the queue is aborted, also while
        the block itself takes items; who has not ended `grace`
        seconds later is killed.  Raises `WorkerFailed`, and
        ValueError for a worker that was not started.  An
        exception in the block aborts the queue as well, and so
        does a block that leaves its own loop early, or ends before
        its producer's does: workers that wait for the rest end,
        too.

        A worker that ends with exit code 0 has not failed, also
        if it has put or taken less than others wait for.

        In the block, ask nobody for the end of a process, also in
        another thread: not by `join()`, nor by `Process.start()`,
        a pool or `active_children()`, which ask for all.  Of two
        threads that ask for one, one may be told 255.

        >>> queue = ClosableQueue[int](producers=1)
        >>> worker = multiprocessing.Process(
        ...     target=list, args=(queue,)
        ... )
        >>> worker.start()
        >>> with queue.watch([worker]), queue:
        ...     queue.put(7)
        """
        watched = _Watched(_started(workers), self, grace)
        try:
            yield
        except QueueAborted as error:
            watched.hear(error.by)
            watched.end()
            if not watched.failed:
                raise
        except BaseException:
            self.abort()
            watched.end()
            raise
        else:
            if _thread() in (self._taker, self._giver):
                watched.leave()
            watched.end()
        if watched.failed:
            raise WorkerFailed(watched.failed)

    def _check(self) -> None:
        if self._aborted.value:
            self._queue.cancel_join_thread()
            error = QueueAborted(
                "a process that used it has failed"
            )
            error.by = self._aborted.value
            raise error

    def _count(self, count: Any, change: int) -> int:
        """Change a number under its lock; return what it is then.

        One that was killed may have taken the lock with it.
        """
        lock = count.get_lock()
        while not lock.acquire(timeout=_LOOK):
            self._check()
            self._check_parent()
        try:
            count.value += change
            return count.value  # type: ignore[no-any-return]
        finally:
            lock.release()

    def _check_parent(self) -> None:
        if _parent_is_gone():
            self.abort()
            raise QueueAborted("the parent process is gone")

    def _put(self, packed: bytes | None) -> None:
        while True:
            self._check()
            try:
                return self._queue.put(packed, timeout=_LOOK)  # type: ignore[no-any-return]
            except Full:
                self._check_parent()

    def _get(self) -> bytes | None:
        while True:
            self._check()
            try:
                return self._queue.get(timeout=_LOOK)  # type: ignore[no-any-return]
            except Empty:
                self._check_parent()
            except (EOFError, OSError):
                self._check()
                raise


def _thread() -> tuple[int, int]:
    """Return the process and the thread that this runs in."""
    return os.getpid(), threading.get_ident()


def _started(workers: Iterable[BaseProcess]) -> list[BaseProcess]:
    """Return the workers; raise ValueError if one has no number."""
    known = list(workers)
    for worker in known:
        if worker.pid is None:
            raise ValueError(f"{worker.name} was not started")
    return known


def _parent_is_gone() -> bool:
    """Tell whether the process that has started this one ended."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return False
    # a forked sibling holds open what would tell of its end, but
    # its child has another parent then
    forked = _FORK.maker == parent.pid
    moved = os.getppid() != parent.pid
    return (forked and moved) or not parent.is_alive()


class _Watched:
    """Workers, and those of them that were the first to fail."""

    def __init__(
        self,
        workers: list[BaseProcess],
        queue: ClosableQueue[Any],
        grace: float,
    ) -> None:
        self.failed: dict[str, int] = {}
        self._left = False
        self._workers = workers
        self._queue = queue
        self._grace = grace
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def leave(self) -> None:
        """Let workers end that wait for this process in vain."""
        if self._queue._aborted.value in (0, os.getpid()):
            self._left = True
            self._queue.abort()

    def hear(self, by: int) -> None:
        """Have this queue aborted too where another one was."""
        if self._queue._aborted.value:
            return
        if by in {worker.pid for worker in self._workers}:
            # it has failed, and is to be told
            self._queue._aborted.value = by
        else:
            self.leave()

    def end(self) -> None:
        """Wait for all workers."""
        try:
            self._thread.join()
        except BaseException:
            self._kill()
            raise

    def _watch(self) -> None:
        since: float | None = None
        while self._look():
            if not self._queue._aborted.value:
                continue
            now = time.monotonic()
            since = now if since is None else since
            if now > since + self._grace:
                break
        self._kill()
        self._look()
        if self._queue._aborted.value:
            # this process puts no more, and a killed worker may
            # have written half of an item, for whose rest a
            # consumer here would wait
            self._queue._queue.cancel_join_thread()
            self._queue._queue._buffer.clear()
            self._queue._queue._writer.close()

    def _look(self) -> bool:
        """Wait a moment; tell whether a worker is still there."""
        alive = [w for w in self._workers if w.is_alive()]
        codes = [(w.name, w.exitcode) for w in self._workers]
        failed = {name: code for name, code in codes if code}
        # who was the first to abort is told, too: it has failed,
        # and may not have ended yet
        first = self._queue._aborted.value
        goes_on = first in {w.pid for w in alive}
        told = self.failed or self._left
        if failed and not told and not goes_on:
            self.failed = failed
            self._queue.abort()
        if alive:
            wait([w.sentinel for w in alive[:_MOST]], _LOOK)
        return bool(alive)

    def _kill(self) -> None:
        for worker in self._workers:
            worker.kill()
            worker.join()
