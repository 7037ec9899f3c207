"""`spawnable.recipes.bounded_map`: every value once, in order or not, and never too far ahead."""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import count, islice
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.recipes import jobs_bounded_map as jobs
from tests.waiting import until

from spawnable.recipes import bounded_map as module
from spawnable.recipes.bounded_map import bounded_map


class Source(Iterator[int]):
    """The numbers from 0, which counts those that were taken."""

    def __init__(self, end: int | None = None) -> None:
        self.taken = 0
        self._end = end

    def __next__(self) -> int:
        if self.taken == self._end:
            raise StopIteration
        self.taken += 1
        return self.taken - 1


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.integers(0, 20), workers=st.integers(1, 3), ahead=st.integers(1, 8), ordered=st.booleans())
def test_every_value_once_and_never_too_far_ahead(
    context: BaseContext, size: int, workers: int, ahead: int, ordered: bool
) -> None:
    """All values come once, in order if asked for; of the source, no more than `ahead` are open."""
    source = Source(size)
    values = []
    for value in bounded_map(jobs.square, source, workers=workers, ahead=ahead, ordered=ordered, context=context):
        values.append(value)
        assert source.taken - len(values) < ahead
    assert (values if ordered else sorted(values)) == [number * number for number in range(size)]


def test_endless_source(context: BaseContext) -> None:
    """Of a source without end, as many values come as are asked for; then nothing is left."""
    values = bounded_map(jobs.dawdle, count(), workers=2, context=context)
    assert list(islice(values, 10)) == list(range(10))
    values.close()
    assert not multiprocessing.active_children()


def test_nothing_before_the_first_value(context: BaseContext) -> None:
    """Before a value is asked for nothing is taken and nothing started."""
    source = Source()
    values = bounded_map(jobs.square, source, context=context)
    assert source.taken == 0
    assert not multiprocessing.active_children()
    del values


@pytest.mark.parametrize("ordered", [True, False])
def test_exception_in_place_of_its_value(context: BaseContext, ordered: bool) -> None:
    """What the function raises is raised with its traceback, and ends the iterator and all workers."""
    values = bounded_map(jobs.fail_at_three, count(), workers=1, ahead=2, ordered=ordered, context=context)
    assert [next(values) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ArithmeticError, match="three") as caught:
        next(values)
    assert 'raise ArithmeticError("three")' in str(caught.value.__cause__)
    assert list(values) == []
    assert not multiprocessing.active_children()


def test_exception_that_can_not_cross(context: BaseContext) -> None:
    """An exception that can not be made again is a RuntimeError that names it, with its traceback."""
    values = bounded_map(jobs.be_picky, [2], workers=1, context=context)
    with pytest.raises(RuntimeError, match="Picky: 1 and 2") as caught:
        next(values)
    assert "raise Picky(1, number)" in str(caught.value.__cause__)


def test_source_that_fails(context: BaseContext) -> None:
    """What the source raises is raised, and nothing is left."""

    def source() -> Iterator[int]:
        yield 1
        raise LookupError("dry")

    values = bounded_map(jobs.square, source(), workers=1, context=context)
    with pytest.raises(LookupError, match="dry"):
        next(values)  # the value of the item before the error is not given any more
    assert list(values) == []
    assert not multiprocessing.active_children()


def test_what_is_closed_is_waited_for(context: BaseContext, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A map that is closed waits for calls that were handed out: what runs, and one more than there are workers."""
    futures: list[Future[Any]] = []

    class Noting(ProcessPoolExecutor):
        """An executor that notes its futures."""

        def submit(self, *args: Any, **kwargs: Any) -> Future[Any]:
            futures.append(super().submit(*args, **kwargs))
            return futures[-1]

    monkeypatch.setattr(module, "ProcessPoolExecutor", Noting)
    go_on = tmp_path / "go on"
    tasks = ["", *[str(go_on)] * 9]
    values = bounded_map(jobs.wait_for, tasks, workers=1, ahead=8, context=context)
    assert next(values) == ""
    until(futures[1].running)

    def end() -> None:
        until(futures[-1].cancelled)
        go_on.touch()

    ender = threading.Thread(target=end)
    ender.start()
    values.close()
    ender.join()
    assert 1 <= sum(not future.cancelled() for future in futures) - 1 <= 1 + 2
    assert not multiprocessing.active_children()


def workers_of(monkeypatch: pytest.MonkeyPatch, workers: int | None = None) -> Any:
    """Return how many workers a map would start."""
    monkeypatch.setattr(module, "_values", lambda *args: args)
    values: Any = bounded_map(jobs.square, [], workers=workers)
    return values[2][0]


def test_as_many_workers_as_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are as many workers as CPUs that may be used, by what this Python knows of them."""
    monkeypatch.setattr(os, "process_cpu_count", lambda: 3, raising=False)
    assert workers_of(monkeypatch) == 3
    monkeypatch.delattr(os, "process_cpu_count")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 5}, raising=False)
    assert workers_of(monkeypatch) == 2
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert workers_of(monkeypatch) == 7
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert workers_of(monkeypatch) == 1


@pytest.mark.parametrize(("platform", "workers"), [("linux", 200), ("win32", 61)])
def test_windows_has_fewer_workers(monkeypatch: pytest.MonkeyPatch, platform: str, workers: int) -> None:
    """On Windows there are 61 at most; who asks for more is told at the call."""
    with monkeypatch.context() as patch:
        patch.setattr(os, "process_cpu_count", lambda: 200, raising=False)
        patch.setattr(sys, "platform", platform)
        assert workers_of(patch) == workers_of(patch, workers) == workers
        if platform == "win32":
            with pytest.raises(ValueError, match="workers=62: at most 61 on Windows"):
                workers_of(patch, 62)


@pytest.mark.parametrize("numbers", [{"workers": 0}, {"ahead": 0}])
def test_numbers_under_one(numbers: dict[str, int]) -> None:
    """Without workers, or items ahead, there would be no value: it is an error of the call."""
    with pytest.raises(ValueError, match="at least 1"):
        bounded_map(jobs.square, [], workers=numbers.get("workers"), ahead=numbers.get("ahead"))


def test_faults(context: BaseContext, faults: int, chance: random.Random) -> None:
    """Whichever worker is killed at whatever moment: all values come, or the first of them and an error."""
    for _ in range(faults):
        ordered = chance.choice([True, False])
        values: list[int] = []
        source = bounded_map(
            jobs.dawdle, range(30), workers=2, ahead=chance.randint(1, 6), ordered=ordered, context=context
        )
        values.append(next(source))
        timer = threading.Timer(chance.uniform(0, 0.15), chance.choice(multiprocessing.active_children()).kill)
        timer.start()
        try:
            values += source
            assert len(values) == 30
        except BrokenProcessPool:
            pass
        timer.cancel()
        timer.join()
        assert len(set(values)) == len(values)
        if ordered:
            assert values == list(range(len(values)))
        assert not multiprocessing.active_children()
