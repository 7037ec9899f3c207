"""Ctrl-C, for tests: pressed in this process, at a moment of their choice."""

from __future__ import annotations

import _thread
import contextlib
import gc
import multiprocessing
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest


@contextlib.contextmanager
def heard() -> Iterator[None]:
    """Have Ctrl-C lost nowhere: an exception out of a callback of the garbage collection, as Hypothesis has one, is."""
    callbacks = gc.callbacks[:]
    gc.callbacks.clear()
    try:
        yield
    finally:
        gc.callbacks[:] = callbacks


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


@contextlib.contextmanager
def interrupted_at_the_start(context: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Press Ctrl-C in the moment in which a process of the block was started; no process may be left."""
    start = context.Process.start

    def start_and_raise(process: Any) -> None:
        start(process)
        raise KeyboardInterrupt

    monkeypatch.setattr(context.Process, "start", start_and_raise)
    with pytest.raises(KeyboardInterrupt):
        yield
    left = multiprocessing.active_children()
    for process in left:  # so that a test that fails ends
        process.kill()
        process.join()
    assert left == []
