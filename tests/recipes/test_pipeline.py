"""`spawnable.recipes.pipeline`: each item through all stages, in order; or a clear error, and no process left."""

from __future__ import annotations

import contextlib
import multiprocessing
import random
import sys
import threading
import time
import traceback
from itertools import count, islice
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.recipes import jobs_pipeline as jobs

from spawnable.recipes import pipeline as module
from spawnable.recipes.pipeline import EndedWithoutResult, RemoteTraceback, Stage, pipeline


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    numbers=st.lists(st.integers(), max_size=20),
    widths=st.lists(st.integers(1, 3), min_size=1, max_size=3),
    ahead=st.integers(1, 20),
)
def test_each_item_through_all_stages(context: BaseContext, numbers: list[int], widths: list[int], ahead: int) -> None:
    """Whatever the numbers of workers, values come in the order of their items, none lost, none twice."""
    stages = [Stage(jobs.double, workers) for workers in widths]
    found = list(pipeline(numbers, [*stages, jobs.add_one], ahead=ahead, context=context))
    assert found == [number * 2 ** len(widths) + 1 for number in numbers]
    assert not multiprocessing.active_children()


def test_values_larger_than_a_pipe(context: BaseContext) -> None:
    """Items and values that no pipe holds go through while the parent has not begun to take any."""
    items = [bytes([number]) * 1_000_000 for number in range(6)]
    values = pipeline(items, [jobs.same, Stage(jobs.same, 2), jobs.same], context=context)
    first = next(values)
    assert [first, *values] == items


def test_back_pressure(context: BaseContext, tmp_path: Path) -> None:
    """Of a source without end no more is taken than `ahead` says, also while nobody asks for values."""
    taken: list[int] = []

    def source() -> Any:
        for number in count():
            taken.append(number)
            yield str(tmp_path), number

    values = pipeline(source(), [jobs.write_down, jobs.same], ahead=4, context=context)
    assert not taken
    assert [number for _, number in islice(values, 5)] == [0, 1, 2, 3, 4]
    assert len(taken) == 4 + 4
    while len(list(tmp_path.iterdir())) < 8:
        time.sleep(0.01)
    values.close()
    assert sorted(int(path.name) for path in tmp_path.iterdir()) == list(range(8))
    assert not multiprocessing.active_children()


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.integers(0, 30), widths=st.lists(st.integers(1, 3), min_size=1, max_size=3), ahead=st.integers(1, 20))
def test_never_more_than_ahead(context: BaseContext, size: int, widths: list[int], ahead: int) -> None:
    """Between source and taker there are `ahead` items as long as the source has any, and at no time more."""
    taken = given_ = 0

    def source() -> Any:
        nonlocal taken
        for number in range(size):
            taken += 1
            assert taken - given_ <= ahead
            yield number

    for value in pipeline(source(), [Stage(jobs.same, workers) for workers in widths], ahead=ahead, context=context):
        assert value == given_
        assert taken == min(size, given_ + ahead)
        given_ += 1
    assert given_ == size
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("size", [10, 300_000])
def test_slow_taker(context: BaseContext, size: int) -> None:
    """A taker that is slower than all stages gets every value in order, also where they fill all pipes."""
    tasks = [(number, size, 0.0, "none") for number in range(20)]
    found = []
    for value in pipeline(tasks, [Stage(jobs.vary, 2), jobs.unpack, jobs.same], ahead=8, context=context):
        found.append(value)
        time.sleep(0.01)
    assert found == [(number, bytes(size)) for number in range(20)]
    assert not multiprocessing.active_children()


