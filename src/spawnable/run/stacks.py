"""Wait until processes that were asked for their stacks have written them whole."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["await_stacks"]

#: seconds that processes have to print their stacks
_PATIENCE = 1.5
#: seconds between two looks whether they have
_PAUSE = 0.02
#: looks in which nothing was added, after which one that runs is thought to be done
_STILL = 10


def await_stacks(
    sizes: Callable[[], list[int]], runs: Callable[[], bool], given_up: Callable[[], bool] = lambda: False
) -> None:
    """Wait until each file has something in it and none grows, or for 1.5 seconds.

    `sizes` gives those of the files in bytes, `runs` tells whether one of the processes wants a processor: one
    that has none may be in the middle of it, and one that computes always does.
    """
    deadline, last, still = time.monotonic() + _PATIENCE, [-1], 0
    while time.monotonic() < deadline and not given_up():
        found = sizes()
        still = still + 1 if all(found) and found == last else 0
        if still > _STILL or (still and not runs()):
            return
        last = found
        time.sleep(_PAUSE)
