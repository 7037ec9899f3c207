"""What the processes of test_clean_pool.py do."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.synchronize import Barrier, Event
from typing import Any, NoReturn

from spawnable.recipes.clean_pool import CleanPool

begun: Event


def prepare(event: Event) -> None:
    """Keep an event for `endless`."""
    global begun  # noqa: PLW0603
    begun = event


def prepare_to_refuse(event: Event) -> None:
    """Keep an event for `endless`, and do not end when asked to."""
    prepare(event)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def prepare_to_refuse_together(event: Event, barrier: Barrier) -> None:
    """Do not end when asked to; wait until all workers are here."""
    prepare_to_refuse(event)
    barrier.wait()


def prepare_to_meet(event: Event, barrier: Barrier) -> None:
    """Keep an event for `endless`, and wait until all workers are here."""
    prepare(event)
    barrier.wait()


def endless() -> NoReturn:
    """Tell that it has begun; never return."""
    begun.set()
    while True:
        time.sleep(60)


def double(number: int) -> int:
    """Return twice the number."""
    return 2 * number


def vanish() -> NoReturn:
    """Exit without a word."""
    os._exit(7)


def vary(size: int, delay: float) -> bytes:
    """Return so many bytes, after a while; an odd number of them is an error."""
    time.sleep(delay)
    if size % 2:
        raise ArithmeticError(size)
    return bytes(size)


def handlers() -> tuple[bool, bool]:
    """Tell whether Ctrl-C is ignored, and whether SIGTERM ends the process."""
    return signal.getsignal(signal.SIGINT) is signal.SIG_IGN, signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def program(context: BaseContext, event: Event) -> None:
    """Be a program that waits for tasks that never end."""
    with CleanPool(2, initializer=prepare, initargs=(event,), context=context) as pool:
        for _ in range(4):
            pool.submit(endless)


def group_program(context: BaseContext, event: Event, end: Connection) -> None:
    """Press Ctrl-C in a terminal of one's own; send the exit codes of all workers."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setpgid(0, 0)
    initargs = (event, context.Barrier(2))
    pool: Any = CleanPool(2, initializer=prepare_to_meet, initargs=initargs, context=context)
    with contextlib.suppress(KeyboardInterrupt), pool:
        # under fork a worker is started for each task while none is idle
        futures = [pool.submit(endless) for _ in range(2)]
        event.wait()  # both have come as far as to ignore it
        os.killpg(0, signal.SIGINT)
        futures[0].result()
    end.send([process.exitcode for process in pool._roster._processes])
    end.close()