def test_worker_that_does_not_end(context: BaseContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that goes on when all values were given is terminated after a while."""
    monkeypatch.setattr(module, "_GRACE", 0.1)
    assert list(pipeline([1, 2], [jobs.same_and_stay, jobs.same], context=context)) == [1, 2]
    assert not multiprocessing.active_children()


def test_error_in_place_of_its_value(context: BaseContext) -> None:
    """What a stage raises is raised behind all earlier values, with its traceback; all processes have ended."""
    found = []
    stages: list[Any] = [jobs.same, Stage(jobs.fail_at_three, 2), jobs.double]
    with pytest.raises(ValueError, match="three") as caught:
        for value in pipeline(range(9), stages, context=context):
            found.append(value)  # noqa: PERF402
    assert found == [0, 2, 4]
    assert isinstance(caught.value.__cause__, RemoteTraceback)
    assert 'raise ValueError("three")' in "".join(traceback.format_exception(caught.value))
    assert not multiprocessing.active_children()


def test_error_of_the_source(context: BaseContext) -> None:
    """What the source raises is raised at once, before values of items that it gave earlier, and ends all processes."""

    def source() -> Any:
        yield 1
        raise LookupError("no more")

    values = pipeline(source(), [jobs.same], context=context)
    with pytest.raises(LookupError, match="no more"):
        next(values)
    assert list(values) == []
    assert not multiprocessing.active_children()


def test_what_can_not_be_pickled(context: BaseContext) -> None:
    """An item or a value that can not be sent is an error, and no wait without end."""
    for items, stages in (([lambda: None], [jobs.same]), ([1], [jobs.return_function, jobs.same])):
        with pytest.raises(Exception, match=r"pickle|local object"):
            list(pipeline(cast("Any", items), stages, context=context))
        assert not multiprocessing.active_children()


def test_stage_that_can_not_be_started(start_method: str, context: BaseContext) -> None:
    """Where a function can not be sent to its process, those that were started before are ended."""
    if start_method == "fork":
        pytest.skip("fork pickles no functions")
    with pytest.raises(Exception, match=r"pickle|local object"):
        list(pipeline([1], [jobs.same, lambda value: value], context=context))
    assert not multiprocessing.active_children()


def test_sender_can_not_be_started(context: BaseContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no thread for what is sent, the processes that were started are ended."""

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        list(pipeline([1], [jobs.same, jobs.same], context=context))
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("code", [0, 5])
@pytest.mark.parametrize("stage", [jobs.leave, jobs.vanish])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_stage_that_ends(context: BaseContext, stage: Any, code: int, place: int) -> None:
    """A process that ends before its items do is named, with its exit code, whichever stage it is."""
    stages: list[Any] = [jobs.same, jobs.same, jobs.same]
    stages[place] = stage
    with pytest.raises(EndedWithoutResult, match=f"{stage.__name__} ended without a result: exit code {code}"):
        list(pipeline([code] * 9, stages, context=context))
    assert not multiprocessing.active_children()


def test_stage_that_is_killed(context: BaseContext) -> None:
    """A process that is killed is named, with the signal."""
    values = pipeline([1, 2], [jobs.same, jobs.sleep], context=context)

    def kill() -> None:
        while not (found := [c for c in multiprocessing.active_children() if c.name == "sleep"]):
            time.sleep(0.01)
        found[0].kill()

    killer = threading.Thread(target=kill)
    killer.start()
    # there, whoever is killed is said to be terminated
    text = "signal 15" if sys.platform == "win32" else "signal 9"
    with pytest.raises(EndedWithoutResult, match=f"sleep ended without a result: .*{text}"):
        next(values)
    killer.join()
    assert not multiprocessing.active_children()


@pytest.mark.skipif(sys.platform == "win32", reason="closes file descriptors, which pipes are not there")
def test_stage_that_closes_its_pipes(context: BaseContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no process has died and none sends any more, the last one is named."""
    monkeypatch.setattr(module, "_GRACE", 0.5)
    with pytest.raises(EndedWithoutResult, match="close_all"):
        list(pipeline([1], [jobs.close_all], context=context))
    assert not multiprocessing.active_children()


def test_iterator_that_is_left(context: BaseContext, tmp_path: Path) -> None:
    """A loop that is left early ends all processes, those that sleep too."""
    with contextlib.closing(pipeline(count(), [jobs.same, jobs.double], context=context)) as values:
        assert next(values) == 0
    assert not multiprocessing.active_children()
    asleep = tmp_path / "asleep"
    iterator = pipeline(["", str(asleep)], [jobs.sleep_at], context=context)
    assert next(iterator) == ""
    while not asleep.exists():
        time.sleep(0.001)
    iterator.close()
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(
    ("stages", "ahead"), [([], 1), ([jobs.same], 0), ([Stage(jobs.same, 0)], 1), ([jobs.same, Stage(jobs.same, -1)], 1)]
)
def test_numbers_under_one(stages: Any, ahead: int) -> None:
    """A pipeline in which nothing could move is an error of the call."""
    with pytest.raises(ValueError, match="at least 1"):
        pipeline([], stages, ahead=ahead)


def test_faults(context: BaseContext, faults: int, chance: random.Random) -> None:
    """Whatever becomes of one process or item, at whatever moment: values up to there, and an error that says it."""
    for _ in range(faults):
        fault = chance.choice(["none", "raises", "vanishes", "killed"])
        tasks = [(number, chance.choice([0, 10, 300_000]), chance.uniform(0, 0.01), "none") for number in range(12)]
        unlucky = chance.randrange(12)
        if fault in {"raises", "vanishes"}:
            tasks[unlucky] = (*tasks[unlucky][:3], fault)
        stages: list[Any] = [
            Stage(jobs.vary, chance.randint(1, 2)),
            Stage(jobs.unpack, chance.randint(1, 2)),
            jobs.same,
        ]
        values = pipeline(tasks, stages, ahead=chance.choice([1, 3, 16]), context=context)
        expected = [(number, bytes(size)) for number, size, _, _ in tasks]
        found: list[Any] = []
        timer: threading.Timer | None = None
        try:
            if unlucky or fault == "killed":
                found.append(next(values))
            if fault == "killed":
                victim = chance.choice(multiprocessing.active_children())
                timer = threading.Timer(chance.uniform(0, 0.1), victim.kill)
                timer.start()
            found.extend(values)
            assert fault in {"none", "killed"}
            assert found == expected
        except ArithmeticError as error:
            assert (fault, error.args) == ("raises", (tasks[unlucky][1],))
            assert found == expected[:unlucky]
        except EndedWithoutResult as error:
            assert fault in {"vanishes", "killed"}
            assert error.exit_code
            assert found == expected[: len(found)]
        finally:
            if timer is not None:
                timer.cancel()
                timer.join()
        assert not multiprocessing.active_children()
