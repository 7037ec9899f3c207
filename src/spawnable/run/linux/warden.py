"""A process that keeps runs apart from the one that asks for them.

A warden reads requests from its standard input, a line each, and answers each with
a transcript.  For every run it forks a keeper, which enters namespaces of its own
where the system allows it.  A keeper ends when its warden does, and everything in
the run ends with the keeper; a warden ends when its input is closed.
"""

from __future__ import annotations

import gc
import json
import os
import select
import shutil
import signal
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path

from spawnable.run.linux import namespace
from spawnable.run.linux.watch import watch
from spawnable.run.request import Request
from spawnable.snippet import Limits

__all__ = ["main"]


_READ = 1 << 20
#: what a keeper writes before its answer, once it can take a request
_READY = b"+"
#: bytes that a run's files may take where the request says nothing else
_DISK = Limits().disk


def main() -> None:
    """Serve requests until the input is closed; the argument is the folder of all runs, removed then."""
    try:
        _requests()
    except OSError as error:  # such as a full disk: an answer to the request that comes, or is served
        _write(1, json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode() + b"\n")
    finally:
        shutil.rmtree(sys.argv[1], ignore_errors=True)


def _requests() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    gc.freeze()
    folders = (f"{sys.argv[1]}/{number}" for number in count())
    pending, spare = b"", _Keeper(next(folders), network=False)
    while piece := os.read(0, _READ):
        pending += piece
        while b"\n" in pending:
            line, _, pending = pending.partition(b"\n")
            request = Request.from_line(line)
            keeper = _Keeper(next(folders), network=True) if request.limits.network else spare
            if not keeper.serve(line + b"\n"):
                return
            spare = spare if spare is not keeper else _Keeper(next(folders), network=False)


class _Keeper:
    """A process that waits for one request, in namespaces of its own, and serves it."""

    #: whether the system lets a run have namespaces; false from the first refusal on
    contained = "SPAWNABLE_NO_NAMESPACE" not in os.environ

    def __init__(self, folder: str, *, network: bool) -> None:
        self.folder = folder
        Path(folder).mkdir(parents=True)
        self._start(network=network)
        if os.read(self.answers, 1) != _READY:
            self.end()
            _Keeper.contained = False
            Path(folder).mkdir(parents=True)
            self._start(network=network)
            os.read(self.answers, 1)

    def _start(self, *, network: bool) -> None:
        hers, self.requests = os.pipe()
        self.answers, hers_too = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(self.requests)
            os.close(self.answers)
            _keep(hers, hers_too, self.folder, network=network)
        os.close(hers)
        os.close(hers_too)

    def serve(self, line: bytes) -> bool:
        """Have the run done, pass its transcript on and clean up; False where the input was closed meanwhile."""
        try:
            _write(self.requests, line)
            answer = self._answer()
            if answer is not None:
                _write(1, answer)
            return answer is not None
        finally:
            self.end()

    def end(self) -> None:
        """End the keeper and all that is in its namespaces, and remove the folder of its run."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.requests)
        os.close(self.answers)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answer(self) -> bytes | None:
        answer, poll = b"", select.poll()
        for descriptor in (0, self.answers):
            poll.register(descriptor, select.POLLIN)
        while not answer.endswith(b"\n"):
            ready = {descriptor for descriptor, _ in poll.poll()}
            if 0 in ready and self.answers not in ready:
                return None
            piece = os.read(self.answers, _READ)
            if not piece:
                return json.dumps({"failed": "its keeper ended without an answer"}).encode() + b"\n"
            answer += piece
        return answer


def _write(descriptor: int, text: bytes) -> None:
    """Write all of it."""
    view = memoryview(text)
    while view:
        view = view[os.write(descriptor, view) :]


def _keep(requests: int, answers: int, folder: str, *, network: bool) -> None:
    """Enter namespaces where the system allows it, serve one request in their first process, and end."""
    try:
        namespace.die_with_parent()
        if not _Keeper.contained or not namespace.separate(network=network):
            namespace.adopt_orphans()
            _write(answers, _READY)
            _serve(requests, answers, folder, contained=False)
        first = os.fork()
        if not first:
            namespace.die_with_parent()
            try:
                namespace.enclose(folder, disk=_DISK, network=network)
            except OSError:
                return
            _write(answers, _READY)
            _serve(requests, answers, folder, contained=True)
        os.close(requests)
        os.close(answers)
        os.waitpid(first, 0)
    finally:
        os._exit(0)


def _serve(requests: int, answers: int, folder: str, *, contained: bool) -> None:
    """Read one request, do the run, write its transcript, and end."""
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
            text = watch(request, contained=contained).to_json()
        except Exception as error:  # noqa: BLE001
            text = json.dumps({"failed": f"{type(error).__name__}: {error}"})
        _write(answers, text.encode(errors="backslashreplace") + b"\n")
    finally:
        os._exit(0)
