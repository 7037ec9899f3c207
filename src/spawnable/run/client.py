"""Ask for runs: idle wardens are kept, so that a run costs little more than the script."""

from __future__ import annotations

import atexit
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path

from spawnable.python import Python
from spawnable.run.request import Request
from spawnable.run.scene import INJECT
from spawnable.snippet import Snippet
from spawnable.transcript import Transcript, TranscriptError

__all__ = ["RunError", "close", "run"]

#: seconds beyond its time limit after which a run that did not answer is given up
_PATIENCE = 15.0
_SOURCE = str(Path(__file__).parents[2])
_START = f"import sys; sys.path.insert(0, {_SOURCE!r}); from spawnable.run.linux.warden import main; main()"


class RunError(RuntimeError):
    """A run that could not be done at all; the message says why."""


class _Warden:
    """One warden process and the folder of its runs."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="spawnable-"))
        self.process = subprocess.Popen(
            [sys.executable, "-c", _START, str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd="/",
            start_new_session=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.requests, self.answers = self.process.stdin, self.process.stdout

    def ask(self, request: Request) -> bytes:
        """Have one run done; empty where the warden ended."""
        timer = threading.Timer(request.limits.time + _PATIENCE, self.process.kill)
        timer.start()
        try:
            self.requests.write(request.to_line())
            self.requests.flush()
            return self.answers.readline()
        except (OSError, ValueError):  # a pipe that broke, or was closed from another thread
            return b""
        finally:
            timer.cancel()

    def end(self) -> None:
        """End the warden, and with it whatever it runs."""
        with suppress(OSError):
            self.requests.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.answers.close()
        shutil.rmtree(self.folder, ignore_errors=True)


_PORTABLE = platform.system() != "Linux"
_lock = threading.Lock()
_idle: list[_Warden] = []
_all: set[_Warden] = set()
_owner = os.getpid()


def run(snippet: Snippet, start_method: str, python: Python | None = None) -> Transcript:
    """Run a script under a start method in a fresh process tree, and return what it did.

    Raises RunError where the run could not be done; whatever the script does is no
    error but part of the transcript.
    """
    python = python or Python.current()
    _compile(python)
    request = _request(snippet, start_method, python)
    if _PORTABLE or "SPAWNABLE_PORTABLE" in os.environ:
        from spawnable.run.portable import watch

        return watch(request)
    warden = _take()
    answer = warden.ask(request)
    if not answer.endswith(b"\n"):
        _drop(warden)
        raise RunError(f"{snippet.where}: the process that watches the run ended before the run did")
    with _lock:
        if warden in _all:
            _idle.append(warden)
    try:
        return Transcript.from_json(answer)
    except TranscriptError as error:
        with suppress(ValueError, KeyError, TypeError):
            raise RunError(f"{snippet.where}: the run could not be watched: {json.loads(answer)['failed']}") from error
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
    source = Path(INJECT) / "sitecustomize.py"
    kept = source.parent / "__pycache__" / f"sitecustomize.cpython-{python.minor.replace('.', '')}.pyc"
    with suppress(OSError):
        if not kept.exists() or kept.stat().st_mtime < source.stat().st_mtime:
            subprocess.run([python.executable, "-I", "-m", "py_compile", str(source)], check=False, capture_output=True)


def _take() -> _Warden:
    global _owner  # noqa: PLW0603
    with _lock:
        if _owner != os.getpid():
            _owner = os.getpid()
            _idle.clear()
            _all.clear()
        if _idle:
            return _idle.pop()
        warden = _Warden()
        _all.add(warden)
        return warden


def _drop(warden: _Warden) -> None:
    with _lock:
        _all.discard(warden)
    warden.end()


def close() -> None:
    """End every run that is going on and every process that is kept for the next one."""
    if _owner != os.getpid():
        return
    portable = sys.modules.get("spawnable.run.portable")
    if portable is not None:
        portable.stop()
    with _lock:
        wardens = list(_all)
        _all.clear()
        _idle.clear()
    for warden in wardens:
        with suppress(OSError):
            warden.requests.close()
    for warden in wardens:
        warden.end()


atexit.register(close)
