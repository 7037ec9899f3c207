"""A process that keeps runs apart from the one that asks for them.

For every run a warden forks a keeper, which enters namespaces of its own where the
system allows it, and is then asked for the run and answers with a transcript itself.
A keeper ends when its warden does, and everything in the run ends with the keeper; a
warden ends when the socket that is its standard input is closed.
"""

from __future__ import annotations

import gc
import json
import os
import select
import shutil
import signal
import socket
import sys
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from spawnable.run.linux import namespace, services
from spawnable.run.linux.group import Group, sweep
from spawnable.run.linux.watch import TASKS, NotStartedError, Watcher
from spawnable.run.request import Request
from spawnable.snippet import Limits

__all__ = ["main"]


_READ = 1 << 20
_MESSAGE = 1 << 12
#: tasks beyond those of a run: its keepers, and some with which a run can be seen to pass its limit
_OWN = 100
#: what a keeper writes before its answer, once nothing keeps it from taking a request
_READY = b"+"
#: what a transcript does not tell where a run has no namespaces
_ALONE = "whether it changed files of yours or ended processes of yours: the system refused it namespaces ({})"
#: bytes that a run's files may take where the request says nothing else
_DISK = Limits().disk
#: seconds in which a keeper ends by itself, once nobody needs it
_END = 1.0
#: seconds between two looks whether it has
_LOOK = 0.01


def main() -> None:
    """Serve orders until the socket is closed; the argument is the folder of all runs, removed then."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    gc.freeze()
    keepers: dict[int, _Keeper] = {}
    try:
        with socket.socket(fileno=0) as control:
            _orders(control, keepers)
    finally:
        for keeper in keepers.values():
            keeper.kill()
        for keeper in keepers.values():
            keeper.end_by = time.monotonic() + _END
            while not keeper.gone():
                time.sleep(_LOOK)
        _remove(sys.argv[1])


def _orders(control: socket.socket, keepers: dict[int, _Keeper]) -> None:
    """Make keepers, and end those that nobody needs any more."""
    sweep()
    numbers = count()
    while True:
        control.settimeout(_LOOK if any(keeper.end_by for keeper in keepers.values()) else None)
        with suppress(TimeoutError, ConnectionError):
            order = control.recv(_MESSAGE)
            if not order:
                return
            kind, *rest, ended = json.loads(order)
            if ended is not None:
                keepers[ended].end_by = time.monotonic() + _END
            if kind == "new":
                _new(next(numbers), rest, control, keepers)
        for number in [number for number, keeper in keepers.items() if keeper.end_by and keeper.gone()]:
            del keepers[number]


def _new(number: int, wanted: list[Any], control: socket.socket, keepers: dict[int, _Keeper]) -> None:
    """Make a keeper and hand over what leads to it, or say why there is none."""
    try:
        keepers[number] = _Keeper(number, *wanted)
        keepers[number].offer(control)
    except OSError as error:  # such as a full disk
        if number in keepers:
            keepers[number].end_by = time.monotonic()
        control.send(json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode() + b"\n")


class _Keeper:
    """A process that waits for one request, in namespaces of its own, and serves it.

    `refusal` says why it can have none.
    """

    def __init__(self, number: int, network: bool, processes: int, refusal: str) -> None:
        self.number = number
        self.folder = f"{sys.argv[1]}/{number}"
        Path(self.folder).mkdir(parents=True)
        self.group = Group(f"{os.getpid()}-{number}", processes * TASKS + _OWN)
        #: the clock's reading when it is killed
        self.end_by: float | None = None
        self.ended = False
        warden, pipes = os.getpid(), [*os.pipe(), *os.pipe()]
        hers, requests, answers, hers_too = pipes
        self.ends = [requests, answers]
        try:
            self.pid = os.fork()
        except OSError:
            for descriptor in pipes:
                os.close(descriptor)
            _remove(self.folder)
            self.group.remove()
            raise
        if not self.pid:
            os.dup2(hers, 0)
            for descriptor in (hers, requests, answers):
                os.close(descriptor)
            self.group.enter()
            _keep(0, hers_too, self.folder, refusal, warden, network=network)
        os.close(hers)
        os.close(hers_too)

    def offer(self, control: socket.socket) -> None:
        """Hand both ends that lead to it over."""
        try:
            socket.send_fds(control, [b"%d" % self.number], self.ends)
        finally:
            for descriptor in self.ends:
                os.close(descriptor)

    def kill(self) -> None:
        """End the keeper and all that is in its namespaces."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def gone(self) -> bool:
        """Tell whether it has ended and all is cleaned up; kill it where its time is over."""
        late = self.end_by is not None and time.monotonic() > self.end_by
        if not self.ended:
            self.ended = os.waitpid(self.pid, os.WNOHANG)[0] != 0
            if self.ended:
                _remove(self.folder)
            elif late:
                self.kill()
        return self.ended and (self.group.remove() or late)


