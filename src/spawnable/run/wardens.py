"""Talk to the processes that do runs: one for all of them on Linux, elsewhere one for each run at a time."""

from __future__ import annotations

import os
import platform
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from spawnable.run.folders import Folder

if TYPE_CHECKING:
    from spawnable.run.request import Request

__all__ = ["PATIENCE", "READ", "Piped", "Warden", "await_end", "let_go", "start", "start_warden"]

#: seconds beyond its time limit after which a run that did not answer is given up
PATIENCE = 15.0
#: seconds in which a warden ends all that it runs on the busiest machine
_END = 20.0
READ = 1 << 20
_PORTABLE = platform.system() != "Linux"
_SOURCE = str(Path(__file__).parents[2])
_START = "import sys; sys.path.insert(0, {source!r}); from spawnable.run.{module} import main; main()"


class Warden(Protocol):
    """A process that does runs."""

    #: whether it does many at once
    shared: bool

    def ask(self, request: Request) -> bytes:
        """Have one run done; empty where the warden ended.  Raises TimeoutError where no answer comes in time."""

    def lives(self) -> bool:
        """Tell whether it has not ended."""

    def hang_up(self) -> None:
        """Tell it to end, and with it whatever it runs."""

    def end(self) -> None:
        """See to it that it has ended."""

    def forget(self) -> None:
        """Hold nothing that leads to it in a forked child, so that it ends with the process that asked for it."""


def start() -> Warden:
    """Start a warden of the kind that this system allows; raise OSError where it can not be started."""
    if _PORTABLE or "SPAWNABLE_PORTABLE" in os.environ:
        return Piped()
    # by its name: elsewhere there is not all that it is made of
    shared: Callable[[], Warden] = import_module("spawnable.run.linux.asked").Shared
    return shared()


class Piped:
    """A warden that does one run at a time: it takes requests from a pipe and answers to another."""

    shared = False

    def __init__(self) -> None:
        """Start it."""
        self.folder = Folder()
        self.process = start_warden("portable", self.folder, subprocess.PIPE, subprocess.PIPE)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.requests, self.answers = self.process.stdin, self.process.stdout

    def ask(self, request: Request) -> bytes:
        """Have one run done; empty where the warden ended.  Raises TimeoutError where no answer comes in time."""
        patience = request.limits.time + PATIENCE
        try:
            self.requests.write(request.to_line())
            self.requests.flush()
            return self._answer_by_timer(patience) if sys.platform == "win32" else self._answer(patience)
        except TimeoutError:
            raise
        except (OSError, ValueError):  # a pipe that broke, or was closed from another thread
            return b""

    def _answer(self, patience: float) -> bytes:
        deadline, answer = time.monotonic() + patience, bytearray()
        while not answer.endswith(b"\n"):
            if not select.select([self.answers], [], [], max(0.0, deadline - time.monotonic()))[0]:
                self.process.kill()
                raise TimeoutError
            piece = os.read(self.answers.fileno(), READ)
            if not piece:
                return b""
            answer += piece
        return bytes(answer)

    def _answer_by_timer(self, patience: float) -> bytes:
        """Do the same where a pipe can not be waited for."""
        late = threading.Event()

        def give_up() -> None:
            late.set()
            self.process.kill()

        timer = threading.Timer(patience, give_up)
        timer.start()
        try:
            answer = self.answers.readline()
        finally:
            timer.cancel()
        if late.is_set() and not answer.endswith(b"\n"):
            raise TimeoutError
        return answer

    def lives(self) -> bool:
        """Tell whether it has not ended."""
        return self.process.poll() is None

    def hang_up(self) -> None:
        """Tell the warden to end, and with it whatever it runs."""
        with suppress(OSError):
            self.requests.close()

    def end(self) -> None:
        """See to it that the warden has ended."""
        self.hang_up()
        await_end(self.process)
        self.answers.close()
        self.folder.remove()

    def forget(self) -> None:
        """Hold no end of its pipes in a forked child, so that it ends with the process that asked for it."""
        let_go([pipe.fileno() for pipe in (self.requests, self.answers) if not pipe.closed])


def start_warden(module: str, folder: Folder, stdin: int, stdout: int) -> subprocess.Popen[bytes]:
    """Start the program of a warden, which keeps the claim to its folder, whatever becomes of this process."""
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", _START.format(source=_SOURCE, module=module), folder.path],
            stdin=stdin,
            stdout=stdout,
            cwd="/",
            # no Ctrl-C reaches it
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            pass_fds=folder.passed,
        )
    except OSError:
        folder.remove()
        raise
    if folder.passed:
        folder.release()
    return process


def await_end(process: subprocess.Popen[bytes]) -> None:
    """Wait for the end of a warden that was told to; kill it where it takes too long."""
    try:
        process.wait(_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def let_go(descriptors: list[int]) -> None:
    """Have descriptors lead nowhere, in a process that shares them with another."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in descriptors:
        if descriptor >= 0:
            os.dup2(null, descriptor, inheritable=False)
    os.close(null)
