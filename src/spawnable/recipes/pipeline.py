# SPDX-License-Identifier: 0BSD
"""A pipeline: each item goes through stages that are processes.

Copy this file; it needs the standard library alone.

>>> list(pipeline(["-1", "2"], [int, Stage(abs, workers=2)]))
[1, 2]
"""

from __future__ import annotations

import contextlib
import multiprocessing
import pickle
import threading
import time
import traceback
from collections.abc import (
    Callable,
    Generator,
    Iterable,
    Iterator,
    Sequence,
)
from dataclasses import dataclass
from itertools import count, islice
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.reduction import ForkingPickler
from queue import SimpleQueue
from typing import Any

__all__ = [
    "EndedWithoutResult",
    "RemoteTraceback",
    "Stage",
    "pipeline",
]

#: seconds between two looks at whether the workers live
_LOOK = 0.5
#: seconds that workers may take to end
_GRACE = 5.0
#: what a message begins with: a value, or what was raised
_VALUE, _ERROR = b"v", b"e"


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


@dataclass(frozen=True)
class Stage:
    """A function of a pipeline, and by how many processes.

    The function gets one argument, what the stage before it has
    returned, and is pickled where the start method asks for it.

    >>> list(pipeline([1, -2], [Stage(abs, workers=2), str]))
    ['1', '2']
    """

    function: Callable[[Any], Any]
    workers: int = 1


def pipeline(
    items: Iterable[Any],
    stages: Sequence[Stage | Callable[[Any], Any]],
    *,
    ahead: int = 16,
    context: BaseContext | None = None,
) -> Generator[Any, None, None]:
    """Give for each item what the last stage makes of it, in order.

    Each stage is a function of one argument, and gets what the
    one before it has returned.  All work at once, each in a
    process of its own, or in as many as its `Stage` says.

    At no time are more than `ahead` items taken from the source
    whose value has not been given.  Nothing is started before the
    first value is asked for, and nothing is left when the iterator
    has ended or is closed.

    When the last value was given, processes have 5 seconds to end
    by themselves, and are terminated then: what they do at their
    end, such as to write what they have collected, may take no
    longer.  Where the iterator ends earlier, they are terminated
    at once, and killed after 5 seconds.

    `context` is one of `multiprocessing.get_context()`; None for
    the program's own.

    Raises what a stage raised, with a `RemoteTraceback` as its
    cause, in place of that value; `EndedWithoutResult` where a
    process of a stage died.  What the source raises is raised at
    once: values of items before it that have not been given are
    lost.  Then the iterator has ended.  Raises ValueError for
    numbers under 1, or without stages.

    >>> next(pipeline([8], [float, str]))
    '8.0'
    """
    all_ = [s if isinstance(s, Stage) else Stage(s) for s in stages]
    if not all_ or min(ahead, *(s.workers for s in all_)) < 1:
        counts = [stage.workers for stage in all_]
        text = f"workers={counts}, ahead={ahead}: at least 1"
        raise ValueError(text)
    using: Any = context or multiprocessing.get_context()
    return _flow(iter(items), _Line(using, all_), ahead)


