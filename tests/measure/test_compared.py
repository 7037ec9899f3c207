"""What the subjects that compare ways find in trials: the figures say nothing, but each is there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from itertools import count
from multiprocessing import get_all_start_methods
from pathlib import Path

import pytest
from tests.bench.left import memory, unused

from spawnable.measure import Plan, Table, subject
from spawnable.measure.apart import measure_apart
from spawnable.measure.busy import loops_per_us, spin, spin_each
from spawnable.measure.draw import draw
from spawnable.measure.pools import _break_even
from spawnable.measure.ways import RECIPE, STREAMS, WAYS, available, seconds_each

TRIAL = Plan(seconds=0, quick=True, repeats=1)
NUMPY = pytest.mark.skipif(not find_spec("numpy"), reason="needs numpy")


@pytest.fixture(scope="module")
def pools() -> Table:
    """A trial of pools."""
    return measure_apart("pools", TRIAL)


@pytest.fixture(scope="module")
def locks() -> Table:
    """A trial of locks."""
    return measure_apart("locks", TRIAL)


@pytest.fixture(scope="module")
def copying() -> Table:
    """A trial of copying."""
    return measure_apart("copying", TRIAL)


@pytest.fixture(scope="module")
def workers() -> Table:
    """A trial of workers."""
    return measure_apart("workers", TRIAL)


def test_every_way_of_a_pool(pools: Table) -> None:
    """Each way that is installed has its overhead, with and without chunks; but not the loop."""
    wanted = {name.removesuffix(" auto") for name in available(WAYS)} - {"loop"}
    assert {row["way"] for row in pools.where(part="overhead", chunk="1")} == wanted
    assert {row["way"] for row in pools.where(part="overhead", chunk="10")} == wanted
    assert {row["way"] for row in pools.where(part="stream")} == set(available(STREAMS))
    assert {"Pool.map", "Executor.submit", RECIPE} <= wanted


def test_start_methods_are_those_of_the_standard_library() -> None:
    """What joblib's loky adds to their list is none of them."""
    pytest.importorskip("joblib")
    code = "import joblib; from spawnable.measure.pools import start_methods; print(*start_methods())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert set(said.split()) == set(get_all_start_methods()) & {"fork", "forkserver", "spawn"}


def test_a_library_that_is_missing_is_named(pools: Table) -> None:
    """A peer that is not installed has no rows, and the table says so."""
    for name in ("joblib", "mpire", "pebble"):
        here = find_spec(name) is not None
        assert any(row["way"] == name for row in pools.where(part="overhead")) == here
        assert (f"{name} is not installed." in pools.missing) != here


def test_break_even() -> None:
    """It lies where the speed-up passes 1 for the last time, and nowhere if it does not."""
    assert _break_even([10, 1000], [0.5, 1.5]) == 100
    assert _break_even([10, 100, 1000, 10_000], [0.5, 1.5, 0.5, 1.5]) == pytest.approx(3162.28, abs=0.01)
    assert _break_even([10, 100, 1000], [0.5, 0.9, 1.1]) == pytest.approx(316.228, abs=0.01)
    assert _break_even([10, 100], [0.5, 0.9]) is None
    assert _break_even([10, 100], [1.5, 1.9]) is None


@pytest.mark.parametrize("name", [name for name in available(STREAMS) if name.startswith((RECIPE, "Executor"))])
def test_a_stream_needs_no_end(name: str) -> None:
    """What is compared as a stream gives values of a source that has no end."""
    taken: list[int] = []

    def numbers() -> Iterator[int]:
        for number in count():
            taken.append(number)
            yield 0

    values = STREAMS[name](numbers(), 1)
    assert next(values) == 0
    with suppress(AttributeError):
        values.close()  # type: ignore[attr-defined]
    assert len(taken) < 10


def test_seconds_from_value_to_value() -> None:
    """The time until the first value is not counted, and a value too many is an error."""
    assert seconds_each(iter(range(5)), 5) >= 0
    with pytest.raises(RuntimeError, match="more than 2 values"):
        seconds_each(iter(range(3)), 2)


def test_work_takes_as_long_as_it_has_loops() -> None:
    """A microsecond has some loops, and several tasks give what each alone gives."""
    assert loops_per_us() > 0.1
    assert spin_each([3, 5]) == [spin(3), spin(5)] == [3, 10]


