"""`spawnable.recipes.worker_state`: a state for each worker, made once, closed once; or an error that says why not."""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections import defaultdict
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.recipes import jobs_worker_state as jobs
from tests.waiting import until

from spawnable.recipes.worker_state import StateFailed, StatePool


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.lists(st.integers(), max_size=20), workers=st.integers(1, 3), chunksize=st.integers(1, 4))
def test_one_state_for_each_worker(
    context: BaseContext,
    tmp_path_factory: pytest.TempPathFactory,
    numbers: list[int],
    workers: int,
    chunksize: int,
) -> None:
    """Each worker makes its state once, uses it for all its tasks, and closes it once, at its end."""
    folder = tmp_path_factory.mktemp("states")
    pool = StatePool(jobs.State, (folder,), close=jobs.State.close, workers=workers, context=context)
    with pool:
        found = list(pool.map(jobs.use, numbers, chunksize=chunksize))
    assert [value for _, _, value in found] == [2 * number for number in numbers]
    uses: dict[int, list[int]] = defaultdict(list)
    for worker, used, _ in found:
        uses[worker].append(used)
    assert all(sorted(each) == list(range(len(each))) for each in uses.values())
    made = {path.name.split()[1] for path in folder.glob("made *")}
    closed = {path.name.split()[1]: int(path.read_text(encoding="utf-8")) for path in folder.glob("closed *")}
    assert closed == {worker: len(uses[int(worker)]) for worker in made}
    assert len(made) <= workers
    assert not multiprocessing.active_children()


def test_submit(context: BaseContext, tmp_path: Path) -> None:
    """A single function gets the state, its arguments and its names."""
    with StatePool(jobs.State, (tmp_path,), workers=1, context=context) as pool:
        assert pool.submit(jobs.named, first=5, second=3).result() == 2
        assert pool.submit(jobs.use, 4).result()[1:] == (1, 8)


def test_error_of_a_function(context: BaseContext, tmp_path: Path) -> None:
    """What a function raises is raised by its future, and the state is used on."""
    with StatePool(jobs.State, (tmp_path,), workers=1, context=context) as pool:
        with pytest.raises(ValueError, match="mine"):
            pool.submit(jobs.fail, "mine").result()
        assert pool.submit(jobs.named, first=5, second=3).result() == 2


def test_error_of_a_function_that_can_not_cross(context: BaseContext, tmp_path: Path) -> None:
    """What a function raises and can not be made again is a RuntimeError that names it, and breaks no pool."""
    with StatePool(jobs.State, (tmp_path,), workers=1, context=context) as pool:
        with pytest.raises(RuntimeError, match="Picky: 3 and 4") as caught:
            pool.submit(jobs.be_picky_with).result()
        assert "raise Picky(3, 4)" in str(caught.value.__cause__)
        assert pool.submit(jobs.named, first=5, second=3).result() == 2


def test_state_that_fails(context: Any, capfd: pytest.CaptureFixture[str]) -> None:
    """Where the state can not be made each task says why; no worker tries twice, and none prints it."""
    count = context.Value("i", 0)
    with StatePool(jobs.count_and_fail, (count,), workers=2, context=context) as pool:
        futures = [pool.submit(jobs.use, number) for number in range(6)]
        errors = [future.exception() for future in futures]
    assert {str(error) for error in errors} == {"OSError: no database"}
    for error in errors:
        assert isinstance(error, StateFailed)
        assert isinstance(error.error, OSError)
        assert 'raise OSError("no database")' in str(error.__cause__)
    assert count.value <= 2
    assert not capfd.readouterr().err


@pytest.mark.parametrize(
    ("make", "text"),
    [(jobs.leave, r"RuntimeError: SystemExit\('no licence'\)"), (jobs.be_picky, "RuntimeError: Picky: 1 and 2")],
)
def test_error_that_is_none_or_can_not_cross(make: Any, text: str) -> None:
    """An exit, or an exception that can not be pickled, is told by name."""
    with pytest.raises(StateFailed, match=text), StatePool(make, workers=1) as pool:
        pool.submit(id).result()


def test_worker_that_vanishes(context: BaseContext) -> None:
    """A worker that exits while it makes its state breaks the pool at once."""
    with pytest.raises(BrokenProcessPool), StatePool(jobs.vanish, workers=1, context=context) as pool:
        pool.submit(id).result()


def test_error_in_the_block(context: BaseContext, tmp_path: Path) -> None:
    """An exception in the block cancels what no worker has been handed, waits for the rest, and goes on."""
    begun, other = tmp_path / "begun", tmp_path / "other"
    with pytest.raises(LookupError), StatePool(jobs.make, (0, ""), workers=1, context=context) as pool:
        futures = [pool.submit(jobs.wait, begun, other) for _ in range(9)]
        while not begun.exists():
            time.sleep(0.01)

        def end() -> None:
            until(futures[-1].cancelled)
            other.touch()

        ender = threading.Thread(target=end)
        ender.start()
        raise LookupError
    ender.join()
    assert futures[0].exception() is None
    with pytest.raises(CancelledError):
        futures[-1].result()
    # the one that runs, and as many as there are workers and one
    assert sum(not future.cancelled() for future in futures) <= 1 + 2


def test_faults(context: BaseContext, faults: int, chance: random.Random) -> None:
    """A slow or failing state, or a worker killed at any moment: right values, or an error that says it."""
    for _ in range(faults):
        fault = chance.choice(["none", "raises", "vanishes", "killed"])
        pool = StatePool(jobs.make, (chance.uniform(0, 0.02), fault), workers=2, context=context)
        timer: threading.Timer | None = None
        try:
            with pool:
                values = pool.map(jobs.vary, range(12))
                if fault == "killed":
                    victim = chance.choice(multiprocessing.active_children())
                    timer = threading.Timer(chance.uniform(0, 0.1), victim.kill)
                    timer.start()
                assert list(values) == [(b"state", number) for number in range(12)]
            assert fault in {"none", "killed"}
        except StateFailed as error:
            assert (fault, str(error)) == ("raises", "ArithmeticError: raises")
        except BrokenProcessPool:
            assert fault in {"vanishes", "killed"}
        finally:
            if timer is not None:
                timer.cancel()
                timer.join()
        assert not multiprocessing.active_children()
