"""What a pool takes for each task, beside a plain loop and beside other libraries.

Four parts, each of them the same work in turns for every way of giving it to two workers:

- `overhead`: tasks that do nothing, in chunks of 1, 10 and 100.  `overhead_us` is the time of
  the whole, divided by the tasks, less what the loop takes.
- `length`: tasks of 10 µs to 3 ms, one in a chunk.  `speedup_ratio` is the time of the loop, divided
  by that of the way; `break_even_us`, in rows of the part `break even`, is the length at
  which it passes 1.
- `stream`: tasks from a generator that is read a few tasks ahead.  `value_us` is the time from
  the first value to the last, divided by the values between; `beside_ratio` is that of our
  recipe divided by that of the fastest peer.
- `start`: a pool that is made, does one task and is ended, under each start method.
"""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial

from spawnable.measure.busy import loops_per_us, spin
from spawnable.measure.chart import Chart
from spawnable.measure.machine import cpus
from spawnable.measure.plan import Plan
from spawnable.measure.sampling import in_turns, median, spread, timed
from spawnable.measure.table import Row, Table
from spawnable.measure.ways import RECIPE, STREAMS, WAYS, Run, Stream, available, joblib_ended, libraries, seconds_each

__all__ = ["CHARTS", "measure", "start_methods"]

_CHUNKS = (1, 10, 100)
_LENGTHS = (10, 30, 100, 300, 1000, 3000)
_STREAMED = (100, 3000)
#: ways whose break-even is looked for: the others are like one of these
_LOOKED_FOR = (
    "loop",
    "Pool.map",
    "Pool.imap_unordered",
    "Executor.submit",
    RECIPE,
    "joblib",
    "joblib auto",
    "mpire",
    "pebble",
)

CHARTS = (
    Chart(
        "What a task costs beyond itself, by how many are in a chunk",
        x="way",
        y="overhead_us",
        series="chunk",
        where={"part": "overhead"},
        log="y",
        x_title="way",
        y_title="time for each task beyond the task",
        name="overhead",
    ),
    Chart(
        "A pool beats the loop where its line is above 1",
        x="task_us",
        y="speedup_ratio",
        series="way",
        where={"part": "length", "way": ("Pool.map", "Executor.submit", "joblib auto", RECIPE)},
        log="xy",
        x_title="length of a task",
        y_title="times as fast as the loop",
        name="break-even",
    ),
    Chart(
        "A stream of values, by the length of its tasks",
        x="way",
        y="value_us",
        series="task_us",
        where={"part": "stream"},
        log="y",
        y_title="time for each value",
        name="stream",
    ),
)


def measure(plan: Plan) -> Table:
    """Measure pools; see the module's text."""
    workers = 2 if plan.quick else min(max(2, cpus()), 8)
    per_us = loops_per_us()
    names = available(WAYS)
    rows: list[Row] = []
    with joblib_ended(), ExitStack() as stack:
        runs = {name: stack.enter_context(WAYS[name](workers)) for name in names}
        rows += _overhead(runs, plan.part(0.3))
        rows += _lengths({name: run for name, run in runs.items() if name in _LOOKED_FOR}, plan.part(0.3), per_us)
        stack.close()
        rows += _streams(workers, plan.part(0.25), per_us)
    rows += _starts(plan.part(0.1))
    missing = [f"{name} is not installed." for name, here in libraries().items() if not here]
    if len(available(STREAMS)) < len(STREAMS) and all(libraries().values()):
        missing.append("Executor.map has buffersize from Python 3.14 on.")
    rows = [{**row, "workers": workers} for row in rows]
    return Table("pools", tuple(rows), tuple(missing))


def _overhead(runs: Mapping[str, Run], plan: Plan) -> Iterator[Row]:
    tasks = [0] * (20 if plan.quick else 500)
    chunks = _CHUNKS[:2] if plan.quick else _CHUNKS
    cases = {
        (name, chunk): partial(run, tasks, chunk)
        for name, run in runs.items()
        for chunk in chunks
        if chunk == 1 or name not in {"loop", "joblib auto"}
    }
    found = in_turns(cases, plan, warm_up=0 if plan.quick else 1)
    for (name, chunk), seconds in found.items():
        if name == "loop":
            continue
        each = [(one - loop) / len(tasks) * 1e6 for one, loop in zip(seconds, found["loop", 1], strict=True)]
        size = "auto" if name == "joblib auto" else str(chunk)
        yield {"part": "overhead", "way": name.removesuffix(" auto"), "chunk": size, **spread("overhead_us", each)}


