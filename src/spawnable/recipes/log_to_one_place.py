# SPDX-License-Identifier: 0BSD
"""Logging of many processes, written by one of them.

Copy this file; it needs the standard library alone.

>>> with OnePlace() as place:
...     place.level == logging.getLogger().level
True
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import multiprocessing
import os
import pickle
import threading
import time
import traceback
from multiprocessing import ProcessError
from multiprocessing.connection import Client, Connection, Listener
from types import TracebackType
from typing import Any, Self

__all__ = ["OnePlace"]

#: held by whatever thread of a recipe writes: a process that is
#: forked meanwhile would have a copy of what writing had locked
_WRITING = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_WRITING.acquire,
        after_in_parent=_WRITING.release,
        after_in_child=_WRITING.release,
    )

#: seconds between two looks at whether the block has ended
_LOOK = 0.5
#: how many workers may knock before the first is let in
_KNOCKING = 128
#: what is said at the door, by a worker and by who closes it
_HELLO, _LAST = b"hello", b"last"


class OnePlace:
    """Where the log records of all workers go: to this process.

    Make it before the workers, in the process that is to write.
    Each worker calls `use`, by itself or as the initializer of a
    pool, and waits in it until the parent enters the `with` block.
    In the block a thread hands each record to the logger of its
    name, as if this process had logged it: levels, filters and
    handlers are those of this process.

    At its end the block takes all that ended workers have sent,
    and waits for others to end, `grace` seconds at most: what they
    log after that is not written.

    What is below `level` the workers do not even send; None is
    the level of this process's root logger.

    >>> with OnePlace(level=logging.INFO) as place:
    ...     logging.getLevelName(place.level)
    'INFO'
    """

    def __init__(
        self, *, level: int | None = None, grace: float = 5.0
    ) -> None:
        if level is None:
            level = logging.getLogger().level
        self.level = level
        self._grace = grace
        self._maker = os.getpid()
        listener = Listener(backlog=_KNOCKING, authkey=_key())
        self._listener: Listener | None = listener
        self._address = listener.address
        # workers that wait at the door end, and so may this process
        atexit.register(listener.close)
        self._end: float | None = None
        #: when what is written last was logged, by the clock
        self._last = float("inf")
        # a daemon, as the readers are: where the block can not
        # end in order, the program does nevertheless
        self._accepting = threading.Thread(
            target=self._accept, args=(listener,), daemon=True
        )
        self._readers: list[threading.Thread] = []

    def __getstate__(self) -> dict[str, Any]:
        """Be sent without what the parent alone has."""
        parts = "_listener", "_accepting", "_readers"
        return {**vars(self), **dict.fromkeys(parts)}

    def use(self) -> None:
        """Send all that this process logs, from now on.

        The root logger gets a handler that sends, and the level,
        and loses others; other loggers keep theirs.

        Raises RuntimeError in the process that made the place,
        and OSError or EOFError where nobody listens any more.

        >>> OnePlace().use()
        Traceback (most recent call last):
        RuntimeError: it is the workers who use a place
        """
        if os.getpid() == self._maker:
            raise RuntimeError("it is the workers who use a place")
        if self._listener is not None:
            # a copy, by fork
            self._listener.close()
            self._listener = None
        sender = _Sender(self._address)
        sender.connect()
        root = logging.getLogger()
        root.handlers = [sender]
        root.setLevel(self.level)

    def __enter__(self) -> Self:
        """Begin to write; a place can be entered once."""
        self._accepting.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _where: TracebackType | None,
    ) -> None:
        """Write what the workers have sent, and let no more in."""
        self._last = time.time() + self._grace
        self._end = time.monotonic() + self._grace
        with Client(self._address, authkey=_key()) as door:
            door.send_bytes(_LAST)
            self._accepting.join()
        for reader in self._readers:
            reader.join()

    def _accept(self, listener: Listener) -> None:
        while True:
            try:
                connection = listener.accept()
                if connection.recv_bytes() == _LAST:
                    break
            except (OSError, EOFError, ProcessError):
                # died at the door, or is none of ours
                time.sleep(0.01)
                continue
            reader = threading.Thread(
                target=self._read, args=(connection,), daemon=True
            )
            reader.start()
            alive = [r for r in self._readers if r.is_alive()]
            self._readers = [*alive, reader]
        connection.close()
        listener.close()
        atexit.unregister(listener.close)

    def _read(self, connection: Connection) -> None:
        # until the worker ends, or begins a new connection
        with connection, contextlib.suppress(OSError, EOFError):
            while True:
                late = self._ended()
                if connection.poll(0 if late else _LOOK):
                    # what ended workers have sent is older
                    if _write(connection.recv_bytes()) > self._last:
                        break
                elif late:
                    break

    def _ended(self) -> bool:
        end = self._end
        return end is not None and time.monotonic() >= end


class _Sender(logging.Handler):
    """Sends records, on a connection of its own in each process."""

    def __init__(self, address: Any) -> None:
        super().__init__()
        self._address = address
        self._connection: Any = None
        self._owner = 0

    def connect(self) -> Any:
        """Return the connection of this process."""
        if self._connection is None or self._owner != os.getpid():
            self._connection = Client(self._address, authkey=_key())
            self._connection.send_bytes(_HELLO)
            self._owner = os.getpid()
        return self._connection

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record: it is on its way when this returns."""
        try:
            message = _packed(record)
            sent = False
            try:
                self.connect().send_bytes(message)
                sent = True
            finally:
                if not sent and self._connection is not None:
                    # half of it may be sent: begin anew
                    self._connection.close()
                    self._connection = None
        except Exception:
            self.handleError(record)


def _key() -> bytes:
    """Return the secret that a process has of its parent."""
    return bytes(multiprocessing.current_process().authkey)


def _packed(record: logging.LogRecord) -> bytes:
    """Pickle a record, with text in place of what can not be."""
    fields = dict(vars(record))
    fields["msg"], fields["args"] = record.getMessage(), None
    if record.exc_info and not record.exc_text:
        found = logging.Formatter().formatException(record.exc_info)
        fields["exc_text"] = found
    fields["exc_info"] = None
    try:
        return pickle.dumps(fields)
    except Exception:
        fit = {name: _fit_value(fields[name]) for name in fields}
        return pickle.dumps(fit)


def _fit_value(value: Any) -> Any:
    try:
        pickle.dumps(value)
    except Exception:
        return repr(value)
    return value


def _write(message: bytes) -> float:
    """Log what a worker has logged, and return when that was.

    An error in it ends nothing.
    """
    created = 0.0
    with _WRITING:
        try:
            record = logging.makeLogRecord(pickle.loads(message))
            created = record.created
            logger = logging.getLogger(record.name)
            if logger.isEnabledFor(record.levelno):
                logger.handle(record)
        except Exception:
            traceback.print_exc()
    return created
