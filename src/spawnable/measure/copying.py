"""What it costs to give a large NumPy array to processes, in time and memory.

The parent has an array of `size_mb`, two workers want to read it:

- `pickled`: the array is sent to each through a pipe, as the argument of a task is;
- `shared memory`: it is copied into a block once, and each worker is sent the block's name;
- `memmap`: it is saved to a file once, and each worker is sent the file's name;
- `fork`: the workers are started after it was made, so that they have it.

`make_ms` is what the parent does once, such as the copy into the block.  `hand_ms` is the time
from there until both workers have told the sum of all elements.  `peak_mb` is by how much the
memory of all three grew at its highest, each shared page counted once, as seen in two looks 2 ms apart;
`worker_mb` is by how much that of one worker grew that it shares with no other.

In the part `copy-on-write` the parent forks a process, which reads or writes what the parent has:
`copied_mb` is by how much the memory grew that is the child's alone.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

from spawnable.measure.chart import Chart
from spawnable.measure.cow import copy_on_write
from spawnable.measure.memory import Watch, counted, private_mb, watching
from spawnable.measure.plan import Plan
from spawnable.measure.sampling import in_turns, spread
from spawnable.measure.table import Row, Table, Value

__all__ = ["CHARTS", "measure"]

_SIZE_MB, _SMALL_MB = 100, 8
_WORKERS = 2

CHARTS = (
    Chart(
        "Until both workers have read the array",
        x="way",
        y="hand_ms",
        where={"part": "hand over"},
        y_title="time",
        name="time",
    ),
    Chart(
        "Memory that it takes on top, at its highest",
        x="way",
        y="peak_mb",
        where={"part": "hand over"},
        y_title="memory beyond the array itself",
        name="peak",
    ),
    Chart(
        "What a forked child copies",
        x="what",
        y="copied_mb",
        series="action",
        where={"part": "copy-on-write"},
        y_title="memory that is the child's alone",
        name="copied",
    ),
)


def measure(plan: Plan) -> Table:
    """Measure copying; see the module's text."""
    try:
        import numpy as np
    except ImportError:
        return Table("copying", (), ("numpy is not installed.",))
    size = _SMALL_MB if plan.quick else _SIZE_MB
    rows: list[Row] = []
    missing = []
    forks = "fork" in multiprocessing.get_all_start_methods()
    if not counted():
        missing.append("What memory is a process's own is not told by the system, and psutil is not installed.")
    with (
        watching() as watch,
        tempfile.TemporaryDirectory(prefix="spawnable-") as folder,
        _crew("spawn", _serve) as crew,
    ):
        array = np.random.default_rng(1).random(size * 1_000_000 // 8)
        ways: dict[str, Way] = {
            "pickled": partial(_pickled, array, crew),
            "shared memory": partial(_shared, array, crew),
            "memmap": partial(_mapped, array, crew, Path(folder, "array.npy")),
        }
        if forks:
            ways["fork"] = partial(_forked, array)
        rows += _hand_over(ways, crew, watch if counted() else None, plan)
    if forks and counted():
        rows += copy_on_write(size, plan.part(0.2))
    else:
        missing.append("There is no fork on this system, or nobody counts what a forked child copies.")
    return Table("copying", tuple({**row, "size_mb": size} for row in rows), tuple(missing))


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    #: a `Connection`, which is of another class on Windows
    end: Any


@dataclass(frozen=True, slots=True)
class _Told:
    """What came of handing an array over once."""

    make_ms: float
    hand_ms: float
    #: by how much each worker's own memory grew; nothing where nobody asked
    grown_mb: Sequence[float]


#: hands an array over; counts memory where there is a watch
Way = Callable[[Watch | None], _Told]


@contextmanager
def _crew(method: str, target: Callable[..., None], *args: Any) -> Iterator[list[_Worker]]:
    """Give two workers, each at the other end of a pipe."""
    context: Any = multiprocessing.get_context(method)
    crew = []
    for _ in range(_WORKERS):
        mine, theirs = context.Pipe()
        process = context.Process(target=target, args=(theirs, *args))
        process.start()
        theirs.close()
        crew.append(_Worker(process, mine))
    try:
        yield crew
    finally:
        for worker in crew:
            with suppress(OSError):
                worker.end.send(None)
            worker.end.close()
        for worker in crew:
            worker.process.join()


def _serve(end: Connection, inherited: Any = None) -> None:
    """Read each array that is sent, in whatever way, or the one that this process has from its start.

    Tell its sum, and then, when it is wished, by how much this process's own memory has grown.
    """
    before = private_mb() if counted() else 0.0
    while order := end.recv():
        way, what = order
        del order
        with _attached(way, inherited if way == "fork" else what) as array:
            end.send(float(array.sum()))
            end.send(private_mb() - before if end.recv() else 0.0)
            end.recv()
        del array, what
        end.send("gone")
        before = private_mb() if counted() else 0.0


@contextmanager
def _attached(way: str, what: Any) -> Iterator[Any]:
    """Give the array that was sent by its name, or was sent itself."""
    if way == "shared memory":
        import numpy as np

        name, length = what
        block = SharedMemory(name)  # the parent's resource tracker is that of its workers too
        yield np.ndarray(length, dtype=np.float64, buffer=block.buf)
        block.close()
    elif way == "memmap":
        import numpy as np

        yield np.load(what, mmap_mode="r")
    else:
        yield what


def _ask(crew: Sequence[_Worker], way: str, what: object) -> None:
    """Send all the same, and wait until all have read the array."""
    for worker in crew:
        worker.end.send((way, what))
    for worker in crew:
        worker.end.recv()


def _grown(crew: Sequence[_Worker], watch: Watch | None) -> list[float]:
    """Let all go of the array; return by how much the memory of each has grown while all had it."""
    for worker in crew:
        worker.end.send(watch is not None)
    grown = [float(worker.end.recv()) for worker in crew]
    if watch:
        watch.look()
    for worker in crew:
        worker.end.send("let go")
    for worker in crew:
        worker.end.recv()
    return grown


def _clock() -> float:
    return time.perf_counter_ns() / 1e6


def _pickled(array: Any, crew: Sequence[_Worker], watch: Watch | None) -> _Told:
    begin = _clock()
    _ask(crew, "pickled", array)
    took = _clock() - begin
    return _Told(0.0, took, _grown(crew, watch))


def _shared(array: Any, crew: Sequence[_Worker], watch: Watch | None) -> _Told:
    import numpy as np

    begin = _clock()
    block = SharedMemory(create=True, size=array.nbytes)
    try:
        np.ndarray(array.shape, array.dtype, buffer=block.buf)[:] = array
        made = _clock()
        _ask(crew, "shared memory", (block.name, len(array)))
        took = _clock() - made
        return _Told(made - begin, took, _grown(crew, watch))
    finally:
        block.close()
        block.unlink()


def _mapped(array: Any, crew: Sequence[_Worker], file: Path, watch: Watch | None) -> _Told:
    import numpy as np

    begin = _clock()
    np.save(file, array)
    made = _clock()
    _ask(crew, "memmap", file)
    took = _clock() - made
    return _Told(made - begin, took, _grown(crew, watch))


def _forked(array: Any, watch: Watch | None) -> _Told:
    begin = _clock()
    with _crew("fork", _serve, array) as crew:
        if watch:
            watch.also([worker.process.pid or 0 for worker in crew])
        _ask(crew, "fork", None)
        took = _clock() - begin
        return _Told(0.0, took, _grown(crew, watch))


def _hand_over(ways: Mapping[str, Way], crew: Sequence[_Worker], watch: Watch | None, plan: Plan) -> Iterator[Row]:
    """Give a row for each way; memory is counted in rounds of its own, as counting takes time."""
    made: dict[str, list[float]] = {name: [] for name in ways}

    def hand(name: str) -> float:
        told = ways[name](None)
        made[name].append(told.make_ms)
        return told.hand_ms

    def peak(name: str, watch: Watch) -> float:
        watch.begin([os.getpid(), *(worker.process.pid or 0 for worker in crew)])
        told = ways[name](watch)
        grown[name] += told.grown_mb
        return watch.peak_mb()

    grown: dict[str, list[float]] = {name: [] for name in ways}
    handed = in_turns({name: partial(hand, name) for name in ways}, plan.part(0.4))
    peaks = in_turns({name: partial(peak, name, watch) for name in ways}, plan.part(0.25), warm_up=0) if watch else {}
    for name in ways:
        row: dict[str, Value] = {"part": "hand over", "way": name}
        row |= {**spread("make_ms", made[name][1:]), **spread("hand_ms", handed[name])}
        if peaks:
            row |= {**spread("peak_mb", peaks[name]), **spread("worker_mb", grown[name])}
        yield row
