"""Watch runs where the kernel does not attest writers: macOS, Windows, and Linux on demand.

Output comes through a pipe and processes are seen by psutil, so the transcript
does not say who wrote a chunk, sees no process that lives shorter than the time
between two looks, and on macOS knows the exit codes alone that somebody in the run
learned.  What it can not know is in `Transcript.unknown`.

Run as a program, this is a warden: it reads requests from its standard input, a line
each, answers each with a transcript, and ends with all it runs when its input is closed.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from contextlib import suppress
from itertools import count

from spawnable.run.folders import remove
from spawnable.run.portable_watch import watch
from spawnable.run.request import Request

__all__ = ["main"]


def main() -> None:
    """Serve requests until the input is closed; the argument is the folder of all runs, removed then."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _pass)
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    closed = threading.Event()
    threading.Thread(target=_listen, args=(requests, closed), daemon=True).start()
    try:
        for number in count():
            line = requests.get()
            answer = b"" if closed.is_set() else _serve(line, f"{sys.argv[1]}/{number}", closed)
            if closed.is_set():
                return
            sys.stdout.buffer.write(answer)
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        os._exit(0)  # who asked is gone
    finally:
        remove(sys.argv[1])


def _pass(*_: object) -> None:
    """Go on: unlike one that is ignored, a signal that is handled has its own meaning again in a script."""


def _listen(requests: queue.SimpleQueue[bytes], closed: threading.Event) -> None:
    for line in sys.stdin.buffer:
        requests.put(line)
    closed.set()
    requests.put(b"")


def _serve(line: bytes, folder: str, closed: threading.Event) -> bytes:
    """Do one run; return its transcript as a line."""
    try:
        request = Request.from_line(line)
        request.folder = folder
        os.mkdir(folder)
        text = watch(request, closed).to_json()
    except Exception as error:  # noqa: BLE001
        text = json.dumps({"failed": f"{type(error).__name__}: {error}"})
    finally:
        with suppress(OSError):
            remove(folder)
    return text.encode(errors="backslashreplace") + b"\n"
