"""Work for workers: a task that computes for a known time, and how long that is here."""

from __future__ import annotations

import time
from collections.abc import Sequence

__all__ = ["loops_per_us", "spin", "spin_each"]


def spin(loops: int) -> int:
    """Add up numbers in Python, which takes as long as there are loops."""
    total = 0
    for number in range(loops):
        total += number
    return total


def spin_each(tasks: Sequence[int]) -> list[int]:
    """Do several tasks at once, as a chunk that somebody has made by hand."""
    return [spin(loops) for loops in tasks]


def loops_per_us() -> float:
    """Return how many loops of `spin` take a microsecond on this machine, at its best of many tries."""
    loops, best = 20_000, 0
    for _ in range(20):
        begin = time.perf_counter_ns()
        spin(loops)
        took = time.perf_counter_ns() - begin
        best = min(best or took, took)
    return loops * 1000 / best
