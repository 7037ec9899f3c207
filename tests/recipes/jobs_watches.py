"""What the processes do in the tests of `watch()`, whatever is watched."""

from __future__ import annotations

import threading
from multiprocessing.synchronize import Event
from typing import Any, NoReturn


def fail_and_stay(watched: Any) -> NoReturn:
    """Fail as a producer, while a thread keeps the process."""
    with watched:
        threading.Thread(target=threading.Event().wait).start()
        raise LookupError


def fail_and_wait(watched: Any, end: Event) -> NoReturn:
    """Fail as a producer, and end when told to."""
    try:
        with watched:
            raise LookupError
    finally:
        end.wait()


def take(watched: Any) -> None:
    """Take all there is."""
    for _ in watched:
        pass
