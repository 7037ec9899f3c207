"""Ask for runs: idle wardens are kept, so that a run costs little more than the script."""

from __future__ import annotations

import atexit
import errno
import json
import os
import platform
import select
import subprocess
import sys
import threading
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from spawnable.python import Python
from spawnable.run.folders import FULL, Folder
from spawnable.run.request import Request
from spawnable.run.scene import INJECT
from spawnable.snippet import Snippet
from spawnable.transcript import Transcript, TranscriptError

__all__ = ["RunError", "Runner", "close", "run"]

#: seconds beyond its time limit after which a run that did not answer is given up
_PATIENCE = 15.0
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_READ = 1 << 20
#: seconds in which a warden ends all that it runs on the busiest machine
_END = 20.0
_SOURCE = str(Path(__file__).parents[2])
_START = "import sys; sys.path.insert(0, {source!r}); from spawnable.run.{module} import main; main()"
_PORTABLE = platform.system() != "Linux"


class RunError(RuntimeError):
    """A run that could not be done at all; the message says why."""


class _Warden:
    """One warden process and the folder of its runs."""

    def __init__(self) -> None:
        portable = _PORTABLE or "SPAWNABLE_PORTABLE" in os.environ
        start = _START.format(source=_SOURCE, module="portable" if portable else "linux.warden")
        self.folder = Folder()
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-c", start, self.folder.path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd="/",
                # no Ctrl-C reaches it
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
                # it keeps the claim to its folder, whatever becomes of this process
                pass_fds=self.folder.passed,
            )
        except OSError:
            self.folder.remove()
            raise
        if self.folder.passed:
            self.folder.release()
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.requests, self.answers = self.process.stdin, self.process.stdout

    def ask(self, request: Request) -> bytes:
        """Have one run done; empty where the warden ended."""
        patience = request.limits.time + _PATIENCE
        try:
            self.requests.write(request.to_line())
            self.requests.flush()
            return self._answer_by_timer(patience) if sys.platform == "win32" else self._answer(patience)
        except (OSError, ValueError):  # a pipe that broke, or was closed from another thread
            return b""

    def _answer(self, patience: float) -> bytes:
        deadline, answer = time.monotonic() + patience, bytearray()
        while not answer.endswith(b"\n"):
            if not select.select([self.answers], [], [], max(0.0, deadline - time.monotonic()))[0]:
                self.process.kill()
            piece = os.read(self.answers.fileno(), _READ)
            if not piece:
                return b""
            answer += piece
        return bytes(answer)

    def _answer_by_timer(self, patience: float) -> bytes:
        """Do the same where a pipe can not be waited for."""
        timer = threading.Timer(patience, self.process.kill)
        timer.start()
        try:
            return self.answers.readline()
        finally:
            timer.cancel()

    def hang_up(self) -> None:
        """Tell the warden to end, and with it whatever it runs."""
        with suppress(OSError):
            self.requests.close()

    def end(self) -> None:
        """See to it that the warden has ended."""
        self.hang_up()
        try:
            self.process.wait(_END)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.answers.close()
        self.folder.remove()

    def forget(self) -> None:
        """Hold no end of its pipes in a forked child, so that it ends with the process that asked for it."""
        null = os.open(os.devnull, os.O_RDWR)
        for pipe in (self.requests, self.answers):
            if not pipe.closed:
                os.dup2(null, pipe.fileno(), inheritable=False)
        os.close(null)


_lock = threading.Lock()
_idle: list[_Warden] = []
_all: set[_Warden] = set()
#: those of the process that forked this one
_foreign: list[_Warden] = []
#: set by the next `close`
_closing = threading.Event()


