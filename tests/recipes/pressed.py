"""Ctrl-C, for tests: pressed in this process, at a moment of their choice."""

from __future__ import annotations

import _thread
import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, NoReturn


def press_interrupt() -> None:
    """Press Ctrl-C, as it reaches the main thread alone."""
    if sys.platform == "win32":
        _thread.interrupt_main()
    else:
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)


def idle() -> NoReturn:
    """Wait for ever, but not in one wait: a signal that comes just before it begins would not end it."""
    while True:
        time.sleep(0.02)


@contextlib.contextmanager
def interrupted_by(*events: Any) -> Iterator[None]:
    """Press Ctrl-C when the events are set."""
    pressed = threading.Event()

    def press() -> None:
        for event in events:
            event.wait()
        pressed.set()
        press_interrupt()

    thread = threading.Thread(target=press)
    thread.start()
    try:
        yield
    finally:
        # a worker that is ended in an event's `set()` keeps its lock
        if not pressed.is_set():
            for event in events:
                event.set()
        thread.join()
