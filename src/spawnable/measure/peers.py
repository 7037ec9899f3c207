"""Recipes beside the libraries that do the same: one job, done by each.

A job is opened with a number of workers, and is then a function of a number of tasks, which
does them and returns the seconds that this takes.  Where the workers of both live from call to
call, they live from before that until the job is closed; where processes are made for a
call, their start and their end are in the seconds, of the recipe as of the peer.
"""

from __future__ import annotations

import logging
import multiprocessing
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from spawnable.measure import with_pebble
from spawnable.measure.busy import spin
from spawnable.measure.sampling import timed
from spawnable.recipes.clean_pool import CleanPool
from spawnable.recipes.log_to_one_place import OnePlace
from spawnable.recipes.progress import Progress
from spawnable.recipes.result import ProcessWithResult
from spawnable.recipes.supervisor import supervise
from spawnable.recipes.time_limit import with_time_limit
from spawnable.recipes.usable_cpus import usable_cpus
from spawnable.recipes.worker_state import StatePool

__all__ = ["JOBS", "Job", "Run"]

#: how many tasks; seconds
Run = Callable[[int], float]
LOGGER = logging.getLogger("spawnable.measured")


@dataclass(frozen=True, slots=True)
class Job:
    """What one recipe or one of its peers does."""

    recipe: str
    #: the recipe itself, or a peer's name and what of it is used
    way: str
    #: tasks of a round: as many as take a tenth of a second or so
    tasks: int
    open: Callable[[int], AbstractContextManager[Run]]
    #: other libraries that it needs, as they are called where they are installed from
    libraries: tuple[str, ...] = ()

    @property
    def ours(self) -> bool:
        """Whether it is the recipe."""
        return self.way == self.recipe


@contextmanager
def _one_by_one(workers: int, *, call: Callable[[int], object]) -> Iterator[Run]:
    """Call with the length of a task, as often as there are tasks."""
    del workers
    yield lambda tasks: timed(lambda: [call(0) for _ in range(tasks)])


def _result(loops: int) -> object:
    with ProcessWithResult(spin, (loops,)) as process:
        return process.result()


@contextmanager
def _pebble_pool(workers: int, *, limit: float | None = None, at_once: bool = True) -> Iterator[Run]:
    from pebble import ProcessPool

    with ProcessPool(max_workers=workers) as pool:

        def run(tasks: int) -> None:
            if not at_once:
                for _ in range(tasks):
                    pool.schedule(spin, args=[0], timeout=limit).result()
                return
            for future in [pool.schedule(spin, args=[0], timeout=limit) for _ in range(tasks)]:
                future.result()

        yield lambda tasks: timed(partial(run, tasks))
        pool.close()
        pool.join()


@contextmanager
def _clean_pool(workers: int) -> Iterator[Run]:
    with CleanPool(workers) as pool:

        def run(tasks: int) -> None:
            for future in [pool.submit(spin, 0) for _ in range(tasks)]:
                future.result()

        yield lambda tasks: timed(partial(run, tasks))


@contextmanager
def _supervisor(workers: int) -> Iterator[Run]:
    """Its workers are started by each call: what counts is the time between the first outcome and the last."""

    def run(tasks: int) -> float:
        outcomes = supervise(spin, [0] * tasks, workers=workers)
        next(outcomes)
        seconds = timed(lambda: [outcome.value for outcome in outcomes])
        return seconds * tasks / (tasks - 1)

    yield run


def _with_state(state: int, loops: int) -> int:
    return state + spin(loops)


def _begin(state: dict[str, int]) -> None:
    state["value"] = 12


def _with_dict(state: dict[str, int], loops: int) -> int:
    return state["value"] + spin(loops)


@contextmanager
def _worker_state(workers: int) -> Iterator[Run]:
    with StatePool(int, ("12",), workers=workers) as pool:
        yield lambda tasks: timed(lambda: list(pool.map(_with_state, [0] * tasks)))


@contextmanager
def _mpire_state(workers: int) -> Iterator[Run]:
    from mpire import WorkerPool

    with WorkerPool(workers, use_worker_state=True, keep_alive=True) as pool:
        # arguments by name, as pools that are kept want the same function each time
        do = partial(pool.map, _with_dict, worker_init=_begin, chunk_size=1)
        yield lambda tasks: timed(lambda: do([0] * tasks))
        pool.stop_and_join()


@contextmanager
def _shared_array(workers: int) -> Iterator[Run]:
    from spawnable.measure.with_array import ARRAY, SharedArray, read

    with ProcessPoolExecutor(workers) as executor:

        def run(tasks: int) -> None:
            with SharedArray.copy_of(ARRAY) as shared:
                list(executor.map(read, [shared] * tasks, range(tasks)))

        yield lambda tasks: timed(partial(run, tasks))


