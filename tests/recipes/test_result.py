"""`spawnable.recipes.result`: a value, an exception, or a clear word that there is none."""

from __future__ import annotations

import os
import random
import time
import traceback
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.recipes import jobs_result as jobs
from tests.recipes.pressed import interrupted_at_the_start

from spawnable.recipes.result import EndedWithoutResult, ProcessWithResult, RemoteTraceback

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)

#: what is said of a function that can not be pickled; Python 3.13 says `get`
NOT_SENT = "Can't (pickle|get) local object '?.*lambda>"


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=VALUES)
def test_value_comes_back(context: BaseContext, value: Any) -> None:
    """What goes in as an argument comes back equal."""
    with ProcessWithResult(jobs.same, args=(value,), context=context) as process:
        assert process.result() == value


def test_value_larger_than_a_pipe(context: BaseContext) -> None:
    """A result that no pipe holds arrives, and can be asked for again."""
    process = ProcessWithResult(jobs.same, args=(bytes(3_000_000),), context=context)
    assert len(process.result()) == len(process.result()) == 3_000_000


def test_named_arguments(context: BaseContext) -> None:
    """Arguments by name reach the function, and the process has the name that it was given."""
    process = ProcessWithResult(jobs.named, kwargs={"first": 5, "second": 3}, name="minus", context=context)
    assert process.process.name == "minus"
    assert process.result() == 2


def test_exception_with_its_traceback(context: BaseContext) -> None:
    """What the function raises is raised, and shows the line and the cause in the other process, each time."""
    process = ProcessWithResult(jobs.fail, args=("no such thing",), context=context)
    for _ in range(2):
        with pytest.raises(ValueError, match="no such thing") as caught:
            process.result()
        assert isinstance(caught.value.__cause__, RemoteTraceback)
        text = "".join(traceback.format_exception(caught.value))
        assert "raise KeyError(text)" in text
        assert "raise ValueError(text) from error" in text
    assert process.process.exitcode == 0


def test_exception_that_can_not_cross(context: BaseContext) -> None:
    """An exception that can not be made again is a RuntimeError that names it, with its traceback."""
    process = ProcessWithResult(jobs.be_picky, context=context)
    with pytest.raises(RuntimeError, match="Picky: 1 and 2") as caught:
        process.result()
    assert "raise Picky(1, 2)" in str(caught.value.__cause__)


def test_exception_without_a_text(context: BaseContext) -> None:
    """One that has no text either is named nevertheless."""
    process = ProcessWithResult(jobs.be_textless, context=context)
    with pytest.raises(RuntimeError, match="Textless, which has no text"):
        process.result()


def test_value_that_can_not_be_pickled(context: BaseContext) -> None:
    """A result that can not be pickled is an error that says so."""
    process = ProcessWithResult(jobs.return_function, context=context)
    with pytest.raises(Exception, match=NOT_SENT) as caught:
        process.result()
    assert isinstance(caught.value.__cause__, RemoteTraceback)


@pytest.mark.parametrize(("job", "code"), [(jobs.leave, 3), (jobs.leave, 0), (jobs.vanish, 4)])
def test_exit_without_an_answer(context: BaseContext, job: Any, code: int) -> None:
    """A process that exits without having returned is an error that names it and its exit code."""
    process = ProcessWithResult(job, args=(code,), name="Ann", context=context)
    with pytest.raises(EndedWithoutResult, match=f"Ann ended without a result: exit code {code}") as caught:
        process.result()
    assert caught.value.exit_code == code


def test_killed(context: BaseContext) -> None:
    """A process that is killed is an error as well."""
    process = ProcessWithResult(jobs.wait, args=(context.Event(),), context=context)
    process.process.kill()
    with pytest.raises(EndedWithoutResult, match="ended without a result"):
        process.result()


def test_dead_although_its_child_lives(context: BaseContext) -> None:
    """A process that has ended is missed also where its own child has inherited its end of the pipe."""
    started, event = context.Event(), context.Event()
    try:
        process = ProcessWithResult(jobs.vanish_as_a_parent, args=(context, started, event), context=context)
        with pytest.raises(EndedWithoutResult, match="exit code 5"):
            process.result()
    finally:
        event.set()


def test_argument_that_nobody_else_keeps(context: BaseContext) -> None:
    """A lock or event that is made in the call alone is there when the process opens it."""
    process = ProcessWithResult(jobs.is_set, args=(context.Event(),), context=context)
    assert process.result() is False


def test_time_limit_of_the_wait(context: BaseContext) -> None:
    """After `timeout` seconds without a result the wait ends, the process does not, and can be waited for again."""
    event = context.Event()
    process = ProcessWithResult(jobs.wait, args=(event,), name="Bo", context=context)
    with pytest.raises(TimeoutError, match="Bo has no result after 0"):
        process.result(timeout=0)
    assert process.process.is_alive()
    event.set()
    assert process.result(timeout=60) == "done"


def test_time_limit_of_the_end(context: BaseContext) -> None:
    """A process that has returned and does not end keeps neither its value nor the end of the block."""
    with ProcessWithResult(jobs.return_and_stay, args=(7,), context=context) as process:
        wait([process._reader])
        assert process.result(timeout=0) == 7
        assert process.process.is_alive()
        assert process.result(timeout=0.01) == 7
    assert not process.process.is_alive()
    assert process.result() == 7


@pytest.mark.skipif(os.name == "nt", reason="nobody closes handles by their number")
def test_time_limit_of_one_that_has_closed_all(context: BaseContext) -> None:
    """A process that can not answer any more, as one that runs another program, is waited for no longer either."""
    with ProcessWithResult(jobs.be_silent, context=context) as process:
        wait([process._reader])
        with pytest.raises(TimeoutError):
            process.result(timeout=0.1)
        assert process.process.is_alive()
        process.process.kill()
        with pytest.raises(EndedWithoutResult, match="ended by signal 9"):
            process.result()


def test_block_that_ends_stops_it(context: BaseContext) -> None:
    """At the end of its block a process that still runs is killed and waited for; then there is no result."""
    with ProcessWithResult(jobs.wait, args=(context.Event(),), context=context) as process:
        pass
    assert not process.process.is_alive()
    with pytest.raises(EndedWithoutResult):
        process.result()


def test_unpicklable_argument_leaves_nothing(start_method: str, context: BaseContext) -> None:
    """Where the process can not be started the error is that of `start`."""
    if start_method == "fork":
        pytest.skip("fork pickles no arguments")
    with pytest.raises(Exception, match=NOT_SENT):
        ProcessWithResult(jobs.same, args=(lambda: None,), context=context)


def test_interrupt_right_after_the_start(context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the moment in which the process was started leaves no process, which nobody could stop."""
    with interrupted_at_the_start(context, monkeypatch):
        ProcessWithResult(jobs.wait, args=(context.Event(),), context=context)


def test_faults(context: BaseContext, faults: int, chance: random.Random) -> None:
    """Killed at any moment, a process has its whole result, its own exception, or ended without a result."""
    for _ in range(faults):
        size = chance.choice([0, 1, 10, 1_000_000, 1_000_001])
        delay = chance.choice([0, 0.01])
        process = ProcessWithResult(jobs.chatter, args=(size, delay), context=context)
        time.sleep(chance.uniform(0, 0.2))
        process.process.kill()
        try:
            assert process.result(timeout=60) == bytes(size)
        except ArithmeticError as error:
            assert error.args == (size,)
            assert size % 2
        except EndedWithoutResult as error:
            assert error.exit_code
        assert not process.process.is_alive()
