"""`spawnable.recipes.group`: all return, or the first failure ends all."""

from __future__ import annotations

import multiprocessing
import os
import random
import threading
import traceback
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.recipes import jobs_group as jobs
from tests.recipes.pressed import interrupted_at_the_start, interrupted_by
from tests.waiting import PATIENCE, until

from spawnable.recipes import group as module
from spawnable.recipes.group import EndedWithoutResult, Member, ProcessGroup, RemoteTraceback


def ended(*members: Member[Any]) -> bool:
    """Tell whether all of them have ended and were waited for."""
    return not any(member.process.is_alive() for member in members) and not multiprocessing.active_children()


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.lists(st.integers(), max_size=6))
def test_values_in_the_order_of_start(context: BaseContext, numbers: list[int]) -> None:
    """After the block each member has what its own function returned."""
    with ProcessGroup(context=context) as group:
        members = [group.start(jobs.double, args=(number,)) for number in numbers]
    assert [member.value for member in members] == [2 * number for number in numbers]
    assert ended(*members)


def test_values_larger_than_a_pipe(context: BaseContext) -> None:
    """Results that no pipe holds do not block the block."""
    with ProcessGroup(context=context) as group:
        members = [group.start(jobs.fill, kwargs={"size": 1_000_000}) for _ in range(3)]
    assert [len(member.value) for member in members] == [1_000_000] * 3


def test_first_failure_stops_the_others(context: BaseContext) -> None:
    """When one raises, others that would never end are ended; its exception has its traceback."""
    with pytest.raises(ValueError, match="enough") as caught, ProcessGroup(context=context) as group:
        started = context.Event()
        waits = group.start(jobs.announce, args=(started, context.Event()))
        fails = group.start(jobs.fail_after, args=(started, "enough"))
    assert isinstance(caught.value.__cause__, RemoteTraceback)
    assert "raise ValueError(text)" in "".join(traceback.format_exception(caught.value))
    assert ended(waits, fails)
    with pytest.raises(RuntimeError, match="has not returned"):
        _ = waits.value


@pytest.mark.skipif(os.name == "nt", reason="nobody closes handles by their number")
def test_failure_beside_one_that_has_closed_all(context: BaseContext) -> None:
    """A member that can not answer any more, as one that runs another program, keeps no failure from being seen."""
    with pytest.raises(ValueError, match="enough"), ProcessGroup(context=context) as group:
        silent = group.start(jobs.be_silent)
        wait([silent._reader])
        fails = group.start(jobs.fail, args=("enough",))
    assert ended(silent, fails)


@pytest.mark.skipif(os.name == "nt", reason="nobody closes handles by their number")
@pytest.mark.parametrize("names", [["vanish_when_told", "fail_when_told"], ["fail_when_told", "vanish_when_told"]])
def test_first_of_two_that_fail(context: BaseContext, monkeypatch: pytest.MonkeyPatch, names: list[str]) -> None:
    """Of a member that is about to vanish, and one that fails meanwhile, as because of it, the first is told."""
    monkeypatch.setattr(module, "_LOOK", PATIENCE)
    pipes = {name: context.Pipe() for name in names}

    def tell() -> None:
        until(lambda: members["vanish_when_told"]._until)
        pipes["fail_when_told"][0].send("now")
        wait([members["fail_when_told"]._reader])
        pipes["vanish_when_told"][0].send("now")

    with pytest.raises(EndedWithoutResult, match="exit code 3"), ProcessGroup(context=context) as group:
        members = {name: group.start(getattr(jobs, name), args=(pipes[name][1],)) for name in names}
        thread = threading.Thread(target=tell)
        thread.start()
    thread.join()
    for pipe in pipes.values():
        pipe[0].close()
        pipe[1].close()