def test_locks_that_hold_lose_nothing(locks: Table) -> None:
    """Every change is found that was made under a lock around the whole of it."""
    held = [
        "Value, get_lock()",
        "RawValue, Lock",
        "RawValue, RLock",
        "RawValue, Semaphore",
        "counted alone, added once",
    ]
    for way in (*held, "Manager dict, Manager Lock", "Manager dict, Lock"):
        (row,) = locks.where(way=way, processes=2)
        assert row["lost_percent"] == 0
        assert isinstance(row["change_us"], float)
        assert row["change_us"] > 0
    assert locks.where(way="own memory")[0]["slower_ratio"] == 1


def test_lost_changes_are_counted() -> None:
    """What a number lacks of the changes that were made is the part that was lost."""
    from spawnable.measure.locks import Way, _change_us

    class Crew:
        processes = 2
        number: list[int]
        way = Way(lambda _: (None, None), lambda *_: None, lambda number: int(number[0]))

        def __init__(self) -> None:
            self.number = [7]

        def change(self, times: int) -> None:
            self.number[0] += times * 2 - 5

    lost: list[float] = []
    assert _change_us(Crew(), 10, lost) > 0  # type: ignore[arg-type]
    assert lost == [25.0]


@NUMPY
def test_every_way_of_handing_over(copying: Table) -> None:
    """An array is handed over in each way; where the system counts, a pickled one is in each worker."""
    handed = {row["way"]: row for row in copying.where(part="hand over")}
    forks = {"fork"} if "fork" in get_all_start_methods() else set()
    assert set(handed) == {"pickled", "shared memory", "memmap"} | forks
    for row in handed.values():
        assert isinstance(row["hand_ms"], float)
    if sys.platform == "linux":
        size = copying.rows[0]["size_mb"]
        assert isinstance(size, int)
        own, shared = handed["pickled"]["worker_mb"], handed["shared memory"]["worker_mb"]
        assert isinstance(own, float)
        assert isinstance(shared, float)
        assert own > 0.9 * size > shared


@NUMPY
@pytest.mark.skipif(sys.platform != "linux", reason="no other system counts it")
def test_what_a_fork_copies(copying: Table) -> None:
    """A child copies an array that it writes, and not one that it reads; of a list it copies both."""

    def copied(what: str, action: str) -> float:
        (row,) = copying.where(part="copy-on-write", what=what, action=action)
        value = row["copied_mb"]
        assert isinstance(value, float)
        return value

    size = copying.rows[0]["size_mb"]
    assert isinstance(size, int)
    assert copied("NumPy array", "read") < 0.3 * size < 0.9 * size < copied("NumPy array", "written")
    assert copied("list of floats", "left alone") < 0.3 * size < 0.7 * size < copied("list of floats", "read")


@pytest.mark.skipif(not (find_spec("numpy") and find_spec("threadpoolctl")), reason="needs numpy and threadpoolctl")
def test_threads_of_linear_algebra() -> None:
    """Each number of threads is beside one thread in as many processes."""
    table = measure_apart("blas", TRIAL)
    assert [row["beside_ratio"] for row in table.where(threads=1)] == [1]
    assert {row["threads"] for row in table.rows} > {1}
    assert all(row["library"] for row in table.rows)


def test_every_kind_of_worker(workers: Table) -> None:
    """Threads and processes do both kinds of work; interpreters do where a Python has them, or it is said."""
    kinds = {row["kind"] for row in workers.where(work="compute")}
    assert {"loop", "threads", "processes"} <= kinds
    assert ("interpreters" in kinds) != any("no interpreters" in text for text in workers.missing)
    assert ("threads, free-threaded" in kinds) != any("free-threaded" in text for text in workers.missing)
    assert "asyncio" in {row["kind"] for row in workers.where(work="wait")}
    assert all(isinstance(row["speedup_ratio"], float) for row in workers.rows)


@pytest.mark.parametrize("name", ["pools", "locks", "copying", "workers"])
def test_every_chart_can_be_drawn(name: str, request: pytest.FixtureRequest) -> None:
    """Each chart of a subject finds rows in its table, and has a name of its own."""
    if name == "copying" and not find_spec("numpy"):
        pytest.skip("needs numpy")
    table: Table = request.getfixturevalue(name)
    charts = list(subject(name).charts)
    assert len({chart.name for chart in charts}) == len(charts)
    for chart in charts:
        assert draw(chart, table)


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="memory is shared elsewhere")
def test_nothing_is_left() -> None:
    """A measurement leaves no block of memory behind."""
    before = memory()
    measure_apart("copying", TRIAL)
    assert [name for name in unused(before) if name.startswith("psm_")] == []
