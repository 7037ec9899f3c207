"""`spawnable.recipes.bounded_map`: every value once, in order or not, and never too far ahead."""

from __future__ import annotations

import multiprocessing
import random
import threading
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from itertools import count, islice
from multiprocessing.context import BaseContext
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.recipes import jobs_bounded_map as jobs

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
    cast("Any", values).close()
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

    with pytest.raises(LookupError, match="dry"):
        list(bounded_map(jobs.square, source(), workers=1, context=context))
    assert not multiprocessing.active_children()


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
