# SPDX-License-Identifier: 0BSD
"""A process whose function returns a value, or raises.

Copy this file; it needs the standard library alone.

>>> with ProcessWithResult(sum, args=([1, 2, 3],)) as process:
...     process.result()
6
"""

from __future__ import annotations

import multiprocessing
import pickle
import time
import traceback
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.reduction import ForkingPickler
from typing import Any, Generic, Self, TypeVar

__all__ = [
    "EndedWithoutResult",
    "ProcessWithResult",
    "RemoteTraceback",
]

T = TypeVar("T")

#: seconds between two looks at whether the process lives: what it
#: has started may hold its pipe open after it is dead
_LOOK = 0.5


class EndedWithoutResult(Exception):
    """The process ended before it had returned or raised.

    `name` is that of the process, or of its function; `exit_code`
    is that of `multiprocessing`: negative for a signal, and None
    if it is not known.

    >>> print(EndedWithoutResult("Ann", -9))
    Ann ended without a result: it was ended by signal 9
    """

    def __init__(self, name: str, exit_code: int | None) -> None:
        super().__init__(name, exit_code)
        self.name = name
        self.exit_code = exit_code

    def __str__(self) -> str:
        """Name the process and its exit code."""
        code = self.exit_code
        how = f"exit code {code}"
        if code is not None and code < 0:
            how = f"it was ended by signal {-code}"
        return f"{self.name} ended without a result: {how}"


class RemoteTraceback(Exception):
    """The cause of an exception that another process raised.

    Its text is the traceback as that process would print it.

    >>> str(RemoteTraceback("its traceback")).strip()
    'its traceback'
    """

    def __str__(self) -> str:
        """Return the traceback, on lines of its own."""
        return f"\n{self.args[0]}"


class ProcessWithResult(Generic[T]):
    """A process that runs a function, started at once.

    The function and its arguments are pickled where the start
    method asks for it; the result always is.  Call `result` or
    `stop` for each, or use it as a context manager, which calls
    `stop`.

    `context` is one of `multiprocessing.get_context()`; None for
    the program's own.  `process` is that context's `Process`.

    Raises what the start of a process raises: what `pickle` does
    of what can not be pickled, and OSError where the system has
    no process or pipe left.

    >>> with ProcessWithResult(sorted, args=("cab",)) as process:
    ...     process.result()
    ['a', 'b', 'c']
    """

    def __init__(
        self,
        target: Callable[..., T],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        name: str | None = None,
        context: BaseContext | None = None,
    ) -> None:
        using: Any = context or multiprocessing
        self._reader, writer = using.Pipe(duplex=False)
        self._outcome: tuple[bool, Any] | None = None
        # a lock that its maker has let go of can not be opened
        self._kept = args, kwargs
        self.process = using.Process(
            target=_run,
            args=(
                self._reader,
                writer,
                target,
                args,
                dict(kwargs or {}),
            ),
            name=name,
        )
        try:
            with writer:
                self.process.start()
        except BaseException:
            # Ctrl-C may come when it is just started
            if self.process.pid is not None:
                self.process.kill()
                self.process.join()
            self._reader.close()
            raise

    def result(self, timeout: float | None = None) -> T:
        """Wait for the process and return what it returned.

        Raises what the function raised, with a `RemoteTraceback`
        as its cause; `EndedWithoutResult` where the process ended
        otherwise; `TimeoutError` after `timeout` seconds: then
        the process goes on, and `result` can be called again.  A
        value that can not be made again raises what `pickle` does.

        It waits for the end of the process as well, but not longer
        than `timeout` seconds: then `stop` kills what goes on.

        >>> with ProcessWithResult(int, args=("one",)) as process:
        ...     process.result(timeout=60)
        Traceback (most recent call last):
        ValueError: invalid literal for int() with base 10: 'one'
        """
        begun = time.monotonic()
        if self._outcome is None:
            self._outcome = self._receive(timeout)
            self._reader.close()
        if timeout is None:
            self.process.join()
        else:
            _join(self.process, begun + timeout)
        returned, value = self._outcome
        if not returned:
            raise value
        return value  # type: ignore[no-any-return]

    def stop(self) -> None:
        """Kill the process if it goes on, and wait for its end.

        A result that has not been asked for by then is lost, and
        `result` raises `EndedWithoutResult`.

        >>> from time import sleep
        >>> process = ProcessWithResult(sleep, args=(3600,))
        >>> process.stop()
        >>> process.process.is_alive()
        False
        """
        self.process.kill()
        self.process.join()
        if self._outcome is None:
            code = self.process.exitcode
            error = EndedWithoutResult(self.process.name, code)
            self._outcome = False, error
            self._reader.close()

    def __enter__(self) -> Self:
        """Return the process."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the process."""
        self.stop()

    def _receive(self, timeout: float | None) -> tuple[bool, Any]:
        end = (
            None if timeout is None else time.monotonic() + timeout
        )
        while True:
            left = _LOOK
            if end is not None:
                left = max(0.0, min(_LOOK, end - time.monotonic()))
            alive = self.process.is_alive()
            ends = [self._reader]
            if wait(ends, left if alive else 0):
                break
            if not alive:
                return False, self._without_result()
            self._check_time(end, timeout)
        try:
            message = self._reader.recv_bytes()
        except (EOFError, OSError):
            # it has closed its pipe, and may go on for long
            if end is not None:
                _join(self.process, end)
                if self.process.is_alive():
                    self._check_time(end, timeout)
            return False, self._without_result()
        try:
            returned, value, text = pickle.loads(message)
        except Exception as error:
            return False, error
        if not returned:
            value.__cause__ = RemoteTraceback(text)
        return returned, value

    def _check_time(
        self, end: float | None, timeout: float | None
    ) -> None:
        if end is not None and time.monotonic() >= end:
            name = self.process.name
            text = f"{name} has no result after {timeout} s"
            raise TimeoutError(text)

    def _without_result(self) -> EndedWithoutResult:
        self.process.join()
        code = self.process.exitcode
        return EndedWithoutResult(self.process.name, code)


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


def _run(
    reader: Connection,
    writer: Connection,
    target: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> None:
    """Call the function, in the process, and send its outcome."""
    # held open here, it would hide that the parent is gone
    reader.close()
    try:
        value = target(*args, **kwargs)
        message = ForkingPickler.dumps((True, value, ""))
    except Exception as error:
        text = "".join(traceback.format_exception(error))
        message = ForkingPickler.dumps((False, _fit(error), text))
    writer.send_bytes(message)
    writer.close()


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
