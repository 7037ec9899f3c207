# SPDX-License-Identifier: 0BSD
"""Processes that end together: the first failure stops all others.

Copy this file; it needs the standard library alone.

>>> with ProcessGroup() as group:
...     members = [group.start(abs, args=(n,)) for n in (-1, -2)]
>>> [member.value for member in members]
[1, 2]
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
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

__all__ = [
    "EndedWithoutResult",
    "Member",
    "ProcessGroup",
    "RemoteTraceback",
]

T = TypeVar("T")

#: seconds between two looks at whether the processes live: what
#: one has started may hold its pipe open after it is dead
_LOOK = 0.5
#: seconds between two looks at one that has closed its pipe
_SHORT = 0.01
#: Windows can not wait for more than 63 things at once
_MOST = 60


class EndedWithoutResult(Exception):
    """A process ended before it had returned or raised.

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


class Member(Generic[T]):
    """A process of a group: its `process`, and what it returned.

    `ProcessGroup.start` returns it; `process` is the context's
    `Process`.

    >>> with ProcessGroup() as group:
    ...     member = group.start(abs, args=(-1,), name="Ann")
    >>> member.process.name, member.value
    ('Ann', 1)
    """

    def __init__(
        self, process: Any, reader: Connection, kept: Any
    ) -> None:
        self.process = process
        # a lock that its maker has let go of can not be opened
        self._kept = kept
        self._reader = reader
        #: until when the others wait for its end, once it has
        #: closed its pipe
        self._until = 0.0
        #: whether it returned, and what it returned or raised
        self._outcome: tuple[bool, Any] | None = None

    @property
    def value(self) -> T:
        """What the function returned, once the group has ended.

        Raises RuntimeError where it did not return, or not yet.

        >>> with ProcessGroup() as group:
        ...     member = group.start(max, args=([3, 4],))
        >>> member.value
        4
        """
        if self._outcome is None or not self._outcome[0]:
            name = self.process.name
            raise RuntimeError(f"{name} has not returned")
        return self._outcome[1]  # type: ignore[no-any-return]

    def _look(self) -> BaseException | None:
        """Take the outcome if it is there; return a failure."""
        alive = self.process.is_alive()
        if not self._until and wait([self._reader], 0):
            self._outcome = self._receive()
        if self._outcome is None and not alive:
            self._outcome = False, self._without_result()
        if self._outcome is None or self._outcome[0]:
            return None
        error: BaseException = self._outcome[1]
        return error

    def _receive(self) -> tuple[bool, Any] | None:
        try:
            message = self._reader.recv_bytes()
        except (EOFError, OSError):
            self._until = time.monotonic() + _LOOK
            return None
        try:
            returned, value, text = pickle.loads(message)
        except Exception as error:
            return False, error
        if not returned:
            value.__cause__ = RemoteTraceback(text)
        return returned, value

    def _without_result(self) -> EndedWithoutResult:
        self.process.join()
        code = self.process.exitcode
        return EndedWithoutResult(self.process.name, code)


class ProcessGroup:
    """Processes of which none outlives the `with` block.

    At its end the block waits for all.  As soon as one raises, or
    ends without having returned, the others are terminated, killed
    if they are there `grace` seconds later, and waited for; then
    the block raises what that one raised, with a `RemoteTraceback`
    as its cause, or `EndedWithoutResult`.  So are they all when
    the block itself is left by an exception.

    A group has one block: RuntimeError where it is entered again.

    `grace` is in seconds.  `context` is one of
    `multiprocessing.get_context()`; None for the program's own.

    >>> with ProcessGroup(grace=1) as group:
    ...     waits = group.start(time.sleep, args=(3600,))
    ...     fails = group.start(int, args=("one",))
    Traceback (most recent call last):
    ValueError: invalid literal for int() with base 10: 'one'
    """

    def __init__(
        self,
        *,
        grace: float = 5.0,
        context: BaseContext | None = None,
    ) -> None:
        self._using: Any = context or multiprocessing
        self._grace = grace
        self._members: list[Member[Any]] = []
        self._entered = False
        self._ended = False

    def start(
        self,
        target: Callable[..., T],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        name: str | None = None,
    ) -> Member[T]:
        """Start a process that runs the function.

        The function and its arguments are pickled where the start
        method asks for it; the result always is.

        Raises what the start of a process raises: what `pickle`
        does of what can not be pickled, and OSError where the
        system has no process or pipe left; RuntimeError where the
        block has ended.

        >>> with ProcessGroup() as group:
        ...     named = {"base": 2}
        ...     three = group.start(int, ("11",), named)
        >>> three.value
        3
        """
        if self._ended:
            raise RuntimeError("the group has ended: make another")
        reader, writer = self._using.Pipe(duplex=False)
        process = self._using.Process(
            target=_run,
            args=(reader, writer, target, args, dict(kwargs or {})),
            name=name,
        )
        member: Member[T] = Member(process, reader, (args, kwargs))
        try:
            # at once: Ctrl-C may come when it is just started
            self._members.append(member)
            process.start()
        except BaseException:
            if process.pid is None:
                self._members.remove(member)
                reader.close()
            raise
        finally:
            writer.close()
        return member

    def __enter__(self) -> Self:
        """Return the group; raise RuntimeError the second time."""
        if self._entered:
            text = "a group has one block: make another"
            raise RuntimeError(text)
        self._entered = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _where: TracebackType | None,
    ) -> None:
        """Wait for all; stop all where one failed."""
        self._ended = True
        try:
            failure = None if kind else self._first_failure()
            if failure is None and kind is None:
                for member in self._members:
                    member.process.join()
        finally:
            self._stop()
        if failure is not None:
            raise failure

    def _first_failure(self) -> BaseException | None:
        """Wait until one has failed or all have returned."""
        open_ = list(self._members)
        while open_:
            # one that has closed its pipe ends, as a rule, and is
            # to blame for those that fail because of it
            now = time.monotonic()
            ending = [m for m in open_ if now < m._until]
            readers = [m._reader for m in open_ if not m._until]
            pause = _LOOK if len(readers) == len(open_) else _SHORT
            if readers and not ending:
                wait(readers[:_MOST], pause)
            else:
                time.sleep(pause)
            for member in ending or open_:
                failure = member._look()
                if failure is not None:
                    return failure
            open_ = [m for m in open_ if m._outcome is None]
        return None

    def _stop(self) -> None:
        processes = [member.process for member in self._members]
        try:
            for process in processes:
                if process.is_alive():
                    process.terminate()
            end = time.monotonic() + self._grace
            while any(process.is_alive() for process in processes):
                if time.monotonic() >= end:
                    break
                time.sleep(0.01)
        finally:
            for process in processes:
                process.kill()
            for member in self._members:
                member.process.join()
                member._reader.close()


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