def _remove(folder: str) -> None:
    """Remove a folder, however deep it is and whatever a script has closed in it."""
    with suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if os.path.lexists(folder):
        import subprocess

        for command in (["chmod", "-R", "u+rwx", folder], ["rm", "-rf", folder]):
            subprocess.run(command, check=False, stdin=subprocess.DEVNULL, capture_output=True)


def _write(descriptor: int, text: bytes) -> None:
    """Write all of it."""
    view = memoryview(text)
    while view:
        view = view[os.write(descriptor, view) :]


def _keep(requests: int, answers: int, folder: str, refusal: str, warden: int, *, network: bool) -> None:
    """Enter namespaces where the system allows it, serve one request in their first process, and end."""
    try:
        namespace.die_with_parent()
        if os.getppid() != warden:  # it ended before it could be told
            return
        if refusal:
            namespace.adopt_orphans()
            _serve(requests, answers, folder, [_ALONE.format(refusal)], contained=False)
        try:
            sockets = None if network else services.table()
            namespace.separate(network=network)
            lives, held = os.pipe()
            first = os.fork()
            if not first:
                os.close(held)
                namespace.die_with_parent()
                if select.select([lives], [], [], 0)[0]:  # the same
                    return
                os.close(lives)
                refused = namespace.enclose(folder, disk=_DISK, network=network)
                _serve(requests, answers, folder, refused, contained=True, sockets=sockets)
        except OSError as error:
            _write(answers, str(error).encode(errors="replace"))
            return
        os.close(requests)
        os.close(answers)
        os.waitpid(first, 0)
    finally:
        os._exit(0)


def _serve(
    requests: int, answers: int, folder: str, unknown: list[str], *, contained: bool, sockets: int | None = None
) -> None:
    """Get ready, read one request, do the run, write its transcript, which lacks what is `unknown`, and end.

    The run can not reach what is listed in `sockets`.
    """
    watcher = Watcher(folder, unknown, contained=contained)
    if not select.select([requests], [], [], 0)[0]:  # nobody waits
        watcher.rehearse()
    _write(answers, _READY)
    try:
        line = b""
        while not line.endswith(b"\n"):
            piece = os.read(requests, _READ)
            if not piece:
                return
            line += piece
        try:
            request = Request.from_line(line)
            request.folder = folder
            if contained and request.limits.disk != _DISK:
                namespace.resize(folder, request.limits.disk)
            if sockets is not None:
                unknown += services.hide(sockets)
            text = watcher.main(request).to_json()
        except NotStartedError as error:
            text = json.dumps({"failed": str(error)})
        except Exception as error:  # noqa: BLE001
            text = json.dumps({"failed": f"the run could not be watched: {type(error).__name__}: {error}"})
        _write(answers, text.encode(errors="backslashreplace") + b"\n")
    finally:
        os._exit(0)
