# SPDX-License-Identifier: 0BSD
"""A pool that Ctrl-C and SIGTERM end at once, with all its workers.

Copy this file; it needs the standard library alone.

>>> with CleanPool(1) as pool:
...     list(pool.map(abs, [-1, -2]))
[1, 2]
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection
from multiprocessing.context import BaseContext
from multiprocessing.synchronize import Semaphore
from typing import Any, NoReturn, ParamSpec, Self, TypeVar

__all__ = ["CleanPool"]

P = ParamSpec("P")
T = TypeVar("T")

#: seconds between two looks at whether a worker was killed, or
#: Ctrl-C pressed where the system does not end a wait for it
_LOOK = 0.5


class CleanPool(ProcessPoolExecutor):
    """A process pool of whose workers none outlives the block.

    It is a `ProcessPoolExecutor`, to be used in a `with` block.
    Where the block ends by itself, it waits for all tasks.  Where
    an exception ends it, also while it waits, all workers are
    terminated, killed if they are there `grace` seconds later,
    and waited for; tasks that were not done fail with
    `BrokenProcessPool`, and the exception goes on.

    Workers ignore Ctrl-C, so it is such an exception of the main
    thread alone: KeyboardInterrupt.  So is SIGTERM, while the
    block runs in the main thread and the program has no handler
    of its own: SystemExit, whose exit code is 128 and the number
    of the signal, 143.  Either of them waits while a worker is
    started, and while the workers are ended.

    `max_workers` is what `ProcessPoolExecutor` makes of None: the
    number of CPUs.  `grace` is in seconds.  `initializer` is
    called in each worker, with `initargs`.  `context` is one of
    `multiprocessing.get_context()`; None for the program's own.
    Raises what `ProcessPoolExecutor` raises: ValueError for a
    `max_workers` under 1, and over 61 on Windows.

    >>> with CleanPool(1, initializer=str, initargs=(1,)) as pool:
    ...     pool.submit(divmod, 7, 2).result()
    (3, 1)
    """

    def __init__(
        self,
        max_workers: int | None = None,
        *,
        grace: float = 5.0,
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
        context: BaseContext | None = None,
    ) -> None:
        roster: Any = _Roster(
            context or multiprocessing.get_context()
        )
        super().__init__(
            max_workers,
            roster,
            initializer=_prepare,
            initargs=(initializer, initargs),
        )
        # a signal that comes inside of a `Queue` may keep its lock
        self._work_ids = queue.SimpleQueue()  # type: ignore[assignment]
        self._roster: _Roster = roster
        self._grace = grace
        self._handles = False

    def submit(
        self,
        fn: Callable[P, T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Future[T]:
        """Have the function called by a worker.

        Raises what `ProcessPoolExecutor.submit` raises.

        >>> with CleanPool(1) as pool:
        ...     pool.submit(int, "11", base=2).result()
        3
        """
        with _breaking(self):
            return super().submit(fn, *args, **kwargs)

    # of a worker or a thread that is half started, nobody knows:
    # signals wait meanwhile, which is short, and only as long as
    # there is any to be started

    def _adjust_process_count(self) -> None:
        pool: Any = self
        if len(pool._processes) < pool._max_workers:
            with _held():
                super()._adjust_process_count()

    def _start_executor_manager_thread(self) -> None:
        pool: Any = self
        if pool._executor_manager_thread is None:
            with _held():
                super()._start_executor_manager_thread()

    def __enter__(self) -> Self:
        """Have SIGTERM end the block; return the pool."""
        if _in_main_thread():
            handler = signal.getsignal(signal.SIGTERM)
            self._handles = handler is signal.SIG_DFL
        if self._handles:
            signal.signal(signal.SIGTERM, _leave)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, *_: object
    ) -> None:
        """Wait for all tasks, or end all workers."""
        closer = threading.Thread(target=self.shutdown, daemon=True)
        try:
            closer.start()
            # one that is killed as it waits for a task holds a lock
            # for which the others would wait for ever
            while (
                kind is None
                and closer.is_alive()
                and not self._roster.lost()
            ):
                closer.join(_LOOK)
        finally:
            try:
                with _held():
                    self._roster.end(self._grace)
                # it notices that; if not, Ctrl-C ends the wait
                while closer.is_alive():
                    closer.join(_LOOK)
            finally:
                # unless the program has set its own meanwhile
                handler = signal.getsignal(signal.SIGTERM)
                if self._handles and handler is _leave:
                    signal.signal(signal.SIGTERM, signal.SIG_DFL)


class _Roster:
    """A context that knows the processes that it has made."""

    def __init__(self, using: BaseContext) -> None:
        self._using: Any = using
        self._processes: list[Any] = []
        self._maker = os.getpid()
        # what a worker releases when its work has ended, and how
        # often it was
        self._done: Any = self._using.Semaphore(0)
        self._well: list[None] = []
        self._results: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._using, name)

    def Process(  # noqa: N802
        self, target: Any, args: Any, **kwargs: Any
    ) -> Any:
        process = self._using.Process(
            target=_work_and_tell,
            args=(target, args, self._done),
            **kwargs,
        )
        # it is there as long as the executor has the process, also
        # where it has been forgotten and ends by itself
        process.work_done = self._done
        self._processes.append(process)
        return process

    def SimpleQueue(self) -> Any:  # noqa: N802
        self._results = self._using.SimpleQueue()
        # `end` closes it while the pool may do so in a thread
        writer = self._results._writer
        writer.close = _one_at_a_time(writer.close)
        return self._results

    def workers(self) -> list[Any]:
        """Give those that have been started by this process."""
        # in a process that was forked they are those of another
        if os.getpid() != self._maker:
            return []
        # one that could not be started has no number
        return [one for one in self._processes if one.pid]

    def lost(self) -> bool:
        """Tell whether one has ended, and its work had not.

        Its exit code does not tell: to two threads that wait for
        the same end, a fork server may tell 255 in place of it.
        """
        ended = len(
            [worker for worker in self.workers() if _ended(worker)]
        )
        if not ended:
            return False
        # one too many meanwhile, for another thread that looks: it
        # is told of a lost worker at its next look, and of none
        # that has told, but is not counted yet
        self._well.append(None)
        while self._done.acquire(block=False):
            self._well.append(None)
        self._well.pop()
        return ended > len(self._well)

    def end(self, grace: float) -> None:
        """End all workers, and let the pool notice it."""
        _end(self.workers(), grace)
        # a worker may have written half of a result, for whose
        # rest the pool would wait
        self._results._writer.close()


def _ended(process: Any) -> bool:
    """Tell whether it has ended.

    Where the program ignores SIGCHLD there is no exit code; and
    what it has started may hold what tells of its end.
    """
    if process.exitcode is not None:
        return True
    return bool(connection.wait([process.sentinel], 0))


def _work_and_tell(
    target: Callable[..., object],
    args: tuple[Any, ...],
    done: Semaphore,
) -> None:
    """Do the work of a worker, and tell when it has ended."""
    target(*args)
    done.release()


@contextlib.contextmanager
def _breaking(executor: Any) -> Iterator[None]:
    """Have it said that a pool broke as it started a worker.

    Python 3.11 closes then what is just being sent to it.
    """
    try:
        yield
    except (OSError, ValueError) as error:
        if not executor._broken:
            raise
        raise BrokenProcessPool(executor._broken) from error


def _one_at_a_time(
    function: Callable[[], None],
) -> Callable[[], None]:
    lock = threading.Lock()

    def call() -> None:
        with lock:
            function()

    return call


def _end(processes: list[Any], grace: float) -> None:
    """Terminate, kill after so many seconds, and wait."""
    try:
        for process in processes:
            if process.is_alive():
                process.terminate()
        end = time.monotonic() + grace
        while any(process.is_alive() for process in processes):
            if time.monotonic() >= end:
                break
            time.sleep(0.01)
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.join()


def _prepare(
    initializer: Callable[..., object] | None,
    initargs: tuple[Any, ...],
) -> None:
    """Leave Ctrl-C to the parent, in a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # a forked worker has the parent's handler
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if initializer is not None:
        initializer(*initargs)


def _leave(number: int, _: object) -> NoReturn:
    """End the program as by `sys.exit()`, on a signal."""
    raise SystemExit(128 + number)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


@contextlib.contextmanager
def _held() -> Iterator[None]:
    """Put off Ctrl-C and SIGTERM until the end of the block."""
    if not _in_main_thread():
        yield
        return
    came: list[int] = []
    owner = os.getpid()

    def note(number: int, _: object) -> None:
        if os.getpid() == owner:
            came.append(number)
        elif number == signal.SIGTERM:
            # in a worker that was forked just now
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {n: signal.getsignal(n) for n in numbers}
    # one that is not Python's could not be set again
    ours = [n for n in numbers if before[n] is not None]
    try:
        for one in ours:
            signal.signal(one, note)
        yield
    finally:
        # Ctrl-C last: until then it is noted
        for one in reversed(ours):
            signal.signal(one, before[one])
        _raise_each(came)


def _raise_each(numbers: list[int]) -> None:
    """Raise the signals, also after one whose handler raises."""
    if numbers:
        try:
            signal.raise_signal(numbers[0])
        finally:
            _raise_each(numbers[1:])