def test_interrupt_right_after_a_start(context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the moment in which a member was started ends that member too."""
    with interrupted_at_the_start(context, monkeypatch), ProcessGroup(context=context) as group:
        group.start(jobs.announce, args=(context.Event(), context.Event()))


def test_one_that_vanishes_is_a_failure(context: BaseContext) -> None:
    """A member that exits without having returned ends the group, by name and exit code."""
    with (
        pytest.raises(EndedWithoutResult, match="Ann ended without a result: exit code 4"),
        ProcessGroup(context=context) as group,
    ):
        waits = group.start(jobs.announce, args=(context.Event(), context.Event()))
        group.start(jobs.vanish, args=(4,), name="Ann")
    assert ended(waits)


def test_pipe_that_can_not_be_looked_into(context: BaseContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows refuses to look into the pipe of a member that has vanished: that too ends the group by name."""

    def refuse(*_: object) -> bool:
        raise BrokenPipeError

    monkeypatch.setattr(Connection, "poll", refuse)
    with (
        pytest.raises(EndedWithoutResult, match="Ann ended without a result: exit code 4"),
        ProcessGroup(context=context) as group,
    ):
        group.start(jobs.vanish, args=(4,), name="Ann")


def test_group_has_one_block(context: BaseContext) -> None:
    """A group that is entered again, in its block or behind it, is an error that says what to do."""
    with ProcessGroup(context=context) as group:
        member = group.start(jobs.double, args=(1,))
        with pytest.raises(RuntimeError, match="one block: make another"), group:
            pass
    assert member.value == 2
    with pytest.raises(RuntimeError, match="one block: make another"), group:
        pass


def test_nothing_starts_behind_the_block(context: BaseContext) -> None:
    """A member that is started when the group has ended, by itself or by an error, would be stopped by nobody."""
    group = ProcessGroup(context=context)
    with pytest.raises(LookupError), group:
        raise LookupError
    with pytest.raises(RuntimeError, match="has ended: make another"):
        group.start(jobs.double, args=(1,))
    assert not multiprocessing.active_children()


def test_error_in_the_block_stops_all(context: BaseContext) -> None:
    """An exception of the block itself ends all members, and is the one that is raised."""
    with pytest.raises(LookupError, match="mine"), ProcessGroup(context=context) as group:
        waits = group.start(jobs.announce, args=(context.Event(), context.Event()))
        group.start(jobs.fail, args=("not mine",))
        raise LookupError("mine")
    assert ended(waits)


def test_member_that_refuses_to_end_is_killed(context: BaseContext) -> None:
    """A member that ignores the request to end is killed when the time of grace is over."""
    started = context.Event()
    with pytest.raises(LookupError), ProcessGroup(grace=0.1, context=context) as group:
        refuses = group.start(jobs.refuse, args=(started, context.Event()))
        started.wait()
        raise LookupError
    assert ended(refuses)


@pytest.mark.usefixtures("signals")
def test_interrupt_stops_all(context: BaseContext) -> None:
    """Ctrl+C while the block waits ends all members."""
    started = context.Event()
    with interrupted_by(started), pytest.raises(KeyboardInterrupt), ProcessGroup(context=context) as group:
        waits = group.start(jobs.announce, args=(started, context.Event()))
    assert ended(waits)


def test_faults(context: BaseContext, faults: int, chance: random.Random) -> None:
    """Whatever becomes of one member, the group returns all values or tells the fault; none is left."""
    for _ in range(faults):
        fault = chance.choice(["none", "raises", "vanishes", "killed"])
        sizes = [chance.choice([0, 10, 300_000]) for _ in range(3)]
        unlucky = chance.randrange(3)
        members: list[Member[bytes]] = []
        timer: threading.Timer | None = None
        try:
            with ProcessGroup(context=context) as group:
                for number, size in enumerate(sizes):
                    own = fault if number == unlucky and fault != "killed" else "none"
                    members.append(group.start(jobs.vary, args=(size, chance.uniform(0, 0.02), own)))
                if fault == "killed":
                    timer = threading.Timer(chance.uniform(0, 0.1), members[unlucky].process.kill)
                    timer.start()
            assert fault in {"none", "killed"}
            assert [member.value for member in members] == [bytes(size) for size in sizes]
        except ArithmeticError as error:
            assert (fault, error.args) == ("raises", (sizes[unlucky],))
        except EndedWithoutResult as error:
            assert fault in {"vanishes", "killed"}
            assert error.name == members[unlucky].process.name
        finally:
            if timer:
                timer.cancel()
                timer.join()
        assert ended(*members)
