"""`spawnable.recipes.progress`: all that is done is told once, while it is done."""

from __future__ import annotations

import os
import queue
import random
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.recipes import jobs_progress as jobs

from spawnable.recipes.progress import Progress


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lists=st.lists(st.lists(st.integers(1, 10**6), max_size=20), max_size=3), interval=st.sampled_from([0.001, 60]))
def test_all_is_told(context: Any, lists: list[list[int]], interval: float) -> None:
    """After the block, what was told is what was done, in no more calls than there were additions."""
    told: list[int] = []
    progress = Progress(told.append, interval=interval, context=context)
    workers = [context.Process(target=jobs.add_all, args=(progress, amounts)) for amounts in lists]
    for worker in workers:
        worker.start()
    with progress:
        for worker in workers:
            worker.join()
    assert sum(told) == progress.done == sum(map(sum, lists))
    assert all(amount > 0 for amount in told)
    assert len(told) <= (sum(map(len, lists)) if interval < 60 else any(lists))


def test_told_while_it_runs(context: Any) -> None:
    """What a worker has added is told while it goes on."""
    told: queue.Queue[int] = queue.Queue()
    progress = Progress(told.put, interval=0.001, context=context)
    end = context.Event()
    worker = context.Process(target=jobs.add_and_wait, args=(progress, 7, end))
    worker.start()
    with progress:
        assert told.get() == 7
        assert worker.is_alive()
        end.set()
        worker.join()
    assert told.empty()


@pytest.mark.parametrize("pool", ["Pool", "executor"])
def test_workers_of_a_pool(context: Any, pool: str) -> None:
    """Workers of a pool have it by their initializer, and it counts inside of tasks."""
    told: list[int] = []
    progress = Progress(told.append, interval=0.001, context=context)
    if pool == "Pool":
        with context.Pool(2, jobs.use, (progress,), maxtasksperchild=2) as workers, progress:
            assert workers.map(jobs.add_to_own, range(10), chunksize=1) == list(range(10))
            workers.close()
            workers.join()
    else:
        with ProcessPoolExecutor(2, context, jobs.use, (progress,)) as executor, progress:
            assert list(executor.map(jobs.add_to_own, range(10))) == list(range(10))
    assert sum(told) == sum(range(10))


def test_workers_started_in_the_block(context: Any) -> None:
    """A worker may be started while the parent tells: it is not held up by what the parent's thread does."""
    told: list[int] = []
    with Progress(told.append, interval=1e-9, context=context) as progress:
        for _ in range(5):
            progress.add()
            worker = context.Process(target=jobs.add_all, args=(progress, [1]))
            worker.start()
            worker.join()
            assert worker.exitcode == 0
    assert sum(told) == 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_fork_waits_for_the_function() -> None:
    """A process is not forked while the function runs: it would have copies of the locks that the function holds."""
    import multiprocessing

    begun, go_on, forking, forked = (threading.Event() for _ in range(4))
    os.register_at_fork(before=forking.set)  # called before those that were registered earlier

    def tell(_: int) -> None:
        begun.set()
        go_on.wait()

    def fork() -> None:
        worker = multiprocessing.get_context("fork").Process(target=jobs.add_all, args=(None, []))
        worker.start()
        forked.set()
        worker.join()

    with Progress(tell, interval=0.001) as progress:
        progress.add()
        begun.wait()
        thread = threading.Thread(target=fork)
        thread.start()
        try:
            assert forking.wait(60)  # it has come to where it has to wait
            assert not forked.wait(0.2)
        finally:
            go_on.set()
        assert forked.wait(60)
        thread.join()


def test_block_again() -> None:
    """A block may be entered again; what was told before is not told twice, and what was added between is told."""
    told: list[int] = []
    progress = Progress(told.append)
    progress.add(1)
    with progress:
        progress.add(2)
    progress.add(3)
    with progress:
        pass
    assert sum(told) == 6


def test_block_in_a_block() -> None:
    """A block inside of another is an error, and the outer one goes on."""
    told: list[int] = []
    progress = Progress(told.append)
    with progress:
        with pytest.raises(RuntimeError, match="told in another block"), progress:
            pytest.fail("the block was begun")
        progress.add(1)
    assert told == [1]


def test_nothing_done() -> None:
    """Where nothing is done, nothing is told."""
    told: list[int] = []
    with Progress(told.append, interval=0.001):
        pass
    assert told == []


def test_function_that_fails() -> None:
    """What the function raises is raised at the end of the block, once, and it is not called again."""
    calls: list[int] = []

    def fail(amount: int) -> None:
        calls.append(amount)
        raise LookupError("no terminal")

    progress = Progress(fail, interval=0.001)
    with pytest.raises(LookupError, match="no terminal"), progress:
        progress.add(1)
        while not calls:
            time.sleep(0.001)
        progress.add(2)
    assert calls == [1]


def test_error_in_the_block() -> None:
    """An exception of the block itself is the one that is raised, and what was done is told before."""
    told: list[int] = []
    with pytest.raises(ArithmeticError), Progress(told.append) as progress:
        progress.add(4)
        raise ArithmeticError
    assert told == [4]
    with pytest.raises(ArithmeticError), Progress(lambda _: 1 // 0) as progress:
        progress.add(4)
        raise ArithmeticError("mine")


@pytest.mark.parametrize("interval", [0, -1, float("nan")])
def test_interval_must_be_positive(interval: float) -> None:
    """Without any time between two looks the thread would do nothing but look."""
    with pytest.raises(ValueError, match="no interval"):
        Progress(print, interval=interval)


def test_interval_without_end() -> None:
    """An interval that is longer than a thread can wait tells at the end of the block alone."""
    told: list[int] = []
    with Progress(told.append, interval=float("inf")) as progress:
        progress.add(2)
        progress.add(1)
    assert told == [3]


def test_nothing_is_undone() -> None:
    """Less can not be done."""
    progress = Progress(print)
    with pytest.raises(ValueError, match="can not undo what is done: -1"):
        progress.add(-1)
    assert progress.done == 0


def test_killed_in_the_middle(context: Any) -> None:
    """A worker that ends while adding stops neither the others nor the telling."""
    told: list[int] = []
    progress = Progress(told.append, context=context)
    workers = [context.Process(target=jobs.die_in_the_middle, args=(progress,))]
    workers[0].start()
    workers[0].join()
    workers += [context.Process(target=jobs.add_all, args=(progress, [1] * 50)) for _ in range(2)]
    for worker in workers[1:]:
        worker.start()
    with progress:
        for worker in workers:
            worker.join()
    assert [worker.exitcode for worker in workers] == [9, 0, 0]
    assert sum(told) == 102


def test_faults(context: Any, faults: int, chance: random.Random) -> None:
    """Whoever is killed at whatever moment: all is told once, the last addition of the killed perhaps not."""
    for _ in range(faults):
        told: list[int] = []
        progress = Progress(told.append, interval=0.001, context=context)
        done = context.RawArray("q", 3)
        workers = [context.Process(target=jobs.add_for_ever, args=(progress, done, place)) for place in range(3)]
        for worker in workers:
            worker.start()
        with progress:
            while not all(done):
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.05))
            first, *others = chance.sample(range(3), 3)
            workers[first].kill()
            workers[first].join()
            before = list(done)
            while not all(done[place] > before[place] for place in others):
                time.sleep(0.001)  # they go on
            for place in others:
                workers[place].kill()
                workers[place].join()
        assert sum(done) <= sum(told) == progress.done <= sum(done) + 3
