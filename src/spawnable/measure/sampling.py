"""How what is compared is sampled: warmed up, in turns, many times; what a row says of it.

A library for benchmarks such as pyperf measures one thing after another, each in
processes of its own.  Here most of what is measured is several processes already, and what
is compared must meet the same moments of the machine: so each round does every case once,
each round in another order.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from spawnable.measure.plan import Plan

__all__ = ["in_turns", "median", "quantile", "spread", "timed"]

Case = TypeVar("Case", bound=Hashable)


def quantile(values: Iterable[float], part: float) -> float:
    """Return the value below which that part of the values lies, between two of them in proportion.

    >>> quantile([4, 1, 3, 2], 0.5), quantile([10, 20], 0.99)
    (2.5, 19.9)

    Raises ValueError where there are none.
    """
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values: nothing was measured")
    place = (len(ordered) - 1) * part
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def median(values: Iterable[float]) -> float:
    """Return the middle value, which a few disturbed ones do not move.

    >>> median([1, 2, 900])
    2.0
    """
    return quantile(values, 0.5)


def spread(column: str, values: Sequence[float], *, p99: bool = False) -> dict[str, float | int]:
    """Return the cells of a row that tell of these values, whose unit is the end of the column's name.

    `latency_us` is their median, `latency_us_q1` and `latency_us_q3` are the quartiles,
    `latency_us_n` is how many there are; with `p99` there is `latency_us_p99` too.

    >>> spread("wall_ms", [1.0, 2.0, 3.0])
    {'wall_ms': 2.0, 'wall_ms_q1': 1.5, 'wall_ms_q3': 2.5, 'wall_ms_n': 3}
    """
    parts = {"": 0.5, "_q1": 0.25, "_q3": 0.75} | ({"_p99": 0.99} if p99 else {})
    figures = {f"{column}{name}": _digits(quantile(values, part)) for name, part in parts.items()}
    return {**figures, f"{column}_n": len(values)}


def _digits(value: float) -> float:
    """Return a value with five digits: no measurement here is better than that.

    >>> _digits(1234.5678), _digits(0.00012345678)
    (1234.6, 0.00012346)
    """
    return float(f"{value:.5g}")


def timed(call: Callable[[], object]) -> float:
    """Return how many seconds a call takes."""
    begin = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - begin) / 1e9


def in_turns(
    cases: Mapping[Case, Callable[[], float]],
    plan: Plan,
    *,
    warm_up: int = 1,
    least: int = 2,
    most: int = 1_000,
) -> dict[Case, list[float]]:
    """Return what each case measured in each round, all cases in each round.

    A case is a function that measures once and returns the figure.  Every round begins
    with another case, so that none is always the one after the same neighbour's litter.
    The first `warm_up` rounds do not count.
    """
    names = list(cases)
    found: dict[Case, list[float]] = {name: [] for name in names}
    for _ in range(warm_up):
        for name in names:
            cases[name]()
    for number in plan.rounds(least=least, most=most):
        turn = number % len(names) if names else 0
        for name in names[turn:] + names[:turn]:
            gc.collect()
            found[name].append(cases[name]())
    return found
