# SPDX-License-Identifier: 0BSD
"""A pool whose workers each make an expensive thing once.

Copy this file; it needs the standard library alone.

>>> with StatePool(list, ("abc",), workers=1) as pool:
...     list(pool.map(list.index, ["c", "a"]))
[2, 0]
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection
from multiprocessing.context import BaseContext
from multiprocessing.synchronize import Semaphore
from multiprocessing.util import Finalize
from typing import (
    Any,
    Concatenate,
    Generic,
    ParamSpec,
    Self,
    TypeVar,
)

__all__ = ["StateFailed", "StatePool"]

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")
T = TypeVar("T")

#: seconds between two looks at whether a worker was killed
_LOOK = 0.5


class StateFailed(Exception):
    """A worker could not make its state.

    Its cause is that of any exception which `concurrent.futures`
    brings from a process: its text tells where it failed.

    >>> with StatePool(int, ("one",), workers=1) as pool:
    ...     error = pool.submit(divmod, 5).exception()
    >>> print(type(error).__name__)
    StateFailed
    """

    def __init__(self, error: Exception, text: str) -> None:
        super().__init__(error, text)
        self.__cause__ = RemoteTraceback(text)

    @property
    def error(self) -> Exception:
        """What was raised, or a RuntimeError that names it.

        It is a RuntimeError where what was raised can not be sent
        or is no `Exception`, such as the exit of a worker.

        >>> StateFailed(OSError("no database"), "").error
        OSError('no database')
        """
        return self.args[0]  # type: ignore[no-any-return]

    def __str__(self) -> str:
        """Tell what was raised."""
        error = self.error
        return f"{type(error).__qualname__}: {error}"


class RemoteTraceback(Exception):
    """The cause of an exception that another process raised.

    Its text is the traceback as that process would print it.

    >>> str(RemoteTraceback("its traceback")).strip()
    'its traceback'
    """

    def __str__(self) -> str:
        """Return the traceback, on lines of its own."""
        return f"\n{self.args[0]}"


class StatePool(Generic[S]):
    """Workers that each have a state, for functions that need it.

    As a worker starts, it calls `make(*args)` once and keeps what
    that returns; each function that it does later gets it as its
    first argument.  As it ends, it calls `close` with it.

    At the end of a `with` block the pool waits for all tasks and
    all workers.  Where an exception ends the block, tasks that no
    worker has been handed are cancelled: besides those that run,
    up to `workers` + 1 have been handed out.

    `workers` is how many processes there are at most, or as many
    as a `ProcessPoolExecutor` takes by itself if it is None.
    `context` is one of `multiprocessing.get_context()`; None for
    the program's own.  Functions, arguments and results are
    pickled; the state never is.

    Raises ValueError for less than one worker, and on Windows for
    more than 61.

    >>> pool = StatePool(dict, ([("a", 1)],), workers=1)
    >>> with pool:
    ...     pool.submit(dict.get, "a").result()
    1
    """

    def __init__(
        self,
        make: Callable[..., S],
        args: tuple[Any, ...] = (),
        *,
        close: Callable[[S], object] | None = None,
        workers: int | None = None,
        context: BaseContext | None = None,
    ) -> None:
        self._staff = _Staff(
            context or multiprocessing.get_context()
        )
        using: Any = self._staff
        self._executor = ProcessPoolExecutor(
            workers,
            using,
            initializer=_begin,
            initargs=(make, args, close),
        )

    def submit(
        self,
        function: Callable[Concatenate[S, P], R],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Future[R]:
        """Have `function(state, *args, **kwargs)` called.

        The future raises what the function raised; `StateFailed`
        where the worker could not make its state, with the
        traceback of that as its cause.  It raises
        `concurrent.futures.process.BrokenProcessPool`, as does
        this method afterwards, where a worker has died.

        >>> with StatePool(int, ("12",), workers=1) as pool:
        ...     pool.submit(divmod, 5).result()
        (2, 2)
        """
        with _breaking(self._executor):
            return self._executor.submit(
                _call, function, args, kwargs
            )

    def map(
        self,
        function: Callable[[S, T], R],
        items: Iterable[T],
        *,
        chunksize: int = 1,
    ) -> Iterator[R]:
        """Give `function(state, item)` for each item, in order.

        All items are taken at once, and sent in lists of
        `chunksize`.  Raises what the function raised, or
        `StateFailed`, in place of the values of its list, and
        `BrokenProcessPool` where a worker has died.

        >>> with StatePool(int, ("12",), workers=1) as pool:
        ...     list(pool.map(int.__add__, [1, 2]))
        [13, 14]
        """
        bound = _Bound(function)
        taken = list(items)
        with _breaking(self._executor):
            return self._executor.map(
                bound, taken, chunksize=chunksize
            )

    def __enter__(self) -> Self:
        """Return the pool."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, *_: object
    ) -> None:
        """Wait for all tasks that have begun, and all workers."""
        _shut_down(
            self._executor, self._staff, cancel=kind is not None
        )


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


class _State:
    """What `make` returned in this worker, or how it failed."""

    def __init__(self) -> None:
        self.value: Any = None
        self.failed: tuple[Exception, str] | None = None


#: of a worker, the state of its pool
_mine = _State()


class _Bound(Generic[T, R]):
    """A function that gets the state of the worker it is in."""

    def __init__(self, function: Callable[[Any, T], R]) -> None:
        self._function = function

    def __call__(self, item: T) -> R:
        return _call(self._function, (item,), {})


def _begin(
    make: Callable[..., Any],
    args: tuple[Any, ...],
    close: Callable[[Any], object] | None,
) -> None:
    """Make the state, in a worker."""
    # a worker that was forked in a worker has another one
    _mine.value, _mine.failed = None, None
    try:
        _mine.value = make(*args)
    except BaseException as error:
        # raised here, it would be printed, and be no error of a
        # task
        text = "".join(traceback.format_exception(error))
        if not isinstance(error, Exception):
            error = RuntimeError(repr(error))
        _mine.failed = _fit(error), text
        return
    if close is not None:
        Finalize(None, close, (_mine.value,), exitpriority=100)


def _call(
    function: Callable[..., R],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> R:
    """Call the function with the state, in a worker."""
    if _mine.failed is not None:
        raise StateFailed(*_mine.failed)
    return _call_fit(function, _mine.value, *args, **kwargs)


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
