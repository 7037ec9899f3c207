"""How many runs may go at once: one more than there are processors, and further ones while most of them wait.

A run that sleeps costs next to nothing, so that many may sleep at once; runs that
compute would only slow each other down.  What other programs do is left out of account:
on a busy machine, too, a sleep takes no longer for others beside it.
"""

from __future__ import annotations

import os
import sys
import time

if sys.platform == "linux":
    from spawnable.run.linux import procfs

__all__ = ["Admission", "default_workers"]

#: runs at once for each processor, however idle the machine is
_MOST = 16
#: seconds between two looks at the processes of all runs
_LOOK = 0.01
#: of the time, one part in so many is spent looking, at most
_SHARE = 10
#: and after one that found no processor free
_REST = 0.05
#: looks, one after the other, that must find a processor free
_LOOKS = 2


def processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def default_workers() -> int:
    """Return how many runs go at once on a busy machine: one more than there are processors."""
    return max(2, processors() + 1)


class Admission:
    """Says whether one more run may start; a given number of workers is kept to exactly."""

    #: seconds until it may say something else though no run has ended
    pause = _LOOK

    def __init__(self, workers: int | None = None) -> None:
        #: runs that may go at once whatever the machine does
        self.usual = workers or default_workers()
        #: runs that may go at once at all
        self.most = workers or max(self.usual, _MOST * processors())
        self._free = 0
        self._next = 0.0

    def admits(self, running: int) -> bool:
        """Tell whether a run may start beside so many others."""
        if running < self.usual:
            return True
        now = time.monotonic()
        if running >= self.most or now < self._next:
            return False
        busy = _busy()
        free = busy is not None and busy < processors()
        self._next = now + max(_LOOK if free else _REST, _SHARE * (time.monotonic() - now))
        self._free = self._free + 1 if free else 0
        if self._free < _LOOKS:
            return False
        self._free = 0  # what starts now must be seen before another one does
        return True


if sys.platform == "linux":

    def _busy() -> int | None:
        """Return how many descendants of this process run, or wait for a processor or disk; None if there are none."""
        readings = [procfs.stat(pid) for pid in procfs.children(os.getpid())]
        return sum(reading is not None and reading.state in "RD" for reading in readings) if readings else None

else:

    def _busy() -> int | None:
        """Return None: nobody tells."""
        return None
