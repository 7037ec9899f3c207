"""`spawnable.recipes.time_limit`: a value in time, or a process that is gone."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import threading
import time
import traceback
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.recipes import jobs_time_limit as jobs
from tests.recipes.pressed import interrupted_at_the_start

from spawnable.recipes import time_limit
from spawnable.recipes.time_limit import EndedWithoutResult, OutOfTime, RemoteTraceback, limited, with_time_limit

#: seconds that are enough for any call here
ENOUGH = 100


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.text(), second=st.text())
def test_value_in_time(context: BaseContext, first: str, second: str) -> None:
    """A call that returns in time gives its value."""
    assert limited(ENOUGH, jobs.join, (first,), {"second": second}, context) == first + second


def test_arguments_as_in_the_call() -> None:
    """Arguments are given as in a call of the function itself."""
    assert with_time_limit(ENOUGH, jobs.join, "a", second="b") == "ab"


def test_value_larger_than_a_pipe(context: BaseContext) -> None:
    """A value that no pipe holds arrives."""
    assert len(limited(ENOUGH, jobs.dawdle, (2_000_000, 0), {}, context)) == 2_000_000


def test_what_is_written_arrives(context: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that returns in time has its whole end: what it printed is in the file, what it put in the queue."""
    monkeypatch.setattr(time_limit, "_GRACE", ENOUGH)
    queue = context.Queue()
    for number in range(10):
        path = tmp_path / f"{number}.txt"
        limited(ENOUGH, jobs.print_and_put, (path, queue, 500), {}, context)
        assert path.read_text(encoding="utf-8") == "printed\n"
        assert len(queue.get()) == 500
    queue.close()


def test_process_that_does_not_end(context: Any) -> None:
    """A value that came in time is returned, also where its process would never end: it is killed."""
    began = time.monotonic()
    assert limited(ENOUGH, jobs.stay, (7,), {}, context) == 7
    assert time.monotonic() - began < ENOUGH
    assert not multiprocessing.active_children()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_limit_where_the_pipe_is_held(context: Any, chance: random.Random) -> None:
    """Another process that holds the pipe does not lengthen the limit, also in the middle of a large value."""
    never = context.Event()
    # so that a test that fails ends
    patience = threading.Timer(ENOUGH, never.set)
    patience.start()
    try:
        for _ in range(10):
            limit = chance.uniform(0.01, 0.3)
            with contextlib.suppress(OutOfTime):
                limited(limit, jobs.leave_another, (never, 30_000_000), {}, context)
        assert not never.is_set()
    finally:
        patience.cancel()
        never.set()


def test_call_that_computes_for_ever(context: BaseContext) -> None:
    """A call that never returns is a TimeoutError that names it and its limit; its process is gone."""
    with pytest.raises(TimeoutError, match=r"loop took more than 0\.3 s"):
        limited(0.3, jobs.loop, (), {}, context)
    assert not multiprocessing.active_children()


def test_call_that_can_not_be_interrupted(context: BaseContext) -> None:
    """A call that waits for ever and ignores signals is ended too."""
    with pytest.raises(OutOfTime):
        limited(0.3, jobs.wait_forever, (context.Event(),), {}, context)
    assert not multiprocessing.active_children()


def test_start_that_takes_all_the_time(context: BaseContext) -> None:
    """Where the time is over before the process is started, the call has not been in time."""
    with pytest.raises(OutOfTime):
        limited(1e-9, jobs.join, ("a",), {"second": "b"}, context)
    assert not multiprocessing.active_children()


def test_limit_without_end(context: BaseContext, capfd: pytest.CaptureFixture[str]) -> None:
    """A limit that is longer than a timer can count is none."""
    assert limited(float("inf"), jobs.join, ("a",), {"second": "b"}, context) == "ab"
    assert "OverflowError" not in capfd.readouterr().err


def test_interrupt_right_after_the_start(context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the moment in which the process was started leaves no process."""
    with interrupted_at_the_start(context, monkeypatch):
        limited(ENOUGH, jobs.wait_forever, (context.Event(),), {}, context)


def test_exception_with_its_traceback(context: BaseContext) -> None:
    """What the function raises is raised, with the traceback of the other process."""
    with pytest.raises(ValueError, match="no such thing") as caught:
        limited(ENOUGH, jobs.fail, ("no such thing",), {}, context)
    assert isinstance(caught.value.__cause__, RemoteTraceback)
    assert "raise ValueError(text)" in "".join(traceback.format_exception(caught.value))


def test_exit_without_an_answer(context: BaseContext) -> None:
    """A process that exits on its own is an error that names call and exit code, and no TimeoutError."""
    with pytest.raises(EndedWithoutResult, match="vanish ended without a result: exit code 4"):
        limited(ENOUGH, jobs.vanish, (4,), {}, context)


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_limit_must_be_positive(seconds: float) -> None:
    """A limit that leaves no time is an error, before anything is started."""
    with pytest.raises(ValueError, match="no time is left"):
        with_time_limit(seconds, jobs.loop)


def test_faults(context: BaseContext, faults: int, chance: random.Random) -> None:
    """Near its limit a call has its whole value or is out of time; no process is left."""
    for _ in range(faults):
        size = chance.choice([0, 10, 3_000_000])
        limit = chance.uniform(0.001, 0.3)
        try:
            assert limited(limit, jobs.dawdle, (size, chance.uniform(0, limit)), {}, context) == bytes(size)
        except OutOfTime as error:
            assert error.seconds == limit
        assert not multiprocessing.active_children()
