"""`spawnable.recipes.counter`: nothing lost, nothing twice, and a killed process stops no other."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.recipes import jobs_counter as jobs

from spawnable.recipes.counter import SharedCounter


def run(context: Any, *calls: tuple[Any, ...]) -> list[int]:
    """Call functions, each in a process, at once; return the exit codes."""
    processes = [context.Process(target=function, args=args) for function, *args in calls]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return [process.exitcode for process in processes]


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lists=st.lists(st.lists(st.integers(-(2**40), 2**40)), max_size=3), places=st.integers(1, 3))
def test_sum_of_all(context: Any, lists: list[list[int]], places: int) -> None:
    """When all have added, the value is the sum of what they added."""
    counter = SharedCounter(places, context=context)
    assert run(context, *[(jobs.add_all, counter, amounts) for amounts in lists]) == [0] * len(lists)
    assert counter.value == sum(map(sum, lists))


@pytest.mark.parametrize("places", [1, 8])
def test_nothing_lost_in_a_crowd(context: Any, places: int) -> None:
    """Processes that add thousands of times at once lose nothing, also where they share one place."""
    counter = SharedCounter(places, context=context)
    assert run(context, *[(jobs.add_all, counter, [1] * 5000)] * 4) == [0] * 4
    assert counter.value == 20_000


def test_threads() -> None:
    """Threads of one process lose nothing either."""
    counter = SharedCounter(2)
    threads = [threading.Thread(target=jobs.add_all, args=(counter, [1] * 3000)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.value == 12_000


@pytest.mark.parametrize("pool", ["Pool", "executor"])
def test_workers_of_a_pool(context: Any, pool: str) -> None:
    """Workers have it by their initializer, those that replace others as well."""
    counter = SharedCounter(context=context)
    if pool == "Pool":
        with context.Pool(2, jobs.use, (counter,), maxtasksperchild=2) as workers:
            workers.map(jobs.add_to_own, range(20), chunksize=1)
            workers.close()
            workers.join()
    else:
        with ProcessPoolExecutor(2, context, jobs.use, (counter,)) as executor:
            list(executor.map(jobs.add_to_own, range(20)))
    assert counter.value == sum(range(20))


def test_read_while_it_runs(context: Any) -> None:
    """The value is there while the one who added goes on."""
    counter = SharedCounter(context=context)
    added, end = context.Event(), context.Event()
    process = context.Process(target=jobs.add_and_wait, args=(counter, 7, added, end))
    process.start()
    added.wait()
    assert (counter.value, process.is_alive()) == (7, True)
    end.set()
    process.join()


def test_reading_takes_no_lock() -> None:
    """The value can be read while every place is being added to."""
    counter = SharedCounter(2)
    counter.add(5)
    counter._take(0)
    counter._take(0)
    assert counter.value == 5


def test_never_falls(context: Any) -> None:
    """While others add, what is read never falls, and lies between what they had added before and after."""
    counter = SharedCounter(2, context=context)
    done = context.RawArray("q", 2)
    workers = [context.Process(target=jobs.add_for_ever, args=(counter, done, place)) for place in range(2)]
    for worker in workers:
        worker.start()
    readings = []
    while min(done) < 1000:
        before = sum(done)
        readings.append(counter.value)
        # one more of each may be counted, and not yet noted
        assert before <= readings[-1] <= sum(done) + len(workers)
    for worker in workers:
        worker.kill()
        worker.join()
    assert readings == sorted(readings)


def test_killed_in_the_middle(context: Any) -> None:
    """A process that ends with places in its hands stops no other, until none is left; what was added stays."""
    counter = SharedCounter(3, context=context)
    counter.add(4)
    assert run(context, (jobs.die_in_the_middle, counter, 2)) == [9]
    assert run(context, (jobs.add_all, counter, [1] * 100), (jobs.add_all, counter, [1] * 100)) == [0, 0]
    assert counter.value == 204
    assert run(context, (jobs.die_in_the_middle, counter, 1)) == [9]
    with pytest.raises(TimeoutError, match="none of 3 places is free"):
        counter.add(timeout=0)
    assert counter.value == 204


def test_waits_for_a_place() -> None:
    """Who finds no place free waits for one."""
    counter = SharedCounter(1)
    place = counter._take(0)
    waiting = threading.Thread(target=counter.add, args=(3, 60))
    waiting.start()
    counter._locks[place].release()
    waiting.join()
    assert counter.value == 3


@pytest.mark.parametrize("amount", [2**63, -(2**63), 2**70])
def test_too_large(amount: int) -> None:
    """What does not fit is an error, and not another number; the place is free again, and the sum may be larger."""
    counter = SharedCounter(1)
    with pytest.raises(OverflowError, match="too large to count"):
        counter.add(amount)
    counter.add(2**63 - 1)
    with pytest.raises(OverflowError):
        counter.add()
    assert counter.value == 2**63 - 1


class Whole:
    """A whole number that is no `int`, as those of NumPy are."""

    def __index__(self) -> int:
        return 3


def test_other_whole_numbers() -> None:
    """Whole numbers of other kinds, such as the sum of an array, are added; others are an error that costs no place."""
    counter = SharedCounter(1)
    counter.add(Whole())
    for number in (1.0, "1", None):
        with pytest.raises(TypeError, match="integer"):
            counter.add(cast("Any", number))
    counter.add(2)
    assert counter.value == 5
    np = pytest.importorskip("numpy")
    counter.add(np.arange(4).sum())
    assert counter.value == 11


def test_no_places() -> None:
    """A counter has a place at least."""
    with pytest.raises(ValueError, match="no places: 0"):
        SharedCounter(0)


def test_faults(context: Any, faults: int, chance: random.Random) -> None:
    """Whoever is killed at whatever moment: each addition is counted once, the last one of the killed perhaps not."""
    for _ in range(faults):
        counter = SharedCounter(context=context)
        done = context.RawArray("q", 3)
        workers = [context.Process(target=jobs.add_for_ever, args=(counter, done, place)) for place in range(3)]
        for worker in workers:
            worker.start()
        while not all(done):
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.05))
        first, *others = chance.sample(workers, 3)
        first.kill()
        first.join()
        before = list(done)
        while not all(done[place] > before[place] for place in range(3) if workers[place] is not first):
            time.sleep(0.001)  # they go on
        for worker in others:
            worker.kill()
            worker.join()
        assert sum(done) <= counter.value <= sum(done) + 3
        counter.add(1000)
        assert sum(done) <= counter.value - 1000 <= sum(done) + 3
