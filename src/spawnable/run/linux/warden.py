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
from pathlib import Path

from spawnable.run.linux import namespace
from spawnable.run.linux.watch import watch
from spawnable.run.request import Request

__all__ = ["main"]


_READ = 1 << 20


def main() -> None:
    """Serve requests until the input is closed; the argument is the folder of all runs, removed then."""
    try:
        _requests()
    finally:
        shutil.rmtree(sys.argv[1], ignore_errors=True)


def _requests() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    gc.freeze()
    pending, spare = b"", _Keeper(network=False)
    while piece := os.read(0, _READ):
        pending += piece
        while b"\n" in pending:
            line, _, pending = pending.partition(b"\n")
            request = Request.from_line(line)
            keeper = _Keeper(network=True) if request.limits.network else spare
            if not keeper.serve(request, line + b"\n"):
                return
            spare = spare if spare is not keeper else _Keeper(network=False)


class _Keeper:
    """A process that waits for one request, in namespaces of its own, and serves it."""

    def __init__(self, *, network: bool) -> None:
        hers, self.requests = os.pipe()
        self.answers, hers_too = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(self.requests)
            os.close(self.answers)
            _keep(hers, hers_too, network=network)
        os.close(hers)
        os.close(hers_too)

    def serve(self, request: Request, line: bytes) -> bool:
        """Have the run done, pass its transcript on and clean up; False where the input was closed meanwhile."""
        Path(request.folder).mkdir(parents=True)
        try:
            _write(self.requests, line)
            answer = self._answer()
            if answer is not None:
                _write(1, answer)
            return answer is not None
        finally:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            os.close(self.requests)
            os.close(self.answers)
            shutil.rmtree(request.folder, ignore_errors=True)

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


def _keep(requests: int, answers: int, *, network: bool) -> None:
    """Enter namespaces, serve one request in their first process, and end."""
    try:
        namespace.die_with_parent()
        contained = "SPAWNABLE_NO_NAMESPACE" not in os.environ and namespace.separate(network=network)
        if not contained:
            namespace.adopt_orphans()
            _serve(requests, answers, contained=False)
        first = os.fork()
        if not first:
            namespace.die_with_parent()
            _serve(requests, answers, contained=True)
        os.close(requests)
        os.close(answers)
        os.waitpid(first, 0)
    finally:
        os._exit(0)


def _serve(requests: int, answers: int, *, contained: bool) -> None:
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
            if contained:
                limits = request.limits
                namespace.enclose(request.folder, disk=limits.disk, network=limits.network)
            text = watch(request, contained=contained).to_json()
        except Exception as error:  # noqa: BLE001
            text = json.dumps({"failed": f"{type(error).__name__}: {error}"})
        _write(answers, text.encode(errors="backslashreplace") + b"\n")
    finally:
        os._exit(0)
