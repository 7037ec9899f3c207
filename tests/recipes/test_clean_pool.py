"""`spawnable.recipes.clean_pool`: however its block ends, no worker is left."""

from __future__ import annotations

import multiprocessing
import random
import signal
import sys
import threading
import time
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import BaseContext
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.recipes import jobs_clean_pool as jobs
from tests.recipes.pressed import press_interrupt

from spawnable.recipes.clean_pool import CleanPool

pytestmark = pytest.mark.usefixtures("signals")


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
    """A signal, a killed worker or an error at any moment: all results are right, or the error says so."""
    kinds = ["none", "raises", "killed", "interrupt"] + ["terminated"] * (sys.platform != "win32")
    for _ in range(faults):
        fault = chance.choice(kinds)
        # of a result that fills the pipe, a killed worker may leave half: for the rest an executor waits for ever
        sizes = [chance.choice([0, 10, 2_000 if fault == "killed" else 300_000]) for _ in range(8)]
        if fault == "raises":
            sizes[chance.randrange(8)] = 7
        moment = chance.uniform(0, 0.2)
        pool = CleanPool(2, context=context)
        timer = threading.Timer(moment, _fault, (fault, pool, chance.random()))
        try:
            # the outer block is there for a signal that comes when the inner one has ended
            with CleanPool(1, context=context):
                try:
                    timer.start()
                    with pool:
                        futures = [pool.submit(jobs.vary, size, moment / 20) for size in sizes]
                        found = [future.result() for future in futures]
                    assert found == [bytes(size) for size in sizes]
                    assert fault != "raises"
                finally:
                    timer.join()
                    # one that came late arrives here
                    time.sleep(0)
        except ArithmeticError as error:
            assert (fault, error.args) == ("raises", (7,))
        except KeyboardInterrupt:
            assert fault == "interrupt"
        except SystemExit as error:
            assert (fault, error.code) == ("terminated", 128 + signal.SIGTERM)
        except BrokenProcessPool:
            assert fault == "killed"
        assert not multiprocessing.active_children()


def _fault(fault: str, pool: CleanPool, which: float) -> None:
    if fault == "interrupt":
        press_interrupt()
    if fault == "terminated":
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGTERM)
    started = [process for process in pool._roster._processes if process.pid]
    if fault == "killed" and started:
        started[int(which * len(started))].kill()