@contextmanager
def _joblib_array(workers: int) -> Iterator[Run]:
    from joblib import Parallel, delayed

    from spawnable.measure.with_array import ARRAY, element

    task = delayed(element)
    # an object for each call: one that is called again may look for the file of the call before
    yield lambda tasks: timed(lambda: Parallel(n_jobs=workers)(task(ARRAY, number) for number in range(tasks)))


#: of a worker, what counts its steps
_counting: list[Progress] = []


def _count_by(progress: Progress) -> None:
    _counting.append(progress)


def _count_step(_: int) -> None:
    _counting[0].add()


@contextmanager
def _progress(workers: int) -> Iterator[Run]:
    def run(tasks: int) -> None:
        progress = Progress(lambda _: None)
        with progress, ProcessPoolExecutor(workers, initializer=_count_by, initargs=(progress,)) as executor:
            list(executor.map(_count_step, range(tasks)))

    yield lambda tasks: timed(partial(run, tasks))


@contextmanager
def _process_map(workers: int) -> Iterator[Run]:
    from tqdm.contrib.concurrent import process_map

    with tempfile.TemporaryFile("w", encoding="utf-8") as nowhere:
        do = partial(process_map, spin, max_workers=workers, chunksize=1, file=nowhere)
        yield lambda tasks: timed(lambda: do([0] * tasks))


def _log(records: int) -> None:
    for number in range(records):
        LOGGER.info("record %d", number)


def _logging(workers: int, tasks: int, initializer: Callable[..., object], *given: object) -> None:
    """Have each worker log its share."""
    context = multiprocessing.get_context()
    processes = [
        context.Process(target=_begin_to_log, args=(initializer, given, tasks // workers)) for _ in range(workers)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()


def _begin_to_log(initializer: Callable[..., object], given: tuple[object, ...], records: int) -> None:
    initializer(*given)
    _log(records)


@contextmanager
def _one_place(workers: int) -> Iterator[Run]:
    with tempfile.TemporaryDirectory(prefix="spawnable-") as folder:

        def run(tasks: int) -> None:
            handler = logging.FileHandler(Path(folder, "log"))
            LOGGER.setLevel(logging.INFO)
            LOGGER.addHandler(handler)
            try:
                place = OnePlace(level=logging.INFO)
                with place:
                    _logging(workers, tasks, place.use)
            finally:
                LOGGER.removeHandler(handler)
                handler.close()

        yield lambda tasks: timed(partial(run, tasks))


def _own_handler(file: str) -> None:
    from concurrent_log_handler import ConcurrentRotatingFileHandler

    LOGGER.addHandler(ConcurrentRotatingFileHandler(file))
    LOGGER.setLevel(logging.INFO)


@contextmanager
def _concurrent_log_handler(workers: int) -> Iterator[Run]:
    with tempfile.TemporaryDirectory(prefix="spawnable-") as folder:
        yield lambda tasks: timed(lambda: _logging(workers, tasks, _own_handler, str(Path(folder, "log"))))


@contextmanager
def _joblib_cpus(workers: int) -> Iterator[Run]:
    from joblib import cpu_count

    with _one_by_one(workers, call=lambda _: cpu_count()) as run:
        yield run


def _apart(call: Callable[[int], object]) -> Any:
    return partial(_one_by_one, call=call)


#: by recipe, each recipe before its peers
JOBS: tuple[Job, ...] = (
    Job("result", "result", 5, _apart(_result)),
    Job("result", "pebble process", 5, _apart(lambda loops: with_pebble.alone(loops).result()), ("pebble",)),
    Job("time_limit", "time_limit", 5, _apart(lambda loops: with_time_limit(with_pebble.LIMIT, spin, loops))),
    Job("time_limit", "pebble process", 5, _apart(lambda loops: with_pebble.limited(loops).result()), ("pebble",)),
    Job("time_limit", "pebble pool", 100, partial(_pebble_pool, limit=with_pebble.LIMIT, at_once=False), ("pebble",)),
    Job("clean_pool", "clean_pool", 300, _clean_pool),
    Job("clean_pool", "pebble pool", 300, _pebble_pool, ("pebble",)),
    Job("supervisor", "supervisor", 300, _supervisor),
    Job("supervisor", "pebble pool", 300, _pebble_pool, ("pebble",)),
    Job("worker_state", "worker_state", 300, _worker_state),
    Job("worker_state", "mpire", 300, _mpire_state, ("mpire",)),
    Job("shared_array", "shared_array", 100, _shared_array, ("numpy",)),
    Job("shared_array", "joblib", 100, _joblib_array, ("joblib", "numpy")),
    Job("log_to_one_place", "log_to_one_place", 4000, _one_place),
    Job("log_to_one_place", "concurrent-log-handler", 4000, _concurrent_log_handler, ("concurrent-log-handler",)),
    Job("progress", "progress", 300, _progress),
    Job("progress", "tqdm process_map", 300, _process_map, ("tqdm",)),
    Job("usable_cpus", "usable_cpus", 1000, _apart(lambda _: usable_cpus())),
    Job("usable_cpus", "joblib", 1000, _joblib_cpus, ("joblib",)),
)
