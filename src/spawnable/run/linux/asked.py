"""Ask for runs on Linux: of one process that forks another for each."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spawnable.run.folders import Folder
from spawnable.run.wardens import PATIENCE, READ, await_end, let_go, start_warden
from spawnable.snippet import Limits

if TYPE_CHECKING:
    from spawnable.run.request import Request

__all__ = ["Shared"]

_MESSAGE = 1 << 12
#: what a keeper says before its answer, once it can take a request
_READY = b"+"
_USUAL = Limits()
#: keepers that are made ready before they are needed, where so many are used at once
_SPARE = os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class _Order:
    """What a keeper is to be."""

    network: bool
    processes: int
    #: why it can have no namespaces; empty where it is to have them
    refusal: str

    def fits(self, limits: Limits) -> bool:
        """Tell whether it can do a run within these limits."""
        return (self.network, self.processes) == (limits.network, limits.processes)


class _Keeper:
    """What leads to a process that serves one request: the warden's number for it, and two ends of pipes."""

    def __init__(self, order: _Order, number: int, descriptors: list[int]) -> None:
        self.order = order
        self.number = number
        self.requests, self.answers = descriptors

    def asked(self, line: bytes, deadline: float) -> bytes:
        """Send a request and return what is said: that it is ready, and its answer, or why it can not have namespaces.

        Empty where it ended; raises TimeoutError where nothing comes in time.
        """
        with suppress(BrokenPipeError):  # it did not get so far as to read
            view = memoryview(line)
            while view:
                view = view[os.write(self.requests, view) :]
        said, poll = bytearray(), select.poll()
        poll.register(self.answers, select.POLLIN)
        while not said.endswith(b"\n"):
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise TimeoutError
            piece = os.read(self.answers, READ)
            if not piece:
                return b"" if said.startswith(_READY) else bytes(said)
            said += piece
        return bytes(said)

    def close(self) -> None:
        """Close both ends."""
        os.close(self.requests)
        os.close(self.answers)


class Shared:
    """A warden that forks a keeper for each run; requests and answers go to and from the keeper itself.

    A keeper is asked for before it is needed: after a run the next one is made ready.
    """

    shared = True

    def __init__(self) -> None:
        """Start it."""
        self.folder = Folder()
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = start_warden("linux.warden", self.folder, theirs.fileno(), subprocess.DEVNULL)
        self.lock = threading.Lock()
        self.keepers: set[_Keeper] = set()
        #: those that nobody uses yet
        self.idle: list[_Keeper] = []
        #: those that were asked for and have not come: they come in this order
        self.awaited: deque[_Order] = deque()
        #: why runs have no namespaces; empty while they have them, which ends with the first refusal
        self.refusal = "SPAWNABLE_NO_NAMESPACE is set" if "SPAWNABLE_NO_NAMESPACE" in os.environ else ""
        self._order()

    def ask(self, request: Request) -> bytes:
        """Have one run done; empty where the warden ended.  Raises TimeoutError where no answer comes in time."""
        deadline = time.monotonic() + request.limits.time + PATIENCE
        line = request.to_line()
        try:
            while True:
                keeper = self._take(request.limits, deadline)
                if isinstance(keeper, bytes):
                    return keeper
                try:
                    said = keeper.asked(line, deadline)
                finally:
                    self._done(keeper)
                if said.startswith(_READY):
                    return said.removeprefix(_READY)
                if keeper.order.refusal:
                    return b""
                self.refusal = self.refusal or said.decode(errors="replace") or "the process that entered them ended"
        except TimeoutError:
            raise
        except OSError:  # what broke, or was shut from another thread
            return b""

    def _take(self, limits: Limits, deadline: float) -> _Keeper | bytes:
        """Return a keeper for a run within these limits, or the answer that says why there is none."""
        with self.lock:
            for keeper in self.idle:
                if keeper.order.fits(limits):
                    self.idle.remove(keeper)
                    return keeper
            if not any(order.fits(limits) for order in self.awaited):
                self._order(limits)
            while True:
                order, come = self._come(deadline)
                if order.fits(limits):
                    return come
                if isinstance(come, _Keeper):  # one that was asked for before
                    self.idle.append(come)

    def _order(self, limits: Limits = _USUAL, *, ended: int | None = None) -> None:
        """Ask for a keeper, and say which one is not needed any more."""
        order = _Order(limits.network, limits.processes, self.refusal)
        self.control.send(json.dumps(["new", order.network, order.processes, order.refusal, ended]).encode())
        self.awaited.append(order)

    def _come(self, deadline: float) -> tuple[_Order, _Keeper | bytes]:
        """Return the keeper that was asked for first, or the answer that says why there is none."""
        self.control.settimeout(max(0.01, deadline - time.monotonic()))
        message, descriptors, _, _ = socket.recv_fds(self.control, _MESSAGE, 2)
        if not message:
            raise ConnectionError
        order = self.awaited.popleft()
        if len(descriptors) != 2:  # noqa: PLR2004
            return order, message
        keeper = _Keeper(order, int(message), descriptors)
        self.keepers.add(keeper)
        return order, keeper

    def _done(self, keeper: _Keeper) -> None:
        """Have a keeper ended, and another made ready."""
        with self.lock:
            self.keepers.discard(keeper)
            keeper.close()
            with suppress(OSError):
                busy = len(self.keepers) - len(self.idle)
                if len(self.idle) + len(self.awaited) < max(1, min(busy, _SPARE)):
                    self._order(ended=keeper.number)
                else:
                    self.control.send(json.dumps(["end", keeper.number]).encode())

    def lives(self) -> bool:
        """Tell whether it has not ended."""
        return self.process.poll() is None

    def hang_up(self) -> None:
        """Tell the warden to end, and with it whatever it runs."""
        with suppress(OSError):
            self.control.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """See to it that the warden has ended."""
        self.hang_up()
        await_end(self.process)
        with self.lock:
            for keeper in self.idle:
                self.keepers.discard(keeper)
                keeper.close()
            self.idle.clear()
        self.control.close()
        self.folder.remove()

    def forget(self) -> None:
        """Hold nothing that leads to it in a forked child, so that it ends with the process that asked for it."""
        let_go([self.control.fileno(), *(end for keeper in self.keepers for end in (keeper.requests, keeper.answers))])
