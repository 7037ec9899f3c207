"""Every way in which this library brings a message from one process to another, by one interface.

A channel is made in the parent and given to a child as an argument of its process.
"""

from __future__ import annotations

import pickle
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import shared_memory
from multiprocessing.connection import Client, Listener
from multiprocessing.context import BaseContext
from typing import Any, Protocol

__all__ = ["QUEUES", "Channel", "channels"]


class Channel(Protocol):
    """One way, both ends."""

    def send(self, message: bytes) -> None:
        """Hand a message over."""

    def receive(self, size: int) -> bytes:
        """Wait for a message of that size."""


class _Pipe:
    """`Connection.send` and `recv`: pickled, through a pipe."""

    #: ends of a pipe are of another class on Windows; a process may have one of them alone
    reader: Any
    writer: Any

    def __init__(self, reader: Any, writer: Any) -> None:
        self.reader, self.writer = reader, writer

    def send(self, message: bytes) -> None:
        self.writer.send(message)

    def receive(self, size: int) -> Any:  # noqa: ARG002 - a message knows its size
        return self.reader.recv()


class _PipeBytes(_Pipe):
    """`Connection.send_bytes` and `recv_bytes`: nothing is pickled."""

    def send(self, message: bytes) -> None:
        self.writer.send_bytes(message)

    def receive(self, size: int) -> Any:  # noqa: ARG002 - a message knows its size
        return self.reader.recv_bytes()


class _OutOfBand(_PipeBytes):
    """Pickle protocol 5: the message's buffer goes beside its pickle and is copied into none."""

    def send(self, message: bytes) -> None:
        buffers: list[pickle.PickleBuffer] = []
        super().send(pickle.dumps(pickle.PickleBuffer(message), protocol=5, buffer_callback=buffers.append))
        for buffer in buffers:
            with buffer.raw() as view:
                self.writer.send_bytes(view)

    def receive(self, size: int) -> bytes:
        head = super().receive(size)
        found: bytes = pickle.loads(head, buffers=[super().receive(size)])  # noqa: S301 - of our own parent
        return found


class _Queue:
    """A queue's `put` and `get`."""

    def __init__(self, queue: Any) -> None:
        self.queue = queue

    def send(self, message: bytes) -> None:
        self.queue.put(message)

    def receive(self, size: int) -> Any:  # noqa: ARG002 - a message knows its size
        return self.queue.get()


class _JoinableQueue(_Queue):
    """The same, each message counted as done."""

    def receive(self, size: int) -> Any:  # noqa: ARG002 - a message knows its size
        message = self.queue.get()
        self.queue.task_done()
        return message


class _Shared:
    """Memory that both have, a semaphore that says it is full and one that says it is free."""

    def __init__(self, context: BaseContext) -> None:
        self.full, self.free = context.Semaphore(0), context.Semaphore(1)

    def send(self, message: bytes) -> None:
        self.free.acquire()
        self.write(message)
        self.full.release()

    def receive(self, size: int) -> bytes:
        self.full.acquire()
        message = self.read(size)
        self.free.release()
        return message

    def write(self, message: bytes) -> None:
        raise NotImplementedError

    def read(self, size: int) -> bytes:
        raise NotImplementedError


class _Block(_Shared):
    """`SharedMemory`."""

    def __init__(self, context: BaseContext, block: shared_memory.SharedMemory) -> None:
        super().__init__(context)
        self.block = block

    def write(self, message: bytes) -> None:
        buffer: Any = self.block.buf  # None once it is closed
        buffer[: len(message)] = message

    def read(self, size: int) -> bytes:
        buffer: Any = self.block.buf
        return bytes(buffer[:size])


class _Array(_Shared):
    """`Array`, whose lock is taken for each copy."""

    def __init__(self, context: BaseContext, size: int) -> None:
        super().__init__(context)
        self.array: Any = context.Array("B", size)

    def write(self, message: bytes) -> None:
        with self.array.get_lock():
            memoryview(self.array.get_obj()).cast("B")[: len(message)] = message

    def read(self, size: int) -> bytes:
        with self.array.get_lock():
            return bytes(memoryview(self.array.get_obj()).cast("B")[:size])


class _Value(_Shared):
    """`Value`, which holds one number."""

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)
        self.number: Any = context.Value("q")

    def write(self, message: bytes) -> None:
        self.number.value = int.from_bytes(message, "little")

    def read(self, size: int) -> bytes:
        return int(self.number.value).to_bytes(size, "little")


class _Socket(_Pipe):
    """`Listener` and `Client`: the child comes to the parent's address at its first message."""

    def __init__(self, listener: Listener) -> None:
        super().__init__(None, None)
        self.listener: Listener | None = listener
        self.address = listener.address

    def __getstate__(self) -> dict[str, Any]:
        return {"reader": None, "writer": None, "listener": None, "address": self.address}

    def send(self, message: bytes) -> None:
        if self.writer is None and self.listener is not None:
            self.writer = self.listener.accept()
        super().send(message)

    def receive(self, size: int) -> Any:
        if self.reader is None:
            self.reader = Client(self.address)
        return super().receive(size)


#: queues that any number of processes may share, by name
QUEUES: dict[str, Callable[[BaseContext, Any], Channel]] = {
    "SimpleQueue": lambda context, _: _Queue(context.SimpleQueue()),
    "Queue": lambda context, _: _Queue(context.Queue()),
    "JoinableQueue": lambda context, _: _JoinableQueue(context.JoinableQueue()),
    "Manager queue": lambda _, manager: _Queue(manager.Queue()),
}


@contextmanager
def channels(context: BaseContext, largest: int) -> Iterator[dict[str, Channel]]:
    """Give a channel of each kind for messages of up to so many bytes; afterwards nothing is left of them."""
    with ExitStack() as stack:
        manager = stack.enter_context(context.Manager())
        found: dict[str, Channel] = {}
        for name, kind in (("Pipe", _Pipe), ("Pipe, bytes", _PipeBytes), ("Pipe, out of band", _OutOfBand)):
            reader, writer = context.Pipe(duplex=False)
            stack.callback(reader.close)
            stack.callback(writer.close)
            found[name] = kind(reader, writer)
        for name, make in QUEUES.items():
            found[name] = make(context, manager)
        block = shared_memory.SharedMemory(create=True, size=largest)
        stack.callback(block.unlink)
        stack.callback(block.close)
        found["shared_memory"] = _Block(context, block)
        found["Array"] = _Array(context, largest)
        found["Value"] = _Value(context)
        for name, family, address in (
            ("Listener, AF_UNIX", "AF_UNIX", None),
            ("Listener, AF_PIPE", "AF_PIPE", None),
            ("Listener, TCP", "AF_INET", ("localhost", 0)),
        ):
            if family == "AF_PIPE" and hasattr(socket, "AF_UNIX"):
                continue
            if family == "AF_UNIX" and not hasattr(socket, "AF_UNIX"):
                continue
            listener = stack.enter_context(Listener(address, family))
            found[name] = _Socket(listener)
        yield found
