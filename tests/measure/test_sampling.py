"""Sampling: in turns, within the time, with the spread."""

from __future__ import annotations

import time

import pytest

from spawnable.measure.plan import Plan
from spawnable.measure.sampling import in_turns, quantile, spread


def test_cases_take_turns() -> None:
    """Each round does every case once and begins with another; what warms up does not count."""
    calls: list[str] = []

    def case(name: str, value: float) -> float:
        calls.append(name)
        return value

    found = in_turns({"a": lambda: case("a", 1), "b": lambda: case("b", 2)}, Plan(repeats=3))
    assert found == {"a": [1, 1, 1], "b": [2, 2, 2]}
    assert "".join(calls) == "ababbaab"


def test_rounds_end_in_time() -> None:
    """No round begins that would, as the ones before it, end after the time."""
    begin = time.perf_counter()
    rounds = []
    for number in Plan(seconds=0.5).rounds():
        rounds.append(number)
        time.sleep(0.1)
    assert len(rounds) >= 2
    assert time.perf_counter() - begin < 0.5 + 0.3


def test_rounds_have_a_spread() -> None:
    """Where there is no time at all there are as many rounds as a spread needs."""
    assert len(list(Plan(seconds=0).rounds(least=3))) == 3
    assert len(list(Plan(seconds=9).rounds(most=4))) == 4


def test_spread() -> None:
    """A row has the median, the quartiles, the count and, where wanted, the 99th percentile."""
    found = spread("latency_us", list(range(101)), p99=True)
    assert found == {
        "latency_us": 50,
        "latency_us_q1": 25,
        "latency_us_q3": 75,
        "latency_us_p99": 99,
        "latency_us_n": 101,
    }
    with pytest.raises(ValueError, match="nothing was measured"):
        quantile([], 0.5)
