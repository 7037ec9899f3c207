"""What it costs when each of several workers has threads of its own for linear algebra.

NumPy hands products of matrices to a BLAS library, which by itself has a thread for each
processor, in every process.  The same products, of two square matrices of `size` rows, are
done by 1 process, by as many as there are processors, and by twice as many, each with 1 thread,
with as many as processors, and with twice as many.  `each_ms` is the time of the whole,
divided by the products; `beside_ratio` is that, divided by the time with one thread in each of
as many processes, `loop_ratio` the same beside one process with one thread.

The threads are set by threadpoolctl; `library` is the BLAS that it finds, with its version.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from multiprocessing.connection import Connection
from typing import Any

from spawnable.measure.chart import Chart
from spawnable.measure.machine import cpus
from spawnable.measure.plan import Plan
from spawnable.measure.sampling import in_turns, spread, timed
from spawnable.measure.table import Row, Table, Value

__all__ = ["CHARTS", "measure"]

_SIZE, _SMALL = 400, 100
#: seconds of a round of one crew
_ROUND, _TRIAL = 0.2, 0.01
#: more processes and threads than this show nothing new
_MOST = 8

CHARTS = (
    Chart(
        "A product, by the threads of each of 1, 2 and 4 processes",
        x="threads",
        y="each_ms",
        series="processes",
        log="y",
        x_title="threads of each process",
        y_title="time for each product",
        name="threads",
    ),
)


def measure(plan: Plan) -> Table:
    """Measure threads of linear algebra; see the module's text."""
    absent = [f"{name} is not installed." for name in ("numpy", "threadpoolctl") if find_spec(name) is None]
    if absent:
        return Table("blas", (), tuple(absent))
    many = min(max(2, cpus()), _MOST)
    counts = (many,) if plan.quick else (1, many, 2 * many)
    threads = (1, many) if plan.quick else (1, many, 2 * many)
    size = _SMALL if plan.quick else _SIZE
    crews = {(count, each): _crew(count, each, size) for count in counts for each in threads}
    with ExitStack() as stack:
        cases = {}
        for case, opened in crews.items():
            ends = stack.enter_context(opened)
            products = _products(ends, _TRIAL if plan.quick else _ROUND)
            cases[case] = partial(_each_ms, ends, products)
        found = in_turns(cases, plan.part(0.8), warm_up=0)
    library = _library()
    return Table("blas", tuple({**row, "library": library} for row in _rows(found, size)))


def _rows(found: dict[tuple[int, int], list[float]], size: int) -> Iterator[Row]:
    for (count, each), took in found.items():
        row: dict[str, Value] = {"processes": count, "threads": each, "size": size, **spread("each_ms", took)}
        for name, other in (("beside_ratio", (count, 1)), ("loop_ratio", (1, 1))):
            if other in found:
                row |= spread(name, [one / another for one, another in zip(took, found[other], strict=True)])
        yield row


def _library() -> str:
    """Return what NumPy's BLAS is called, as a process of its own finds it: this one shall not load it."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        name = pool.apply(_named)
        pool.close()
        pool.join()
    return name


def _named() -> str:
    import numpy  # noqa: ICN001, F401 - what it loads is looked for
    from threadpoolctl import threadpool_info

    found = (f"{one['internal_api']} {one['version']}" for one in threadpool_info() if one["user_api"] == "blas")
    return next(found, "unknown")


@contextmanager
def _crew(processes: int, threads: int, size: int) -> Iterator[list[Any]]:
    """Give the ends of pipes to processes that multiply when they are told how often."""
    context = multiprocessing.get_context("spawn")  # a fork of a process that has used a BLAS may have its threads
    ends: list[Any] = []  # of another class on Windows
    crew = []
    for _ in range(processes):
        mine, theirs = context.Pipe()
        process = context.Process(target=_multiply, args=(theirs, threads, size))
        process.start()
        theirs.close()
        ends.append(mine)
        crew.append(process)
    try:
        yield ends
    finally:
        for end in ends:
            with suppress(OSError):  # one that has failed has closed its end
                end.send(0)
            end.close()
        for process in crew:
            process.join()


def _multiply(end: Connection, threads: int, size: int) -> None:
    import numpy as np
    from threadpoolctl import threadpool_limits

    matrix = np.random.default_rng(1).random((size, size))
    out = np.empty_like(matrix)
    with threadpool_limits(threads):
        while times := end.recv():
            for _ in range(times):
                np.matmul(matrix, matrix, out=out)
            end.send(times)
    end.close()


def _do(ends: list[Any], times: int) -> None:
    """Let each process multiply so many times, and wait for all."""
    for end in ends:
        end.send(times)
    for end in ends:
        end.recv()


def _products(ends: list[Any], seconds: float) -> int:
    """Return how many products of each process take about so many seconds; at first there is a library to wake."""
    _do(ends, 1)
    took = timed(partial(_do, ends, 1))
    return max(1, min(1000, int(seconds / took)))


def _each_ms(ends: list[Any], times: int) -> float:
    return timed(partial(_do, ends, times)) * 1000 / (times * len(ends))
