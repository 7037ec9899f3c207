"""Recipes on top of an executor, whose first worker is killed when its second is about to be started."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import BaseContext
from typing import Any

import pytest
from tests.recipes import jobs_killed as jobs

from spawnable.recipes.bounded_map import bounded_map
from spawnable.recipes.clean_pool import CleanPool
from spawnable.recipes.worker_state import StatePool

#: seconds for an executor's own thread to close what it has; it does not end before `submit()` has
CLOSING = 2.0


class KillsTheFirst:
    """A context whose second process is started when the first is killed and, where it can be, all was closed."""

    def __init__(self, using: BaseContext) -> None:
        self._using: Any = using
        self.processes: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._using, name)

    def Process(self, *args: Any, **kwargs: Any) -> Any:  # noqa: N802
        """Return a process; the second is started late."""
        process = self._using.Process(*args, **kwargs)
        if len(self.processes) == 1:
            start = process.start

            def start_late() -> None:
                self.processes[0].kill()
                for thread in threading.enumerate():
                    if type(thread).__name__ == "_ExecutorManagerThread":
                        thread.join(CLOSING)
                # what starts it may pickle it
                del process.start
                start()

            process.start = start_late
        self.processes.append(process)
        return process


def clean_pool(context: Any) -> None:
    """Submit to a pool twice."""
    with CleanPool(2, context=context) as pool:
        pool.submit(jobs.endless)
        pool.submit(jobs.endless).result()


def state_pool(context: Any) -> None:
    """Submit to a pool with a state twice."""
    with StatePool(int, workers=2, context=context) as pool:
        pool.submit(jobs.endless)
        pool.submit(jobs.endless).result()


def mapped_states(context: Any) -> None:
    """Map over a pool with a state."""
    with StatePool(int, workers=2, context=context) as pool:
        list(pool.map(jobs.endless, range(4)))


def a_map(context: Any) -> None:
    """Ask a map for its first value."""
    next(bounded_map(jobs.endless, range(4), workers=2, context=context))


@pytest.mark.parametrize("use", [clean_pool, state_pool, mapped_states, a_map])
def test_it_is_broken(context: BaseContext, use: Callable[[Any], None]) -> None:
    """Whatever the executor had closed by then, the error is that it is broken, and no process is left."""
    killing = KillsTheFirst(context)
    with pytest.raises(BrokenProcessPool):
        use(killing)
    assert len(killing.processes) == 2
    assert not multiprocessing.active_children()
