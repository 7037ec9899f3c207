# SPDX-License-Identifier: 0BSD
"""A lazy map over processes, for sources that never end.

Copy this file; it needs the standard library alone.

>>> from itertools import count, islice
>>> list(islice(bounded_map(abs, count(-2), workers=1), 4))
[2, 1, 0, 1]
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ProcessPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import connection
from multiprocessing.context import BaseContext
from multiprocessing.synchronize import Semaphore
from typing import Any, TypeVar

__all__ = ["bounded_map"]

T = TypeVar("T")
R = TypeVar("R")

#: Windows can not wait for more workers at once
_MOST_WORKERS = 61
#: seconds between two looks at whether a worker was killed
_LOOK = 0.5


def bounded_map(
    function: Callable[[T], R],
    items: Iterable[T],
    *,
    workers: int | None = None,
    ahead: int | None = None,
    ordered: bool = True,
    context: BaseContext | None = None,
) -> Generator[R, None, None]:
    """Give the function's value for each item, from processes.

    `workers` is how many processes there are.  If it is None, it
    is how many CPUs this thread may run on; no quota of a control
    group is looked at.  On Windows there are at most 61.

    At no time are more than `ahead` items taken from the source
    whose value has not been given, twice as many as workers if it
    is None.  Values come in the order of their items, or, if not
    `ordered`, as they are ready.

    `context` is one of `multiprocessing.get_context()`; None for
    the program's own.

    Nothing is started before the first value is asked for, and
    nothing is left when the iterator has ended or is closed.  To
    close it waits for the calls that workers do, and for up to
    `workers` + 1 more that were handed out.

    Raises what the function raised, with its traceback as the
    cause, in place of that value; and
    `concurrent.futures.process.BrokenProcessPool` where a worker
    died.  What the source raises is raised at once: values of
    items before it that have not been given are lost.  Then the
    iterator has ended.  Raises ValueError for numbers under 1,
    and for more workers than Windows can have.

    >>> list(bounded_map(abs, [-1, 2], workers=1, ahead=1))
    [1, 2]
    """
    windows = sys.platform == "win32"
    if workers is None:
        cpus = _allowed()
        workers = min(cpus, _MOST_WORKERS) if windows else cpus
    if ahead is None:
        ahead = 2 * workers
    if workers < 1 or ahead < 1:
        text = f"workers={workers}, ahead={ahead}: at least 1"
        raise ValueError(text)
    if windows and workers > _MOST_WORKERS:
        text = f"workers={workers}: at most {_MOST_WORKERS}"
        raise ValueError(f"{text} on Windows")
    pool = (workers, context)
    return _values(function, iter(items), pool, ahead, ordered)


def _allowed() -> int:
    """Count the CPUs that this thread may run on."""
    if hasattr(os, "process_cpu_count"):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _values(
    function: Callable[[T], R],
    source: Iterator[T],
    pool: tuple[int, BaseContext | None],
    ahead: int,
    ordered: bool,
) -> Generator[R, None, None]:
    workers, context = pool
    staff = _Staff(context or multiprocessing.get_context())
    using: Any = staff
    executor = ProcessPoolExecutor(workers, using)
    # in the order of their items, which a dict keeps
    open_: dict[Future[R], None] = {}
    try:
        while True:
            for item in islice(source, ahead - len(open_)):
                with _breaking(executor):
                    future = executor.submit(
                        _call_fit, function, item
                    )
                open_[future] = None
            if not open_:
                return
            future = next(iter(open_))
            if not ordered:
                done, _ = wait(open_, return_when=FIRST_COMPLETED)
                # of those that are ready, the one that was first
                future = next(f for f in open_ if f in done)
            del open_[future]
            yield future.result()
    finally:
        _shut_down(executor, staff, cancel=True)


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


class _Staff:
    """A context that knows the processes that it has made."""

    def __init__(self, using: BaseContext) -> None:
        self._using: Any = using
        self._processes: list[Any] = []
        self._maker = os.getpid()
        # what a worker releases when its work has ended, and how
        # often it was
        self._done: Any = self._using.Semaphore(0)
        self._well: list[None] = []

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


def _shut_down(
    executor: ProcessPoolExecutor, staff: _Staff, cancel: bool
) -> None:
    """Wait for its workers, or end them where one was killed.

    A worker that waits for a task holds a lock.  An executor that
    has none left to give does not see it killed, and the others
    wait for that lock for ever.
    """

    def wait_for_all() -> None:
        executor.shutdown(cancel_futures=cancel)

    # a forgotten iterator may be collected in one of the threads
    # that the end waits for
    parts: Any = executor
    feeder = getattr(parts._call_queue, "_thread", None)
    waited_for = (parts._executor_manager_thread, feeder)
    if threading.current_thread() in waited_for:
        executor.shutdown(wait=False, cancel_futures=cancel)
        return
    # as the interpreter ends, no thread begins any more
    if sys.is_finalizing():
        wait_for_all()
        return
    closer = threading.Thread(target=wait_for_all, daemon=True)
    try:
        closer.start()
    except RuntimeError:  # so it says since Python 3.12
        wait_for_all()
    while closer.is_alive():
        closer.join(_LOOK)
        if staff.lost():
            for worker in staff.workers():
                worker.kill()
    # where one could not be started, the executor ends none
    for worker in staff.workers():
        worker.kill()
        worker.join()


def _call_fit(
    function: Callable[..., R], /, *args: Any, **kwargs: Any
) -> R:
    """Call it, in a worker; what it raises can be sent."""
    try:
        return function(*args, **kwargs)
    except Exception as error:
        fit = _fit(error)
        if fit is error:
            raise
        raise fit from error


def _fit(error: Exception) -> Exception:
    """Return the exception, or one that can be pickled instead."""
    try:
        copy = pickle.loads(pickle.dumps(error))
        # who brings it sets these, which a class may refuse
        copy.__cause__ = copy.__traceback__ = None
    except Exception:
        copy = None
    if type(copy) is type(error):
        return error
    try:
        text = f": {error}"
    except Exception:
        text = ", which has no text"
    return RuntimeError(f"{type(error).__qualname__}{text}")