class _Line:
    """The processes of all stages, and the pipes between them.

    Item number k is done by worker k modulo w of each stage that
    has w workers.  So all know from whom the next item comes, and
    the order is kept; each pipe has one process at each end, and
    there is no lock that one could die with.
    """

    def __init__(self, using: Any, stages: list[Stage]) -> None:
        self._using = using
        self._stages = stages
        self._processes: list[Any] = []
        self._done: Any = None
        self._sends: SimpleQueue[bytes] = SimpleQueue()
        self._sender: threading.Thread | None = None
        self._first: list[Connection] = []
        self._last: list[Connection] = []

    def start(self) -> None:
        """Start all processes, and a thread that sends to them."""
        widths = [1, *(stage.workers for stage in self._stages), 1]
        self._done = self._using.RawArray("b", sum(widths))
        ends: list[Connection] = []
        try:
            self._start(widths, ends)
        finally:
            mine = {id(end) for end in self._first + self._last}
            for end in ends:
                if id(end) not in mine:
                    end.close()
        # it ends when the processes have, unless one of them has
        # left its pipe to a process of its own
        self._sender = threading.Thread(
            target=_send,
            args=(self._sends, self._first),
            daemon=True,
        )
        self._sender.start()

    def _start(
        self, widths: list[int], ends: list[Connection]
    ) -> None:
        #: by where it begins: stage, worker, and worker of the next
        reads: dict[tuple[int, int, int], Connection] = {}
        writes: dict[tuple[int, int, int], Connection] = {}
        for place, width in enumerate(widths[:-1]):
            for one in range(width):
                for other in range(widths[place + 1]):
                    reader, writer = self._using.Pipe(duplex=False)
                    ends += reader, writer
                    reads[place, one, other] = reader
                    writes[place, one, other] = writer
        last = len(self._stages)
        self._first = [
            writes[0, 0, worker] for worker in range(widths[1])
        ]
        self._last = [
            reads[last, worker, 0] for worker in range(widths[-2])
        ]
        # only a forked process has all of them
        forked = self._using.get_start_method() == "fork"
        spare = ends if forked else []
        for number, stage in enumerate(self._stages, 1):
            name = getattr(
                stage.function, "__qualname__", repr(stage.function)
            )
            for worker in range(stage.workers):
                before = range(widths[number - 1])
                after = range(widths[number + 1])
                post = _Post(
                    worker,
                    stage.workers,
                    [reads[number - 1, w, worker] for w in before],
                    [writes[number, worker, w] for w in after],
                    len(self._processes),
                    self._done,
                )
                process = self._using.Process(
                    target=_serve,
                    args=(stage.function, post, spare),
                    name=name,
                    # where the iterator is never closed
                    daemon=True,
                )
                process.start()
                self._processes.append(process)

    def send(self, message: bytes) -> None:
        """Send the next item, or the end; never wait."""
        self._sends.put(message)

    def receive(self, number: int) -> bytes:
        """Wait for what became of an item."""
        reader = self._last[number % len(self._last)]
        while not wait([reader], 0):
            dead = self._dead()
            # who has died may have sent it before
            if wait([reader], 0 if dead else _LOOK):
                break
            if dead:
                raise EndedWithoutResult(dead.name, dead.exitcode)
        with contextlib.suppress(EOFError, OSError):
            return reader.recv_bytes()
        dead = self._culprit()
        raise EndedWithoutResult(dead.name, dead.exitcode)

    def _dead(self) -> Any:
        """Return a process that has ended and was not done."""
        for number, process in enumerate(self._processes):
            if not process.is_alive() and not self._done[number]:
                return process
        return None

    def _culprit(self) -> Any:
        """Return the process for whose sake another gave up."""
        end = time.monotonic() + _GRACE
        while time.monotonic() < end:
            if dead := self._dead():
                return dead
            time.sleep(0.01)
        return self._processes[-1]

    def end(self, *, wait_for: bool) -> None:
        """End all processes, at once or when they are done."""
        until = time.monotonic() + (_GRACE if wait_for else 0)
        try:
            for process in self._processes:
                _join(process, until)
        finally:
            _end(self._processes, _GRACE)
            self._sends.put(b"")
            # one that could not be started has no number
            if self._sender is not None and self._sender.ident:
                self._sender.join(_GRACE)
            for end in self._first + self._last:
                end.close()


def _flow(
    source: Iterator[Any], line: _Line, ahead: int
) -> Generator[Any, None, None]:
    done = False
    taken = 0
    try:
        line.start()
        for number in count():
            for item in islice(source, number + ahead - taken):
                line.send(_VALUE + ForkingPickler.dumps(item))
                taken += 1
            if number == taken:
                line.send(b"")
                done = True
                return
            message = line.receive(number)
            content = pickle.loads(message[1:])
            if message[:1] == _ERROR:
                error, text = content
                raise error from RemoteTraceback(text)
            yield content
    finally:
        line.end(wait_for=done)


@dataclass
class _Post:
    """Where a worker stands, with its pipes before and after."""

    number: int
    step: int
    readers: list[Connection]
    writers: list[Connection]
    place: int
    done: Any


def _send(
    messages: SimpleQueue[bytes], writers: list[Connection]
) -> None:
    """Send to the first stage, in a thread, until the end."""
    with contextlib.suppress(OSError):
        for number in count():
            message = messages.get()
            if not message:
                break
            writers[number % len(writers)].send_bytes(message)
    for writer in writers:
        with contextlib.suppress(OSError):
            writer.send_bytes(b"")


def _serve(
    function: Callable[[Any], Any],
    post: _Post,
    ends: list[Connection],
) -> None:
    """Do the items that come, in a worker, until an empty one."""
    # held open here, they would hide that a process is gone
    mine = {id(end) for end in post.readers + post.writers}
    for end in ends:
        if id(end) not in mine:
            end.close()
    try:
        _pass_on(function, post)
    except (EOFError, OSError):
        # another process is gone, and this one not to blame
        post.done[post.place] = 1
        return
    post.done[post.place] = 1
    for writer in post.writers:
        with contextlib.suppress(OSError):
            writer.send_bytes(b"")


def _pass_on(function: Callable[[Any], Any], post: _Post) -> None:
    for number in count(post.number, post.step):
        reader = post.readers[number % len(post.readers)]
        message = reader.recv_bytes()
        if not message:
            return
        if message[:1] == _VALUE:
            message = _apply(function, message[1:])
        writer = post.writers[number % len(post.writers)]
        writer.send_bytes(message)


def _apply(function: Callable[[Any], Any], packed: bytes) -> bytes:
    try:
        value = function(pickle.loads(packed))
        return _VALUE + bytes(ForkingPickler.dumps(value))
    except Exception as error:
        text = "".join(traceback.format_exception(error))
        return _ERROR + pickle.dumps((_fit(error), text))


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
