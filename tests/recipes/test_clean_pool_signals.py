"""`spawnable.recipes.clean_pool`: Ctrl-C and SIGTERM, whenever they come, end its block and all workers."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
import threading
import time
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import BaseContext
from typing import Any

import psutil
import pytest
from tests.recipes import jobs_clean_pool as jobs
from tests.recipes.pressed import idle, interrupted_by, press_interrupt
from tests.waiting import until

from spawnable.recipes import clean_pool
from spawnable.recipes.clean_pool import CleanPool

pytestmark = pytest.mark.usefixtures("signals")


def test_workers_leave_signals_to_the_parent(context: BaseContext) -> None:
    """A worker ignores Ctrl-C and is ended by SIGTERM, also where it was forked from a parent that handles it."""
    with CleanPool(1, context=context) as pool:
        assert pool.submit(jobs.handlers).result() == (True, True)


def test_interrupt_in_the_block(context: Any) -> None:
    """Ctrl-C in the block ends tasks that never would, and goes on as KeyboardInterrupt."""
    begun, submitted = context.Event(), threading.Event()
    pool = CleanPool(2, initializer=jobs.prepare, initargs=(begun,), context=context)
    with interrupted_by(begun, submitted), pytest.raises(KeyboardInterrupt), pool:
        futures = [pool.submit(jobs.endless) for _ in range(5)]
        submitted.set()
        idle()
    assert not multiprocessing.active_children()
    assert {type(future.exception()) for future in futures} == {BrokenProcessPool}


def test_interrupt_while_it_waits(context: Any) -> None:
    """Ctrl-C does the same while the end of the block waits for tasks."""
    begun = context.Event()
    pool = CleanPool(1, initializer=jobs.prepare, initargs=(begun,), context=context)
    with interrupted_by(begun), pytest.raises(KeyboardInterrupt), pool:
        pool.submit(jobs.endless)
    assert not multiprocessing.active_children()


@pytest.mark.skipif(sys.platform == "win32", reason="TerminateProcess asks nobody")
def test_sigterm_in_the_block(context: Any) -> None:
    """SIGTERM is an exit with the code that a shell gives it; then it is handled as before."""
    begun = context.Event()
    pool = CleanPool(1, initializer=jobs.prepare, initargs=(begun,), context=context)
    with pytest.raises(SystemExit) as caught, pool:
        pool.submit(jobs.endless)
        begun.wait()
        signal.raise_signal(signal.SIGTERM)
    assert caught.value.code == 143
    assert not multiprocessing.active_children()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.skipif(sys.platform == "win32", reason="TerminateProcess asks nobody")
def test_sigterm_ends_a_program(context: Any) -> None:
    """A program that gets SIGTERM ends with that code, and its workers with it."""
    begun = context.Event()
    program = context.Process(target=jobs.program, args=(context, begun))
    program.start()
    begun.wait()
    workers = psutil.Process(program.pid).children(recursive=True)
    program.terminate()
    program.join()
    assert program.exitcode == 143
    _, left = psutil.wait_procs(workers, timeout=10)
    assert not left


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no process groups of this kind")
def test_interrupt_of_all(context: Any) -> None:
    """Ctrl-C goes to all processes of a terminal: it is the parent that ends the workers, and not the signal."""
    # a fork server tells a status once: of two threads that ask at the same time, one learns 255, that it is not known
    unknown = {255} if context.get_start_method() == "forkserver" else set()
    known: set[int] = set()
    for _ in range(20):
        reader, writer = context.Pipe(duplex=False)
        event = context.Event()
        program = context.Process(target=jobs.group_program, args=(context, event, writer))
        program.start()
        writer.close()
        codes = reader.recv()
        program.join()
        reader.close()
        assert len(codes) == 2
        known = set(codes) - unknown
        if known:
            break
    assert known == {-signal.SIGTERM}


def test_second_interrupt_waits(context: Any) -> None:
    """One who presses Ctrl-C again while workers are ended gets a second KeyboardInterrupt, and leaves no worker."""
    begun = context.Event()
    pool = CleanPool(1, grace=0.2, initializer=jobs.prepare_to_refuse, initargs=(begun,), context=context)
    ending = threading.Event()
    end = pool._roster.end

    def end_slowly(grace: float) -> None:
        ending.set()
        pressed.wait()
        end(grace)

    pressed = threading.Event()

    def press_twice() -> None:
        begun.wait()
        press_interrupt()
        ending.wait()
        press_interrupt()
        pressed.set()

    pool._roster.end = end_slowly  # type: ignore[method-assign]
    thread = threading.Thread(target=press_twice)
    thread.start()
    with pytest.raises(KeyboardInterrupt) as caught, pool:
        pool.submit(jobs.endless)
        idle()
    thread.join()
    assert isinstance(caught.value.__context__, KeyboardInterrupt)
    # the pool's own thread waits for the worker as well, and what one of two learns the other may not know at once
    until(lambda: not multiprocessing.active_children())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
def test_sigterm_before_the_worker_is_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that was forked just now, and still has the handlers of its parent, is ended by SIGTERM."""
    context = multiprocessing.get_context("fork")
    ready, never = context.Event(), context.Event()

    def prepare(*_: object) -> None:
        ready.set()
        never.wait()

    monkeypatch.setattr(clean_pool, "_prepare", prepare)
    pool = CleanPool(1, grace=30, context=context)
    with pytest.raises(LookupError), pool:
        pool.submit(jobs.double, 2)
        ready.wait()
        raise LookupError
    # and not by SIGKILL, when the time of grace is over
    assert [process.exitcode for process in pool._roster._processes] == [-signal.SIGTERM]