def _lengths(runs: Mapping[str, Run], plan: Plan, per_us: float) -> Iterator[Row]:
    lengths = _LENGTHS[2:3] if plan.quick else _LENGTHS
    work = {length: [int(length * per_us)] * _count(length, plan) for length in lengths}
    cases = {(name, length): partial(run, work[length], 1) for length in lengths for name, run in runs.items()}
    found = in_turns(cases, plan, warm_up=0 if plan.quick else 1)
    for name in runs:
        if name == "loop":
            continue
        middles = []
        for length in lengths:
            pairs = zip(found["loop", length], found[name, length], strict=True)
            speedups = [loop / one for loop, one in pairs]
            middles.append(median(speedups))
            yield {"part": "length", "way": name, "task_us": length, **spread("speedup_ratio", speedups)}
        passed = _break_even(lengths, middles)
        if passed is not None:
            yield {"part": "break even", "way": name, "break_even_us": float(f"{passed:.3g}")}


def _count(length: int, plan: Plan) -> int:
    """Return how many tasks of that many microseconds are done in a round."""
    return 10 if plan.quick else min(300, max(20, 60_000 // length))


def _break_even(lengths: Sequence[int], speedups: Sequence[float]) -> float | None:
    """Return from which length on the speed-up is over 1, between two of them in proportion of their logarithms.

    >>> _break_even([10, 1000], [0.5, 1.5])
    100.0

    None where it is over 1 from the first on, or is not at the last.
    """
    if speedups[-1] <= 1:
        return None
    last = max((place for place, speedup in enumerate(speedups) if speedup <= 1), default=None)
    if last is None:
        return None
    below, above = speedups[last], speedups[last + 1]
    low, high = math.log(lengths[last]), math.log(lengths[last + 1])
    return round(math.exp(low + (high - low) * (1 - below) / (above - below)), 6)


def _streams(workers: int, plan: Plan, per_us: float) -> Iterator[Row]:
    lengths = _STREAMED[:1] if plan.quick else _STREAMED
    names = available(STREAMS)
    cases = {
        (name, length): partial(
            _value_us, STREAMS[name], workers, [int(length * per_us)] * (20 if plan.quick else _count(length, plan) * 3)
        )
        for length in lengths
        for name in names
    }
    found = in_turns(cases, plan, warm_up=0 if plan.quick else 1)
    ours = {RECIPE, f"{RECIPE} unordered", "Executor.map buffersize"}
    for length in lengths:
        peers = [name for name in names if name not in ours]
        for name in names:
            values = found[name, length]
            yield {"part": "stream", "way": name, "task_us": length, **spread("value_us", values)}
        if peers:
            fastest = min(peers, key=lambda peer: median(found[peer, length]))
            best = min((RECIPE, f"{RECIPE} unordered"), key=lambda way: median(found[way, length]))
            pairs = zip(found[best, length], found[fastest, length], strict=True)
            ratios = [one / other for one, other in pairs]
            yield {"part": "beside", "way": best, "peer": fastest, "task_us": length, **spread("beside_ratio", ratios)}


def _value_us(stream: Stream, workers: int, tasks: Sequence[int]) -> float:
    """Return the microseconds from value to value, once the first is there."""
    return seconds_each(stream(iter(tasks), workers), len(tasks)) * 1e6


def start_methods() -> list[str]:
    """Return those of the standard library that there are here: joblib's loky adds some of its own to the list."""
    return [name for name in multiprocessing.get_all_start_methods() if name in ("fork", "forkserver", "spawn")]


def _starts(plan: Plan) -> Iterator[Row]:
    cases: dict[tuple[str, str], Callable[[], float]] = {}
    methods = start_methods()
    for method in methods[:1] if plan.quick else methods:
        cases["Pool", method] = partial(timed, partial(_start_pool, method))
        cases["Executor", method] = partial(timed, partial(_start_executor, method))
    for (way, method), seconds in in_turns(cases, plan, warm_up=0).items():
        yield {
            "part": "start",
            "way": way,
            "start_method": method,
            **spread("start_ms", [one * 1000 for one in seconds]),
        }


def _start_pool(method: str) -> None:
    with multiprocessing.get_context(method).Pool(2) as pool:
        pool.map(spin, [0, 0], 1)
        pool.close()
        pool.join()


def _start_executor(method: str) -> None:
    with ProcessPoolExecutor(2, multiprocessing.get_context(method)) as executor:
        list(executor.map(spin, [0, 0]))