class Runner:
    """Runs scripts until `close` is called: from then on it starts none.

    Who has many to run makes one first, so that a run that is about to start in
    another thread when `close` is called does not start after it.
    """

    def __init__(self) -> None:
        with _lock:
            self._closed = _closing

    def __call__(self, snippet: Snippet, start_method: str, python: Python | None = None) -> Transcript:
        """Run a script; see `run`."""
        python = python or Python.current()
        _compile(python)
        request = _request(snippet, start_method, python)
        try:
            transcript = self._done(request, snippet)
        except OSError as error:
            raise RunError(f"{snippet.where}: no run can be started: {error.strerror or error}") from error
        if transcript is None:
            raise RunError(f"{snippet.where}: ended before its time, as all runs were")
        return transcript

    def _done(self, request: Request, snippet: Snippet) -> Transcript | None:
        """Return what the run did; None where `close` ended it."""
        warden = self._take()
        if warden is None:
            return None
        answer = b""
        try:
            answer = warden.ask(request)
        finally:
            with _lock:
                useful = warden in _all and answer.endswith(b"\n")
                if useful:
                    _idle.append(warden)
            if not useful:
                _drop(warden)
        if answer.endswith(b"\n"):
            return _read(answer, snippet)
        if self._closed.is_set():
            return None
        raise RunError(f"{snippet.where}: the process that watches the run ended before the run did")

    def _take(self) -> _Warden | None:
        """Return a warden that has nothing to do; None after `close`."""
        with _lock:
            if self._closed.is_set():
                return None
            if _idle:
                return _idle.pop()
            warden = _Warden()
            _all.add(warden)
            return warden


def run(snippet: Snippet, start_method: str, python: Python | None = None) -> Transcript:
    """Run a script under a start method in a fresh process tree, and return what it did.

    Raises RunError where the run could not be done, or was ended by `close`; whatever
    the script does is no error but part of the transcript.
    """
    return Runner()(snippet, start_method, python)


def _read(answer: bytes, snippet: Snippet) -> Transcript:
    """Return the transcript that a warden answered."""
    try:
        return Transcript.from_json(answer)
    except TranscriptError as error:
        with suppress(ValueError, KeyError, TypeError):
            failed = json.loads(answer)["failed"]
            hint = f": {FULL}" if any(f"[Errno {number}]" in failed for number in _NO_SPACE) else ""
            raise RunError(f"{snippet.where}: {failed}{hint}") from error
        raise


def _request(snippet: Snippet, start_method: str, python: Python) -> Request:
    """Put into words what a snippet asks for under one start method and Python."""
    expectation = snippet.expectations.of(start_method, python.minor)
    return Request(
        executable=python.executable,
        version=python.version,
        start_method=start_method,
        filename=snippet.filename,
        arguments=list(snippet.arguments),
        module=snippet.module,
        variables=None if snippet.variables is None else dict(snippet.variables),
        files={**snippet.companions, **({snippet.filename: snippet.code} if snippet.filename else {})},
        paths=list(python.paths),
        limits=snippet.limits,
        early=expectation.kinds == {"stuck"},
        traced=snippet.traced,
        shown=_shown(python),
    )


def _shown(python: Python) -> dict[str, str]:
    """Return the folders of this machine that outputs may name, and what a reader is shown instead."""
    folders = {INJECT: "...", python.executable: "python"}
    if python.library:
        folders[str(Path(python.library).parent)] = "..."
    return folders


@cache
def _compile(python: Python) -> None:
    """Have the interpreter keep the compiled form of what every run imports: a run itself can not write it."""
    for source in Path(INJECT).glob("*.py"):
        kept = source.parent / "__pycache__" / f"{source.stem}.cpython-{python.minor.replace('.', '')}.pyc"
        with suppress(OSError):
            if not kept.exists() or kept.stat().st_mtime < source.stat().st_mtime:
                command = [python.executable, "-I", "-m", "py_compile", str(source)]
                subprocess.run(command, check=False, capture_output=True)


def _drop(warden: _Warden) -> None:
    with _lock:
        _all.discard(warden)
    warden.end()


def close() -> None:
    """End every run that is going on or about to start, and every process that is kept for the next one.

    A later call of `run` starts anew; a `Runner` that was made before does not.
    """
    global _closing  # noqa: PLW0603
    with _lock:
        _closing.set()
        _closing = threading.Event()
        wardens = list(_all)
        _all.clear()
        _idle.clear()
    for warden in wardens:
        warden.hang_up()
    for warden in wardens:
        warden.end()


def _forget() -> None:
    """Leave the runs of the process that forked this one to it."""
    global _lock, _closing
    for warden in _all:
        with suppress(OSError):
            warden.forget()
    _lock, _closing = threading.Lock(), threading.Event()
    _foreign.extend(_all)
    _all.clear()
    _idle.clear()


atexit.register(close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
