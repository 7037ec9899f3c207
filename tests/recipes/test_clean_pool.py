"""`spawnable.recipes.clean_pool`: however its block ends, no worker is left."""

from __future__ import annotations

import _thread
import contextlib
import multiprocessing
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import BaseContext
from typing import Any, NoReturn

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.recipes import jobs_clean_pool as jobs
from tests.waiting import until

from spawnable.recipes import clean_pool
from spawnable.recipes.clean_pool import CleanPool


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt; after the test both signals do what they did."""
    # a program that was started in the background may ignore it
    interrupt = signal.signal(signal.SIGINT, signal.default_int_handler)
    terminate = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, terminate)


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


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.lists(st.integers(), max_size=20), workers=st.integers(1, 3))
def test_all_results_in_order(context: BaseContext, numbers: list[int], workers: int) -> None:
    """Without a signal it is an executor like any other, and waits for all tasks at the end of its block."""
    with CleanPool(workers, context=context) as pool:
        results = pool.map(jobs.double, numbers)
        future = pool.submit(jobs.double, 21)
    assert future.done()
    assert list(results) == [2 * number for number in numbers]
    assert not multiprocessing.active_children()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_nothing_to_do() -> None:
    """A block without a task starts no worker, and ends."""
    with CleanPool():
        pass


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


@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda *_: None])
def test_handler_of_the_program_stays(handler: Any) -> None:
    """A program that handles SIGTERM itself, or ignores it, goes on to do so in the block."""
    signal.signal(signal.SIGTERM, handler)
    with CleanPool(1) as pool:
        assert signal.getsignal(signal.SIGTERM) is handler
        assert pool.submit(jobs.double, 2).result() == 4
        assert signal.getsignal(signal.SIGTERM) is handler
    assert signal.getsignal(signal.SIGTERM) is handler


def test_one_in_another(context: BaseContext) -> None:
    """Of two blocks, one in the other, the outer one handles SIGTERM."""
    with CleanPool(1, context=context) as outer:
        with CleanPool(1, context=context) as inner:
            assert inner.submit(jobs.double, 2).result() == 4
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        assert outer.submit(jobs.double, 3).result() == 6
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_worker_that_refuses_to_end(context: Any) -> None:
    """A worker that ignores SIGTERM is killed when the time of grace is over."""
    begun = context.Event()
    pool = CleanPool(1, grace=0.1, initializer=jobs.prepare_to_refuse, initargs=(begun,), context=context)
    with pytest.raises(LookupError), pool:
        pool.submit(jobs.endless)
        begun.wait()
        raise LookupError
    assert not multiprocessing.active_children()


def test_worker_that_dies(context: BaseContext) -> None:
    """A worker that dies is an error of its task, and of all that wait."""
    with pytest.raises(BrokenProcessPool), CleanPool(1, context=context) as pool:
        pool.submit(jobs.vanish).result()
    assert not multiprocessing.active_children()


def test_in_a_thread() -> None:
    """In another thread than the main one it can not handle signals; it still ends all workers on an exception."""
    outcome: list[Any] = []

    def run() -> None:
        begun = multiprocessing.get_context("spawn").Event()
        context = multiprocessing.get_context("spawn")
        pool = CleanPool(1, initializer=jobs.prepare, initargs=(begun,), context=context)
        try:
            with pool:
                pool.submit(jobs.endless)
                begun.wait()
                raise LookupError
        except LookupError as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert len(outcome) == 1
    assert not multiprocessing.active_children()


def test_faults(context: BaseContext, faults: int, chance: random.Random) -> None:
    """Ctrl-C, a killed worker or an error at any moment: all results are right, or the error says so; none is left."""
    for _ in range(faults):
        fault = chance.choice(["none", "raises", "killed", "interrupt"])
        # of a result that fills the pipe, a killed worker may leave half: for the rest an executor waits for ever
        sizes = [chance.choice([0, 10, 2_000 if fault == "killed" else 300_000]) for _ in range(8)]
        if fault == "raises":
            sizes[chance.randrange(8)] = 7
        moment = chance.uniform(0, 0.2)
        pool = CleanPool(2, context=context)
        timer = threading.Timer(moment, _fault, (fault, pool, chance.random()))
        try:
            timer.start()
            with pool:
                futures = [pool.submit(jobs.vary, size, moment / 20) for size in sizes]
                found = [future.result() for future in futures]
            assert found == [bytes(size) for size in sizes]
            assert fault != "raises"
            timer.join()
            # an interrupt that came late arrives here
            time.sleep(0)
        except ArithmeticError as error:
            assert (fault, error.args) == ("raises", (7,))
        except KeyboardInterrupt:
            assert fault == "interrupt"
        except BrokenProcessPool:
            assert fault == "killed"
        finally:
            timer.join()
        assert not multiprocessing.active_children()


def _fault(fault: str, pool: CleanPool, which: float) -> None:
    if fault == "interrupt":
        press_interrupt()
    started = [process for process in pool._roster._processes if process.pid]
    if fault == "killed" and started:
        started[int(which * len(started))].kill()
