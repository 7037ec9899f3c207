"""The same work, done by workers of the kind and number that a line on stdin asks for.

It needs the standard library alone, so that every Python of the machine can be asked, and it
says what it took by a line on stdout.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import multiprocessing
import sys
import time
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from spawnable.measure.busy import spin
from spawnable.measure.memory import share_mb

__all__ = ["main"]

#: seconds that a worker's first task takes
_NAP = 0.03


def nap(seconds: float) -> None:
    """Wait, as for an answer from a network."""
    time.sleep(seconds)


def _executor(kind: str, workers: int) -> Executor:
    if kind == "processes":
        return ProcessPoolExecutor(workers)
    if kind == "interpreters":  # since 3.14
        made: Executor = getattr(concurrent.futures, "InterpreterPoolExecutor")(workers)  # noqa: B009 - types of 3.11
        return made
    return ThreadPoolExecutor(workers)


def _memory_mb() -> float:
    """Return the memory of this process and its workers; 0 where nobody counts it."""
    pids: list[int] = [child.pid or 0 for child in multiprocessing.active_children()]
    with suppress(ImportError, OSError):
        return share_mb() + sum(map(share_mb, pids))
    return 0.0


async def _gather(workers: int, naps: list[float]) -> None:
    turns = asyncio.Semaphore(workers)

    async def one(seconds: float) -> None:
        async with turns:
            await asyncio.sleep(seconds)

    await asyncio.gather(*map(one, naps))


def _took(work: Any, tasks: list[Any], kind: str, workers: int) -> dict[str, float]:
    """Return what the tasks took, once all workers were there."""
    begin = time.perf_counter_ns()
    if kind == "loop":
        for task in tasks:
            work(task)
        return {"wall_ms": (time.perf_counter_ns() - begin) / 1e6}
    if kind == "asyncio":
        asyncio.run(_gather(workers, tasks))
        return {"wall_ms": (time.perf_counter_ns() - begin) / 1e6}
    before = _memory_mb()
    begin = time.perf_counter_ns()
    with _executor(kind, workers) as executor:
        # a worker that is asleep takes no second task: so each of them is started
        list(executor.map(nap, [_NAP] * workers))
        started = time.perf_counter_ns()
        memory = _memory_mb() - before
        ready = time.perf_counter_ns()
        list(executor.map(work, tasks))
        done = time.perf_counter_ns()
    figures = {"wall_ms": (done - ready) / 1e6, "start_ms": max(0.0, (started - begin) / 1e6 - _NAP * 1000)}
    return figures | ({"worker_mb": max(0.0, memory / workers)} if before else {})


def main() -> None:
    """Do what each line asks for."""
    for line in sys.stdin:
        asked = json.loads(line)
        work = spin if asked["work"] == "compute" else nap
        figures = _took(work, [asked["size"]] * asked["tasks"], asked["kind"], asked["workers"])
        sys.stdout.write(json.dumps(figures) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
