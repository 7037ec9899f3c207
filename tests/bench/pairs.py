"""Two ways of doing the same, timed in turns: what slows the machine slows both."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

__all__ = ["Pairs", "in_turns"]

#: seconds before each call, so that none pays for what the one before left to be done
_PAUSE = 0.02


@dataclass(frozen=True, slots=True)
class Pairs:
    """Seconds that each of two calls took, pair by pair."""

    first: list[float]
    second: list[float]

    @property
    def ratio(self) -> float:
        """The median of the second over the median of the first."""
        return median(self.second) / median(self.first)

    @property
    def added(self) -> float:
        """The median of what the second took longer than the first beside it, in seconds."""
        return median(second - first for first, second in zip(self.first, self.second, strict=True))


def in_turns(first: Callable[[], object], second: Callable[[], object], count: int) -> Pairs:
    """Call both once untimed, then `count` times each; the one that goes first changes from pair to pair."""
    first()
    second()
    pairs = Pairs([], [])
    for number in range(count):
        calls = [(first, pairs.first), (second, pairs.second)]
        for call, times in reversed(calls) if number % 2 else calls:
            time.sleep(_PAUSE)
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
    return pairs
