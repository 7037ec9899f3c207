# SPDX-License-Identifier: 0BSD
"""A ring of messages in shared memory, from one process to another.

Copy this file; it needs the standard library alone.

>>> ring = RingBuffer(slots=2, size=16)
>>> with ring:
...     ring.put(b"one")
...     ring.put(b"two")
>>> list(ring)
[b'one', b'two']
"""

from __future__ import annotations

import multiprocessing
import os
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Any, Self

__all__ = ["RingAborted", "RingBuffer", "WorkerFailed"]

#: seconds between two looks at whether the other side is there
_LOOK = 0.5
#: Windows can not wait for more than 63 things at once
_MOST = 60
#: what stands before a message: its length, in so many bytes
_HEAD = 4
#: the length that ends the stream, longer than any message
_END = 2**32 - 1


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


class RingAborted(Exception):
    """The other side of the ring is gone, or has failed.

    >>> ring = RingBuffer(slots=1, size=3)
    >>> ring.abort()
    >>> try:
    ...     ring.put(b"one")
    ... except RingAborted as error:
    ...     print(error)
    the other side is gone or failed
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


class RingBuffer:
    """Messages of bytes, for one producer and one consumer.

    At most `slots` messages of at most `size` bytes wait in it.
    The producer puts inside a `with` block of the ring, once; the
    consumer iterates over it or calls `get`, and its loop ends
    when the block has ended and all messages are taken.  Messages
    keep their order.  Two threads of one process may be the two
    sides.

    Make it before the processes, and give it to them as an
    argument.  Keep it here until they have ended: what its maker
    lets go of, the next ring may be given.  Its memory has no
    name, so nobody has to unlink it.

    `context` is that of the processes, which
    `multiprocessing.get_context()` gives; None for the program's
    own.  Raises ValueError for `slots` or `size` under 1, and for
    a `size` of 4 GiB less 1 byte or more.

    >>> ring = RingBuffer(slots=4, size=1000)
    >>> ring.put(b"a message")
    >>> ring.get()
    b'a message'
    """

    def __init__(
        self,
        slots: int,
        size: int,
        *,
        context: BaseContext | None = None,
    ) -> None:
        if slots < 1 or not 1 <= size < _END:
            text = f"slots={slots}, size={size}: at least 1"
            if size >= _END:
                text = f"size={size}: at most {_END - 1}"
            raise ValueError(text)
        using: Any = context or multiprocessing
        self._size = size
        # one more than may be full: there is always one for the end
        self._slots = slots + 1
        self._memory = using.RawArray(
            "c", self._slots * (_HEAD + size)
        )
        # a semaphore orders what is written before its release
        # ahead of what is read after its acquisition
        self._free = using.Semaphore(slots)
        self._full = using.Semaphore(0)
        # each has one writer: how many were put, and taken
        self._put = using.RawValue("Q", 0)
        self._taken = using.RawValue("Q", 0)
        self._producer = _Side(using)
        self._consumer = _Side(using)
        # the process that was the first to abort
        self._aborted = using.RawValue("q", 0)

    def put(
        self,
        message: bytes | bytearray | memoryview,
        timeout: float | None = None,
    ) -> None:
        """Add a message; wait while all slots are full.

        Raises TimeoutError after `timeout` seconds: then nothing
        was added; ValueError for a message that is too long, or
        after the end of the stream; `RingAborted`.

        >>> ring = RingBuffer(slots=1, size=3)
        >>> ring.put(b"one")
        >>> ring.put(b"two", timeout=0)
        Traceback (most recent call last):
        TimeoutError: the ring is full after 0 s
        """
        # the message itself, or a TypeError
        packed = b"".join([message])
        if len(packed) > self._size:
            text = f"{len(packed)} bytes: at most {self._size}"
            raise ValueError(text)
        if self._producer.over.value:
            raise ValueError("the stream has ended")
        self._producer.enter()
        if not self._acquire(self._free, timeout):
            text = f"the ring is full after {timeout} s"
            raise TimeoutError(text)
        self._write(len(packed), packed)

    def get(self, timeout: float | None = None) -> bytes:
        """Take the next message; wait until there is one.

        Raises EOFError at the end of the stream, each time;
        TimeoutError after `timeout` seconds; `RingAborted`.

        >>> ring = RingBuffer(slots=1, size=3)
        >>> ring.get(timeout=0)
        Traceback (most recent call last):
        TimeoutError: the ring is empty after 0 s
        """
        if self._consumer.over.value:
            raise EOFError("the producer has put its last message")
        self._consumer.enter()
        if not self._acquire(self._full, timeout):
            text = f"the ring is empty after {timeout} s"
            raise TimeoutError(text)
        at = self._slot(self._taken)
        (length,) = struct.unpack_from("<I", self._memory, at)
        if length == _END:
            self._consumer.over.value = 1
            raise EOFError("the producer has put its last message")
        at += _HEAD
        message: bytes = self._memory[at : at + length]
        self._taken.value += 1
        self._free.release()
        return message

    def __iter__(self) -> Iterator[bytes]:
        """Take messages until the end of the stream.

        Raises `RingAborted`.

        >>> ring = RingBuffer(slots=2, size=3)
        >>> with ring:
        ...     ring.put(b"one")
        >>> for message in ring:
        ...     print(message)
        b'one'
        """
        while True:
            try:
                message = self.get()
            except EOFError:
                return
            yield message

    def __enter__(self) -> Self:
        """Begin to produce."""
        self._producer.enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, *_: object
    ) -> None:
        """End the stream; an exception aborts the ring."""
        if kind is not None:
            self.abort()
        elif not self._producer.over.value:
            self._producer.over.value = 1
            self._write(_END, b"")

    def abort(self) -> None:
        """Let `put` and `get` raise `RingAborted` everywhere.

        Who waits in one of them finds out within a second.

        >>> ring = RingBuffer(slots=1, size=3)
        >>> ring.abort()
        >>> ring.get()  # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
        RingAborted: the other side is gone or failed
        """
        self._aborted.value = self._aborted.value or os.getpid()

    @contextmanager
    def watch(
        self, workers: Iterable[BaseProcess], grace: float = 5.0
    ) -> Iterator[None]:
        """Wait for started workers at the end of the block.

        As soon as one has failed, or one that is a side of the
        ring has ended too early, the ring is aborted, also while
        the block itself uses it; who has not ended `grace` seconds
        later is killed.  Raises `WorkerFailed` where one failed,
        and ValueError for a worker that was not started.  An
        exception in the block aborts the ring as well, and so
        does a block that leaves its own side of it early.

        In the block, ask nobody for the end of a process, also in
        another thread: not by `join()`, nor by `Process.start()`,
        a pool or `active_children()`, which ask for all.  Of two
        threads that ask for one, one may be told 255.

        >>> ring = RingBuffer(slots=1, size=3)
        >>> worker = multiprocessing.Process(
        ...     target=list, args=(ring,)
        ... )
        >>> worker.start()
        >>> with ring.watch([worker]), ring:
        ...     ring.put(b"one")
        """
        watched = _Watch(self, _started(workers), grace)
        try:
            yield
        except RingAborted as error:
            watched.hear(error.by)
            watched.end()
            if not watched.failed:
                raise
        except BaseException:
            self.abort()
            watched.end()
            raise
        else:
            if any(side.is_open() for side in watched.sides):
                watched.leave()
            watched.end()
        if watched.failed:
            raise WorkerFailed(watched.failed)

    def _acquire(self, what: Any, timeout: float | None) -> bool:
        end = (
            None if timeout is None else time.monotonic() + timeout
        )
        while True:
            if self._aborted.value:
                text = "the other side is gone or failed"
                error = RingAborted(text)
                error.by = self._aborted.value
                raise error
            left = _LOOK
            if end is not None:
                left = max(0.0, min(_LOOK, end - time.monotonic()))
            if what.acquire(timeout=left):
                return True
            if end is not None and time.monotonic() >= end:
                return False
            if _parent_is_gone():
                raise RingAborted("the parent process is gone")

    def _write(self, length: int, message: bytes) -> None:
        at = self._slot(self._put)
        form = f"<I{len(message)}s"
        struct.pack_into(form, self._memory, at, length, message)
        self._put.value += 1
        self._full.release()

    def _slot(self, count: Any) -> int:
        """Return where in the memory the next slot begins."""
        turn: int = count.value % self._slots
        return turn * (_HEAD + self._size)


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


class _Side:
    """Which process is a side of the ring, and if it is done."""

    def __init__(self, using: Any) -> None:
        self.pid = using.RawValue("q", 0)
        self.over = using.RawValue("b", 0)

    def enter(self) -> None:
        self.pid.value = os.getpid()

    def is_open(self) -> bool:
        """Tell whether it is this process, and goes on."""
        return self.pid.value == os.getpid() and not self.over.value

    def is_missed(
        self, ended: set[int | None], nobody: bool
    ) -> bool:
        """Tell whether it is waited for, and will never be done."""
        if self.over.value or self.is_open():
            return False
        return nobody or self.pid.value in ended


class _Watch:
    """Workers, and those of them that were the first to fail."""

    def __init__(
        self,
        ring: RingBuffer,
        workers: list[BaseProcess],
        grace: float,
    ) -> None:
        self.failed: dict[str, int] = {}
        self._ring = ring
        self.sides = ring._producer, ring._consumer
        self._workers = workers
        self._grace = grace
        self._left = False
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def leave(self) -> None:
        """Let workers end that wait for this process in vain."""
        if self._ring._aborted.value in (0, os.getpid()):
            self._left = True
            self._ring.abort()

    def hear(self, by: int) -> None:
        """Have this ring aborted too where another one was."""
        if self._ring._aborted.value:
            return
        if by in {worker.pid for worker in self._workers}:
            # it has failed, and is to be told
            self._ring._aborted.value = by
        else:
            self.leave()

    def end(self) -> None:
        """Wait for all workers."""
        try:
            self._thread.join()
        finally:
            self._kill()

    def _watch(self) -> None:
        since: float | None = None
        while alive := [w for w in self._workers if w.is_alive()]:
            self._look()
            if self._ring._aborted.value:
                now = time.monotonic()
                since = now if since is None else since
                if now > since + self._grace:
                    break
            wait([w.sentinel for w in alive[:_MOST]], _LOOK)
        self._kill()
        self._look()

    def _look(self) -> None:
        """Abort the ring where one of the workers is missed."""
        ended = [w for w in self._workers if not w.is_alive()]
        codes = [(worker.name, worker.exitcode) for worker in ended]
        failed = {name: code for name, code in codes if code}
        # who was the first to abort is told, too: it has failed,
        # and may not have ended yet
        first = self._ring._aborted.value
        alive = {w.pid for w in self._workers if w not in ended}
        told = self.failed or self._left
        if failed and not told and first not in alive:
            self.failed = failed
            self._ring.abort()
        pids = {worker.pid for worker in ended}
        producer, consumer = self.sides
        nobody = bool(ended) and len(ended) == len(self._workers)
        # what was put before all ended, this process may yet take
        if producer.is_missed(pids, nobody) or consumer.is_missed(
            pids, nobody and producer.is_open()
        ):
            self._ring.abort()

    def _kill(self) -> None:
        for worker in self._workers:
            worker.kill()
            worker.join()
