"""Ask for runs: idle wardens are kept, so that a run costs little more than the script."""

from __future__ import annotations

import atexit
import errno
import json
import os
import struct
import subprocess
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path

from spawnable.python import Python
from spawnable.run.folders import FULL
from spawnable.run.request import Request
from spawnable.run.scene import INJECT
from spawnable.run.wardens import PATIENCE, Warden, start
from spawnable.snippet import Snippet
from spawnable.transcript import Transcript, TranscriptError

__all__ = ["RunError", "Runner", "close", "run"]

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


class RunError(RuntimeError):
    """A run that could not be done at all; the message says why."""


_lock = threading.Lock()
_idle: list[Warden] = []
_all: set[Warden] = set()
#: those of the process that forked this one
_foreign: list[Warden] = []
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
        except TimeoutError as error:
            limit = request.limits.time
            told = f"no word of the run {PATIENCE:g} s after its limit of {limit:g} s"
            raise RunError(f"{snippet.where}: {told}: is the machine too busy to watch it?") from error
        finally:
            with _lock:
                useful = warden in _all and (warden.lives() if warden.shared else answer.endswith(b"\n"))
                if useful and not warden.shared:
                    _idle.append(warden)
            if not useful:
                _drop(warden)
        if answer.endswith(b"\n"):
            return _read(answer, snippet)
        if self._closed.is_set():
            return None
        raise RunError(f"{snippet.where}: the process that watches the run ended before the run did")

    def _take(self) -> Warden | None:
        """Return a warden that has nothing to do; None after `close`."""
        with _lock:
            if self._closed.is_set():
                return None
            while _idle:
                warden = _idle[-1] if _idle[-1].shared else _idle.pop()
                if warden.lives():
                    return warden
                _forsake(warden)
                warden.end()  # it was killed: this gives back what it had
            warden = start()
            _all.add(warden)
            if warden.shared:
                _idle.append(warden)
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


@cache
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
            if not kept.exists() or kept.read_bytes()[4:16] != _compiled_from(source):
                command = [python.executable, "-I", "-m", "py_compile", str(source)]
                subprocess.run(command, check=False, capture_output=True)


def _compiled_from(source: Path) -> bytes:
    """Return what the compiled form of a file says of the file it was made from: time of change and size."""
    status = source.stat()
    return struct.pack("<III", 0, int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF)


def _drop(warden: Warden) -> None:
    """End a warden that can do nothing more, if another run, or `close`, has not."""
    with _lock:
        known = _forsake(warden)
    if known:
        warden.end()


def _forsake(warden: Warden) -> bool:
    """Give it no more runs, with the lock held; tell whether it had got any until now."""
    if warden not in _all:
        return False
    _all.discard(warden)
    if warden in _idle:
        _idle.remove(warden)
    return True


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
