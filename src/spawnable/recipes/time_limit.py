# SPDX-License-Identifier: 0BSD
"""A time limit for any call, also one that never comes back.

Copy this file; it needs the standard library alone.

>>> with_time_limit(60, divmod, 7, 2)
(3, 1)
"""

from __future__ import annotations

import multiprocessing
import pickle
import select
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.reduction import ForkingPickler
from typing import Any, ParamSpec, TypeVar

__all__ = [
    "EndedWithoutResult",
    "OutOfTime",
    "RemoteTraceback",
    "limited",
    "with_time_limit",
]

P = ParamSpec("P")
T = TypeVar("T")

#: seconds between two looks at whether the process lives: what it
#: has started may hold its pipe open after it is dead
_LOOK = 0.5
#: seconds that one that has sent its value may take to end
_GRACE = 5.0
#: bytes that are written whole or not at all, also by a process
#: that is killed; 4 of them are the length
_PIECE = getattr(select, "PIPE_BUF", 2**16) - 4


class OutOfTime(TimeoutError):
    """The call took more than `seconds`; its process was killed.

    `name` is that of the function.

    >>> import time
    >>> try:
    ...     with_time_limit(0.5, time.sleep, 3600)
    ... except OutOfTime as error:
    ...     print(error)
    sleep took more than 0.5 s
    """

    def __init__(self, name: str, seconds: float) -> None:
        super().__init__(f"{name} took more than {seconds} s")
        self.name = name
        self.seconds = seconds

    def __reduce__(self) -> tuple[Any, ...]:
        """Be pickled as what it was made of."""
        return type(self), (self.name, self.seconds)


class EndedWithoutResult(Exception):
    """The process ended before it had returned or raised.

    `name` is that of the process, or of its function; `exit_code`
    is that of `multiprocessing`: negative for a signal, and None
    if it is not known.

    >>> print(EndedWithoutResult("call", 4))
    call ended without a result: exit code 4
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

    >>> try:
    ...     with_time_limit(60, divmod, 7, 0)
    ... except ZeroDivisionError as error:
    ...     print(type(error.__cause__).__name__)
    RemoteTraceback
    """

    def __str__(self) -> str:
        """Return the traceback, on lines of its own."""
        return f"\n{self.args[0]}"


def with_time_limit(
    seconds: float,
    function: Callable[P, T],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Call the function in a process of its own; return its value.

    The time begins when the process is started.  When it is over
    the process is killed; the start itself is not cut short.  One
    that has sent its value in time may use what is left of it, up
    to 5 s, to end as any process does: so what it has printed or
    put into a queue is written.

    Raises what the function raised, with a `RemoteTraceback` as
    its cause; `OutOfTime`, a TimeoutError, when the time is over;
    `EndedWithoutResult` where the process ended otherwise; what
    the pickling of the call raises; ValueError if `seconds` is
    not positive.

    The start method is the program's own: see `limited`.

    >>> with_time_limit(60, int, "11", base=2)
    3
    """
    return limited(seconds, function, args, kwargs, None)


def limited(
    seconds: float,
    function: Callable[..., T],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    context: BaseContext | None,
) -> T:
    """Do as `with_time_limit` does, in a context of your choice.

    `context` is one of `multiprocessing.get_context()`; None for
    the program's own.

    >>> context = multiprocessing.get_context("spawn")
    >>> limited(60, divmod, (7, 2), {}, context)
    (3, 1)
    """
    if not seconds > 0:
        raise ValueError(f"no time is left: {seconds} s")
    using: Any = context or multiprocessing
    reader, writer = using.Pipe(duplex=False)
    process = using.Process(
        target=_send_pieces,
        args=(reader, writer, function, args, kwargs),
    )
    over = threading.Event()

    def kill() -> None:
        over.set()
        process.kill()

    end = time.monotonic() + seconds
    clock = None
    with reader:
        try:
            with writer:
                process.start()
            left = _left(end, function, seconds)
            clock = threading.Timer(left, kill)
            # what the process sends may itself come to a halt
            clock.daemon = True
            clock.start()
            message = _receive_pieces(reader, process)
            # killed here, it would lose what it has printed, and
            # might keep the lock of a queue
            if message:
                end = min(end, time.monotonic() + _GRACE)
                _join(process, end)
        finally:
            if clock is not None:
                clock.cancel()
                # one that Ctrl-C kept from its start has no end
                if clock.is_alive():
                    clock.join()
            if process.pid is not None:
                process.kill()
                process.join()
    if message:
        returned, value, text = pickle.loads(message)
        if returned:
            return value  # type: ignore[no-any-return]
        raise value from RemoteTraceback(text)
    if over.is_set():
        raise OutOfTime(_name(function), seconds)
    raise EndedWithoutResult(_name(function), process.exitcode)


def _left(end: float, function: Any, seconds: float) -> float:
    """Return the seconds until then; raise if there are none."""
    left = end - time.monotonic()
    if left <= 0:
        raise OutOfTime(_name(function), seconds)
    return min(left, threading.TIMEOUT_MAX)


def _name(function: Any) -> str:
    return getattr(function, "__qualname__", None) or repr(function)


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


def _receive_pieces(reader: Connection, process: Any) -> bytes:
    """Return what the process sends; nothing if it has ended.

    An empty piece ends the message.  No piece is ever there in
    half, for whose rest this would wait.
    """
    message = bytearray()
    alive = True
    while True:
        if not wait([reader], _LOOK if alive else 0):
            if not alive:
                return b""
            alive = process.is_alive()
            continue
        try:
            piece = reader.recv_bytes()
        except (EOFError, OSError):
            process.join()
            return b""
        if not piece:
            return bytes(message)
        message += piece


def _send_pieces(
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
    for begin in range(0, len(message), _PIECE):
        writer.send_bytes(message[begin : begin + _PIECE])
    writer.send_bytes(b"")
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
