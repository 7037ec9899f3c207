"""What the subjects measure, in trials: the figures say nothing, but each is there."""

from __future__ import annotations

import sys
from multiprocessing import get_all_start_methods
from pathlib import Path

import pytest
from tests.bench.left import memory, unused

from spawnable.measure import Plan, Table, subject
from spawnable.measure.chart import Chart
from spawnable.measure.draw import draw
from spawnable.measure.startup import _MODULES

SHORT = Plan(seconds=0.1, quick=True, repeats=1)


@pytest.fixture(scope="module")
def startup(tmp_path_factory: pytest.TempPathFactory) -> Table:
    """A trial of starts, where no other Python is found."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(tmp_path_factory.mktemp("path")))
        return subject("startup").measure(SHORT)


@pytest.fixture(scope="module")
def transports() -> Table:
    """A trial of transports."""
    return subject("transports").measure(SHORT)


def test_every_way_to_start(startup: Table) -> None:
    """Each start method is measured without imports, with imports and with a parent that holds something."""
    for method in get_all_start_methods():
        own = startup.where(python="this", how=method, start="next")
        assert {(row["imports"], row["parent_mb"]) for row in own} == {(0, 0), (10, 0), (0, 10)}
        assert all(isinstance(row["ready_ms"], float) and row["ready_ms"] > 0 for row in own)
        assert all(isinstance(row["own_mb"], float) and row["own_mb"] > 0 for row in own)
    assert startup.where(python="this", how="thread")
    if sys.version_info >= (3, 14):
        assert startup.where(python="this", how="interpreter")


def test_a_child_that_imports_is_larger(startup: Table) -> None:
    """Under spawn, what the main module imports is in the child's own memory."""
    small, large = (
        startup.where(python="this", how="spawn", start="next", parent_mb=0, imports=imports)[0]["own_mb"]
        for imports in (0, 10)
    )
    assert isinstance(small, float)
    assert isinstance(large, float)
    assert large > small + 1


def test_modules_are_everywhere() -> None:
    """The modules of the measurement are in the standard library, once each, and there are enough of them."""
    assert len(set(_MODULES)) == len(_MODULES) == 50
    assert {name.partition(".")[0] for name in _MODULES} <= sys.stdlib_module_names


def test_every_transport(transports: Table) -> None:
    """Each transport is measured with each size; the value, which holds a number, with 8 bytes."""
    one = transports.where(pattern="one to one")
    names = {row["transport"] for row in one}
    assert {
        "Pipe",
        "Queue",
        "SimpleQueue",
        "JoinableQueue",
        "Manager queue",
        "shared_memory",
        "Array",
        "Value",
    } <= names
    assert "Listener, TCP" in names
    assert len(one) == 2 * len(names) - 1
    for row in one:
        assert isinstance(row["latency_us"], float)
        assert row["latency_us"] > 0
        assert isinstance(row["throughput_mb_s"], float)
    assert len(transports.where(pattern="many to many")) == 4


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="memory is shared elsewhere")
def test_nothing_is_left() -> None:
    """A measurement leaves no memory and no semaphore behind."""
    before = memory()
    subject("transports").measure(SHORT)
    assert [name for name in unused(before) if name.startswith("psm_")] == []


@pytest.mark.parametrize("name", ["startup", "transports"])
def test_every_chart_can_be_drawn(name: str, request: pytest.FixtureRequest) -> None:
    """Each chart of a subject finds rows in its table, and has a name of its own."""
    table: Table = request.getfixturevalue(name)
    charts: tuple[Chart, ...] = tuple(subject(name).charts)
    assert len({chart.name for chart in charts}) == len(charts)
    for chart in charts:
        if name == "transports" and chart.name == "buffers":
            continue  # its size is not in a trial
        assert draw(chart, table)


def test_no_such_subject() -> None:
    """A subject that is none is named, with those that are."""
    with pytest.raises(LookupError, match="there are startup, transports"):
        subject("nothing")
