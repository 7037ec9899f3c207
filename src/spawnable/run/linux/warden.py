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
from spawnable.run.linux.group import Group
from spawnable.run.linux.watch import TASKS, NotStartedError, Watcher
from spawnable.run.request import Request, head
from spawnable.snippet import Limits

__all__ = ["main"]


_READ = 1 << 20
#: tasks beyond those of a run: keepers, the warden, and some with which a run can be seen to pass its limit
_OWN = 100
#: what a keeper writes before its answer, once it can take a request
_READY = b"+"
#: what a transcript does not tell where a run has no namespaces
_ALONE = "whether it changed files of yours or ended processes of yours: the system refused it namespaces ({})"
#: bytes that a run's files may take where the request says nothing else
_DISK = Limits().disk


def main() -> None:
    """Serve requests until the input is closed; the argument is the folder of all runs, removed then."""
    group = Group()
    try:
        _requests(group)
    except OSError as error:  # such as a full disk: an answer to the request that comes, or is served
        _write(1, json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode() + b"\n")
    finally:
        group.leave()
        _remove(sys.argv[1])


def _requests(group: Group) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    gc.freeze()
    folders = (f"{sys.argv[1]}/{number}" for number in count())
    pending, spare = b"", _Keeper(next(folders), network=False)
    try:
        while piece := os.read(0, _READ):
            pending += piece
            while b"\n" in pending:
                line, _, pending = pending.partition(b"\n")
                network, processes = head(line)
                group.limit(processes * TASKS + _OWN)
                keeper = _Keeper(next(folders), network=True) if network else spare
                if not keeper.serve(line + b"\n"):
                    return
                spare = spare if spare is not keeper else _Keeper(next(folders), network=False)
    finally:
        spare.end()


class _Keeper:
    """A process that waits for one request, in namespaces of its own, and serves it."""

    #: why a run has no namespaces: told with its transcript; empty while it has them, which ends with the first refusal
    refusal = "SPAWNABLE_NO_NAMESPACE is set" if "SPAWNABLE_NO_NAMESPACE" in os.environ else ""

    def __init__(self, folder: str, *, network: bool) -> None:
        self.folder = folder
        Path(folder).mkdir(parents=True)
        self._start(network=network)
        answer = os.read(self.answers, _READ)
        if answer != _READY:
            self.end()
            _Keeper.refusal = answer.decode(errors="replace") or "the process that entered them ended"
            Path(folder).mkdir(parents=True)
            self._start(network=network)
            os.read(self.answers, 1)

    def _start(self, *, network: bool) -> None:
        hers, self.requests = os.pipe()
        self.answers, hers_too = os.pipe()
        self.ended = False
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
        """End the keeper and all that is in its namespaces, and remove the folder of its run; again does nothing."""
        if self.ended:
            return
        self.ended = True
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.requests)
        os.close(self.answers)
        _remove(self.folder)

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
                return (
                    json.dumps({"failed": "the process that watches the run ended without an answer"}).encode() + b"\n"
                )
            answer += piece
        return answer


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


def _keep(requests: int, answers: int, folder: str, *, network: bool) -> None:
    """Enter namespaces where the system allows it, serve one request in their first process, and end."""
    try:
        namespace.die_with_parent()
        if _Keeper.refusal:
            namespace.adopt_orphans()
            _serve(requests, answers, folder, [_ALONE.format(_Keeper.refusal)], contained=False)
        try:
            namespace.separate(network=network)
            first = os.fork()
            if not first:
                namespace.die_with_parent()
                refused = namespace.enclose(folder, disk=_DISK, network=network)
                _serve(requests, answers, folder, refused, contained=True)
        except OSError as error:
            _write(answers, str(error).encode(errors="replace"))
            return
        os.close(requests)
        os.close(answers)
        os.waitpid(first, 0)
    finally:
        os._exit(0)


def _serve(requests: int, answers: int, folder: str, unknown: list[str], *, contained: bool) -> None:
    """Get ready, read one request, do the run, write its transcript, which lacks what is `unknown`, and end."""
    watcher = Watcher(folder, unknown, contained=contained)
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
            text = watcher.main(request).to_json()
        except NotStartedError as error:
            text = json.dumps({"failed": str(error)})
        except Exception as error:  # noqa: BLE001
            text = json.dumps({"failed": f"the run could not be watched: {type(error).__name__}: {error}"})
        _write(answers, text.encode(errors="backslashreplace") + b"\n")
    finally:
        os._exit(0)
