"""What the processes of test_result.py do."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.synchronize import Event
from typing import Any, NoReturn


class Picky(Exception):  # noqa: N818
    """An exception that can be pickled, and not be made again."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"{first} and {second}")


class Textless(Picky):
    """One that has no text either."""

    def __str__(self) -> str:
        """Fail."""
        raise LookupError


def same(value: Any) -> Any:
    """Return it."""
    return value


def named(*, first: int, second: int) -> int:
    """Return the difference."""
    return first - second


def fail(text: str) -> NoReturn:
    """Raise ValueError because of KeyError."""
    try:
        raise KeyError(text)
    except KeyError as error:
        raise ValueError(text) from error


def be_picky() -> NoReturn:
    """Raise what can not cross."""
    raise Picky(1, 2)


def be_textless() -> NoReturn:
    """Raise what can not cross, and has no text."""
    raise Textless(1, 2)


def return_function() -> Callable[[], None]:
    """Return what can not be pickled."""
    return lambda: None


def leave(code: int) -> NoReturn:
    """Exit."""
    sys.exit(code)


def vanish(code: int) -> NoReturn:
    """Exit without a word."""
    os._exit(code)


def is_set(event: Event) -> bool:
    """Tell whether it is set."""
    return event.is_set()


def wait(event: Event) -> str:
    """Return when the event is set."""
    event.wait()
    return "done"


def be_silent() -> None:
    """Close all that is open, and go on for long."""
    os.closerange(3, 1000)
    time.sleep(3600)


def return_and_stay(value: int) -> int:
    """Return it, while a thread keeps the process."""
    threading.Thread(target=threading.Event().wait).start()
    return value


def vanish_as_a_parent(context: Any, started: Event, event: Event) -> NoReturn:
    """Exit without a word; a child that holds all that was inherited goes on."""
    context.Process(target=_live, args=(started, event)).start()
    started.wait()
    os._exit(5)


def _live(started: Event, event: Event) -> None:
    started.set()
    event.wait()


def chatter(size: int, delay: float) -> bytes:
    """Return so many bytes, after a while; an odd number of them is an error."""
    time.sleep(delay)
    if size % 2:
        raise ArithmeticError(size)
    return bytes(size)
