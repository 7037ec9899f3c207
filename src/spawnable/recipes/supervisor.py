# SPDX-License-Identifier: 0BSD
"""Workers that are replaced when they crash, and tasks done again.

Copy this file; it needs the standard library alone.

>>> outcomes = supervise(abs, [-1, -2], workers=1)
>>> [(outcome.task, outcome.value) for outcome in outcomes]
[(-1, 1), (-2, 2)]
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.reduction import ForkingPickler
from multiprocessing.util import Finalize
from typing import Any, Generic, TypeVar

__all__ = [
    "Outcome",
    "RemoteTraceback",
    "WorkerDied",
    "supervise",
]

T = TypeVar("T")
R = TypeVar("R")

#: seconds between two looks at whether the workers live
_LOOK = 0.5
#: Windows can not wait for more than 63 things at once
_MOST = 60
#: seconds that an idle worker may take to end
_GRACE = 5.0


class WorkerDied(Exception):
    """As often as it was tried, the task's worker died.

    `exit_code` is that of the last one, in `multiprocessing`'s
    way: negative for a signal.  `attempts` is how often the task
    was begun.

    >>> print(WorkerDied(3, -9))
    worker 3 of the task died: it was ended by signal 9
    """

    def __init__(
        self, attempts: int, exit_code: int | None
    ) -> None:
        super().__init__(attempts, exit_code)
        self.attempts = attempts
        self.exit_code = exit_code

    def __str__(self) -> str:
        """Tell which one it was, and its exit code."""
        code = self.exit_code
        how = f"exit code {code}"
        if code is not None and code < 0:
            how = f"it was ended by signal {-code}"
        return f"worker {self.attempts} of the task died: {how}"


class RemoteTraceback(Exception):
    """The cause of an exception that another process raised.

    Its text is the traceback as that process would print it.

    >>> outcome = next(supervise(int, ["x"], workers=1))
    >>> type(outcome.error.__cause__).__name__
    'RemoteTraceback'
    """

    def __str__(self) -> str:
        """Return the traceback, on lines of its own."""
        return f"\n{self.args[0]}"


@dataclass(frozen=True)
class Outcome(Generic[T, R]):
    """What became of a task.

    >>> outcome = next(supervise(abs, [-1], workers=1))
    >>> outcome.task, outcome.attempts, outcome.error, outcome.value
    (-1, 1, None, 1)
    """

    task: T
    #: how often it was begun
    attempts: int
    #: what the function raised, or `WorkerDied`, or None
    error: Exception | None
    _value: R | None = None

    @property
    def value(self) -> R:
        """What the function returned; raises `error` instead.

        >>> Outcome("task", 1, ValueError("no")).value
        Traceback (most recent call last):
        ValueError: no
        """
        if self.error is not None:
            raise self.error
        return self._value  # type: ignore[return-value]


def supervise(
    function: Callable[[T], R],
    tasks: Iterable[T],
    *,
    workers: int | None = None,
    attempts: int = 3,
    context: BaseContext | None = None,
) -> Generator[Outcome[T, R], None, None]:
    """Give the outcome of each task once, as they are ready.

    `workers` is how many processes there are at most; if it is
    None, how many CPUs this thread may run on.  `context` is one
    of `multiprocessing.get_context()`; None for the program's own.

    A task whose worker dies is begun again by a new worker, up to
    `attempts` times: so a function may be called more than once
    for one task.  An exception of the function is an outcome, and
    not tried again; SystemExit is the death of the worker.

    Of `tasks`, no more are taken than there are workers; while one
    is waited for, no outcome is given.  No process is left when
    the iterator has ended or is closed.  Raises ValueError for
    numbers under 1, what the start of a process raises, and at
    once what `tasks` raises: then other outcomes are lost.

    >>> for outcome in supervise(int, ["11", "x"], workers=1):
    ...     print(outcome.task, outcome.attempts, outcome.error)
    11 1 None
    x 1 invalid literal for int() with base 10: 'x'
    """
    count = _allowed() if workers is None else workers
    if count < 1 or attempts < 1:
        text = f"workers={workers}, attempts={attempts}: at least 1"
        raise ValueError(text)
    using: Any = context or multiprocessing
    crew = _Crew(using, function, count)
    return _outcomes(crew, iter(tasks), attempts)


def _allowed() -> int:
    """Count the CPUs that this thread may run on."""
    if hasattr(os, "process_cpu_count"):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass
class _Job:
    task: Any
    begun: int = 0


class _Worker:
    """A process, its pipe, and the job that it has."""

    def __init__(self, using: Any, function: Any) -> None:
        self.pipe, theirs = using.Pipe()
        self.job: _Job | None = None
        self.process = using.Process(
            target=_work, args=(self.pipe, theirs, function)
        )
        try:
            self.process.start()
        except BaseException:
            self.pipe.close()
            raise
        finally:
            theirs.close()

    def begin(self, job: _Job, packed: bytes) -> None:
        self.job = job
        job.begun += 1
        # one that has died already is found when it is looked for
        with contextlib.suppress(OSError):
            self.pipe.send_bytes(packed)

    def look(self) -> tuple[bool, bytes]:
        """Tell whether it lives, and what it has sent."""
        alive = self.process.is_alive()
        try:
            if self.pipe.poll():
                return True, self.pipe.recv_bytes()
        except (EOFError, OSError):
            alive = False
        return alive, b""

    def bury(self) -> int | None:
        """Wait for its end; return its exit code."""
        self.process.join()
        self.pipe.close()
        code: int | None = self.process.exitcode
        return code


def _join(process: Any, end: float) -> None:
    """Wait for the end of the process until that moment.

    What it has started may hold what tells of its end; and one
    that has closed that goes on.
    """
    pause = 0.0001
    while process.is_alive():
        left = end - time.monotonic()
        if left <= 0:
            return
        if wait([process.sentinel], min(left, _LOOK)):
            time.sleep(pause)
            pause = min(2 * pause, 0.01)


class _Crew:
    """The workers that there are."""

    def __init__(
        self, using: Any, function: Any, most: int
    ) -> None:
        self._using = using
        self._function = function
        self._most = most
        self._workers: list[_Worker] = []

    @property
    def busy(self) -> list[_Worker]:
        return [w for w in self._workers if w.job is not None]

    @property
    def has_room(self) -> bool:
        return len(self.busy) < self._most

    def begin(self, job: _Job, packed: bytes) -> None:
        idle = [w for w in self._workers if w.job is None]
        for worker in idle:
            # of its death no task is to blame
            alive, _ = worker.look()
            if not alive:
                self.remove(worker)
        idle = [w for w in self._workers if w.job is None]
        if not idle:
            idle = [_Worker(self._using, self._function)]
            self._workers += idle
        idle[0].begin(job, packed)

    def remove(self, worker: _Worker) -> int | None:
        # one that has closed its pipe may go on
        _join(worker.process, time.monotonic() + _GRACE)
        worker.process.kill()
        self._workers.remove(worker)
        return worker.bury()

    def end(self) -> None:
        """End all workers, those that are busy at once."""
        try:
            for worker in self._workers:
                if worker.job is not None:
                    worker.process.kill()
                    continue
                with contextlib.suppress(OSError):
                    worker.pipe.send_bytes(b"")
            for worker in self._workers:
                _join(worker.process, time.monotonic() + _GRACE)
        finally:
            # also where Ctrl-C ends the wait for one of them
            for worker in self._workers:
                worker.process.kill()
            for worker in self._workers:
                worker.bury()


def _outcomes(
    crew: _Crew, source: Iterator[Any], attempts: int
) -> Generator[Outcome[Any, Any], None, None]:
    again: deque[_Job] = deque()
    # workers whom nobody ends, the program would wait for
    end = Finalize(None, crew.end, exitpriority=0)
    try:
        while True:
            yield from _hand_out(crew, source, again)
            busy = crew.busy
            if not busy:
                return
            wait([worker.pipe for worker in busy][:_MOST], _LOOK)
            for worker in busy:
                yield from _collect(crew, worker, again, attempts)
    finally:
        end()


def _hand_out(
    crew: _Crew, source: Iterator[Any], again: deque[_Job]
) -> Iterator[Outcome[Any, Any]]:
    """Give jobs to workers; the outcome of what can not be sent."""
    while crew.has_room:
        job = again.popleft() if again else _next(source)
        if job is None:
            return
        try:
            packed = bytes(ForkingPickler.dumps(job.task))
        except Exception as error:
            yield Outcome(job.task, job.begun, error)
        else:
            crew.begin(job, packed)


def _collect(
    crew: _Crew, worker: _Worker, again: deque[_Job], attempts: int
) -> Iterator[Outcome[Any, Any]]:
    """Give the outcome of a worker's job, if it is there."""
    alive, message = worker.look()
    job = worker.job
    if job is None or (alive and not message):
        return
    if message:
        worker.job = None
        yield _outcome(job, message)
        return
    code = crew.remove(worker)
    if job.begun < attempts:
        again.append(job)
    else:
        died = WorkerDied(job.begun, code)
        yield Outcome(job.task, job.begun, died)


def _next(source: Iterator[Any]) -> _Job | None:
    for task in source:
        return _Job(task)
    return None


def _outcome(job: _Job, message: bytes) -> Outcome[Any, Any]:
    try:
        returned, value, text = pickle.loads(message)
    except Exception as error:
        return Outcome(job.task, job.begun, error)
    if returned:
        return Outcome(job.task, job.begun, None, value)
    value.__cause__ = RemoteTraceback(text)
    return Outcome(job.task, job.begun, value)


def _work(
    parents: Connection,
    pipe: Connection,
    function: Callable[[Any], Any],
) -> None:
    """Do the tasks that come, in a worker, until an empty one."""
    # held open here, it would hide that the parent is gone
    parents.close()
    with contextlib.suppress(EOFError, OSError):
        while packed := pipe.recv_bytes():
            pipe.send_bytes(_do(function, packed))


def _do(function: Callable[[Any], Any], packed: bytes) -> bytes:
    try:
        value = function(pickle.loads(packed))
        return bytes(ForkingPickler.dumps((True, value, "")))
    except Exception as error:
        text = "".join(traceback.format_exception(error))
        failure = (False, _fit(error), text)
        return bytes(ForkingPickler.dumps(failure))


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