def test_interrupt_while_the_pool_does_not_end() -> None:
    """Where the executor never notices that its workers are gone, Ctrl-C ends the wait for it."""
    pool = CleanPool(1)
    gone, noticed = threading.Event(), threading.Event()
    end = pool._roster.end

    def end_and_tell(grace: float) -> None:
        end(grace)
        gone.set()

    pool._roster.end = end_and_tell  # type: ignore[method-assign]
    pool.shutdown = lambda *_, **__: noticed.wait()  # type: ignore[method-assign,assignment]
    try:
        with interrupted_by(gone), pytest.raises(KeyboardInterrupt), pool:
            raise LookupError
    finally:
        noticed.set()
        del pool.shutdown
        pool.shutdown()


def test_interrupt_while_a_broken_pool_waits(context: Any) -> None:
    """Ctrl-C ends a `submit` that waits, as the executor does, for a worker that refuses to end."""
    begun, barrier, blocked = context.Event(), context.Barrier(2), threading.Event()
    pool = CleanPool(
        2, grace=0.1, initializer=jobs.prepare_to_refuse_together, initargs=(begun, barrier), context=context
    )

    def tell() -> None:
        # from Python 3.12 on the executor waits with its lock in its hand
        while not pool._broken:
            if not pool._shutdown_lock.acquire(timeout=1):
                break
            pool._shutdown_lock.release()
            time.sleep(0.001)
        blocked.set()

    teller = threading.Thread(target=tell)
    with interrupted_by(blocked), pytest.raises(KeyboardInterrupt), pool:
        for _ in range(2):
            pool.submit(jobs.endless)
        begun.wait()
        pool._roster._processes[0].kill()
        teller.start()
        while True:
            with contextlib.suppress(BrokenProcessPool):
                pool.submit(jobs.double, 1)
            time.sleep(0.001)
    teller.join()
    # the executor may be the one who was told of the end
    until(lambda: not multiprocessing.active_children())


@pytest.mark.skipif(sys.platform == "win32", reason="TerminateProcess asks nobody")
def test_both_signals_while_a_worker_starts(context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two signals that were put off, each is handled."""
    start = context.Process.start
    handled: list[int] = []

    def start_and_press(process: Any) -> None:
        start(process)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.raise_signal(number)

    monkeypatch.setattr(context.Process, "start", start_and_press)
    signal.signal(signal.SIGTERM, lambda number, _: handled.append(number))
    with pytest.raises(KeyboardInterrupt), CleanPool(1, context=context) as pool:
        pool.submit(jobs.double, 2)
    assert handled == [signal.SIGTERM]


def test_handler_that_is_set_in_the_block_stays() -> None:
    """A handler that the program sets while the block runs is not replaced at its end."""
    with CleanPool(1):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN


@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda *_: None])
def test_handler_of_the_program_stays(handler: Any) -> None:
    """A program that handles SIGTERM itself, or ignores it, goes on to do so in the block."""
    signal.signal(signal.SIGTERM, handler)
    with CleanPool(1) as pool:
        assert signal.getsignal(signal.SIGTERM) is handler
        assert pool.submit(jobs.double, 2).result() == 4
        assert signal.getsignal(signal.SIGTERM) is handler
    assert signal.getsignal(signal.SIGTERM) is handler
