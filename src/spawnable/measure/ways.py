"""The ways in which a pool is given tasks: those of the standard library, our recipe, and peers.

A way is opened with a number of workers, and is then a function of tasks and the number of
them in a chunk, which does them and returns the seconds that this takes.  Its workers live
from before that until it is closed, but for our recipe, whose workers are started by each map:
there, the seconds are those from the first result on, in proportion.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.pool
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib.util import find_spec
from typing import Any

from spawnable.measure.busy import spin, spin_each
from spawnable.measure.sampling import timed
from spawnable.recipes.bounded_map import bounded_map

__all__ = ["RECIPE", "STREAMS", "WAYS", "Run", "Stream", "available", "joblib_ended", "libraries", "seconds_each"]

#: tasks and the size of a chunk; seconds
Run = Callable[[Sequence[int], int], float]
#: tasks and workers; results as they are asked for, of a source that is read no further than a few tasks ahead
Stream = Callable[[Iterator[int], int], Iterator[object]]

RECIPE = "bounded_map"


def seconds_each(values: Iterator[object], count: int) -> float:
    """Take all of so many values; return the seconds from one to the next, once the first is there."""
    next(values)
    begin = time.perf_counter_ns()
    for _ in range(count - 1):
        next(values)
    took = time.perf_counter_ns() - begin
    for _ in values:
        raise RuntimeError(f"more than {count} values")
    return took / 1e9 / max(1, count - 1)


def _chunks(tasks: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (tasks[place : place + size] for place in range(0, len(tasks), size))


@contextmanager
def _pool(workers: int, call: Callable[[multiprocessing.pool.Pool, Sequence[int], int], object]) -> Iterator[Run]:
    with multiprocessing.Pool(workers) as pool:
        yield lambda tasks, chunk: timed(partial(call, pool, tasks, chunk))
        pool.close()
        pool.join()


def _apply_async(pool: multiprocessing.pool.Pool, tasks: Sequence[int], chunk: int) -> None:
    if chunk == 1:
        results: list[Any] = [pool.apply_async(spin, (task,)) for task in tasks]
    else:
        results = [pool.apply_async(spin_each, (part,)) for part in _chunks(tasks, chunk)]
    for result in results:
        result.get()


@contextmanager
def _executor(workers: int, call: Callable[[ProcessPoolExecutor, Sequence[int], int], object]) -> Iterator[Run]:
    with ProcessPoolExecutor(workers) as executor:
        yield lambda tasks, chunk: timed(partial(call, executor, tasks, chunk))


def _submit(executor: ProcessPoolExecutor, tasks: Sequence[int], chunk: int) -> None:
    if chunk == 1:
        futures: list[Any] = [executor.submit(spin, task) for task in tasks]
    else:
        futures = [executor.submit(spin_each, part) for part in _chunks(tasks, chunk)]
    for future in futures:
        future.result()


@contextmanager
def _loop(workers: int) -> Iterator[Run]:
    del workers
    yield lambda tasks, _: timed(partial(spin_each, tasks))


@contextmanager
def _recipe(workers: int) -> Iterator[Run]:
    """Map over lists where chunks are wanted, as its page says."""

    def run(tasks: Sequence[int], chunk: int) -> float:
        if chunk == 1:
            return seconds_each(bounded_map(spin, tasks, workers=workers), len(tasks)) * len(tasks)
        parts = list(_chunks(tasks, chunk))
        return seconds_each(bounded_map(spin_each, parts, workers=workers), len(parts)) * len(parts)

    yield run


@contextmanager
def _joblib(workers: int, *, auto: bool = False) -> Iterator[Run]:
    from joblib import Parallel, delayed

    task = delayed(spin)

    def run(tasks: Sequence[int], chunk: int) -> float:
        parallel = Parallel(n_jobs=workers, batch_size="auto" if auto else chunk)
        return timed(lambda: parallel(map(task, tasks)))

    yield run


@contextmanager
def _mpire(workers: int) -> Iterator[Run]:
    from mpire import WorkerPool

    with WorkerPool(workers, keep_alive=True) as pool:
        yield lambda tasks, chunk: timed(lambda: pool.map(spin, tasks, chunk_size=chunk))
        pool.stop_and_join()


@contextmanager
def _pebble(workers: int) -> Iterator[Run]:
    from pebble import ProcessPool

    with ProcessPool(max_workers=workers) as pool:
        yield lambda tasks, chunk: timed(lambda: list(pool.map(spin, tasks, chunksize=chunk).result()))
        pool.close()
        pool.join()


def _bounded(tasks: Iterator[int], workers: int, *, ordered: bool = True) -> Iterator[object]:
    return bounded_map(spin, tasks, workers=workers, ordered=ordered)


def _joblib_stream(tasks: Iterator[int], workers: int, *, kind: str) -> Iterator[object]:
    from joblib import Parallel, delayed

    values: Iterator[object] = Parallel(n_jobs=workers, return_as=kind)(map(delayed(spin), tasks))
    return values


def _mpire_stream(tasks: Iterator[int], workers: int, *, name: str) -> Iterator[object]:
    from mpire import WorkerPool

    with WorkerPool(workers) as pool:
        yield from getattr(pool, name)(spin, tasks, chunk_size=1, max_tasks_active=2 * workers)


def _buffered(tasks: Iterator[int], workers: int) -> Iterator[object]:
    with ProcessPoolExecutor(workers) as executor:
        since_3_14: dict[str, Any] = {"buffersize": 2 * workers}
        yield from executor.map(spin, tasks, **since_3_14)


#: by name, in the order of the tables
WAYS: dict[str, Callable[[int], AbstractContextManager[Run]]] = {
    "loop": _loop,
    "Pool.map": partial(_pool, call=lambda pool, tasks, chunk: pool.map(spin, tasks, chunk)),
    "Pool.imap": partial(_pool, call=lambda pool, tasks, chunk: list(pool.imap(spin, tasks, chunk))),
    "Pool.imap_unordered": partial(
        _pool, call=lambda pool, tasks, chunk: list(pool.imap_unordered(spin, tasks, chunk))
    ),
    "Pool.apply_async": partial(_pool, call=_apply_async),
    "Executor.map": partial(
        _executor, call=lambda executor, tasks, chunk: list(executor.map(spin, tasks, chunksize=chunk))
    ),
    "Executor.submit": partial(_executor, call=_submit),
    RECIPE: _recipe,
    "joblib": _joblib,
    "joblib auto": partial(_joblib, auto=True),
    "mpire": _mpire,
    "pebble": _pebble,
}

#: by name: those that do not read a source to its end at once
STREAMS: dict[str, Stream] = {
    RECIPE: _bounded,
    f"{RECIPE} unordered": partial(_bounded, ordered=False),
    "Executor.map buffersize": _buffered,
    "joblib generator": partial(_joblib_stream, kind="generator"),
    "joblib generator_unordered": partial(_joblib_stream, kind="generator_unordered"),
    "mpire imap": partial(_mpire_stream, name="imap"),
    "mpire imap_unordered": partial(_mpire_stream, name="imap_unordered"),
}


def libraries(names: Iterable[str] = ("joblib", "mpire", "pebble")) -> dict[str, bool]:
    """Tell which of the libraries are installed."""
    return {name: find_spec(name.replace("-", "_")) is not None for name in names}


@contextmanager
def joblib_ended() -> Iterator[None]:
    """End the workers that joblib keeps for the next call, once there is none."""
    try:
        yield
    finally:
        if "joblib" in sys.modules:
            from joblib.externals.loky import get_reusable_executor

            get_reusable_executor().shutdown(wait=True)


def available(names: Iterable[str]) -> list[str]:
    """Return the ways that this Python has, of these."""
    here = libraries()
    return [
        name
        for name in names
        if here.get(name.partition(" ")[0], True) and (name != "Executor.map buffersize" or sys.version_info >= (3, 14))
    ]
