"""`spawnable.recipes.supervisor`: whatever becomes of its workers, each task has one outcome."""

from __future__ import annotations

import functools
import multiprocessing
import random
import threading
from itertools import count, islice
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any, NoReturn, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.recipes import jobs_supervisor as jobs
from tests.recipes.conftest import Program

from spawnable.recipes import supervisor
from spawnable.recipes.supervisor import RemoteTraceback, WorkerDied, supervise


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.lists(st.integers(), max_size=15), workers=st.integers(1, 3))
def test_one_outcome_for_each_task(context: BaseContext, numbers: list[int], workers: int) -> None:
    """Each task has one outcome, with its own value; then no worker is left."""
    outcomes = list(supervise(jobs.double, numbers, workers=workers, context=context))
    assert sorted(outcome.task for outcome in outcomes) == sorted(numbers)
    assert all(outcome.value == 2 * outcome.task and outcome.attempts == 1 for outcome in outcomes)
    assert not multiprocessing.active_children()


def test_task_whose_worker_crashed_is_done_again(context: BaseContext, tmp_path: Path) -> None:
    """Where the worker of each task crashes once, each is begun twice and has its value."""
    tasks = [(number, str(tmp_path)) for number in range(4)]
    outcomes = list(supervise(jobs.crash_at_first, tasks, workers=2, context=context))
    assert sorted(outcome.value for outcome in outcomes) == [0, 1, 2, 3]
    assert all(outcome.attempts == 2 for outcome in outcomes)


def test_task_that_always_crashes(context: BaseContext) -> None:
    """A task that kills every worker is given up and told, and the others are done."""
    outcomes = list(supervise(jobs.crash_at_odd, [0, 1, 2], workers=1, attempts=2, context=context))
    errors = {outcome.task: outcome.error for outcome in outcomes}
    assert errors[0] is None
    assert errors[2] is None
    assert isinstance(errors[1], WorkerDied)
    assert str(errors[1]) == "worker 2 of the task died: exit code 6"


def test_exception_is_an_outcome(context: BaseContext) -> None:
    """What the function raises is not tried again; it is in the outcome, with its traceback."""
    outcomes = list(supervise(jobs.fill, [2, 3], workers=1, context=context))
    failed = next(outcome for outcome in outcomes if outcome.task == 3)
    assert failed.attempts == 1
    with pytest.raises(ArithmeticError) as caught:
        _ = failed.value
    assert isinstance(caught.value.__cause__, RemoteTraceback)
    assert "raise ArithmeticError(size)" in str(caught.value.__cause__)


def test_what_can_not_be_pickled_is_an_outcome(context: BaseContext) -> None:
    """A task or a value that can not be pickled is an error of that task alone."""
    (sent,) = supervise(jobs.double, cast("Any", [lambda: 1]), workers=1, context=context)
    assert sent.error is not None
    (returned,) = supervise(jobs.return_function, [1], workers=1, context=context)
    assert returned.error is not None


def test_endless_tasks(context: BaseContext) -> None:
    """Of tasks without end only as many are taken as workers are free; closing it ends the workers."""
    taken: list[int] = []

    def tasks() -> Any:
        for number in count():
            taken.append(number)
            yield number

    outcomes = supervise(jobs.double, tasks(), workers=2, context=context)
    assert len(list(islice(outcomes, 5))) == 5
    assert len(taken) <= 5 + 2
    outcomes.close()
    assert not multiprocessing.active_children()


def test_idle_worker_that_dies(context: BaseContext) -> None:
    """A worker that dies while it has no task is replaced, and the next task's one attempt is not lost with it."""

    def tasks() -> Any:
        yield 1
        (worker,) = multiprocessing.active_children()
        worker.kill()
        worker.join()
        yield 2

    outcomes = list(supervise(jobs.double, tasks(), workers=1, attempts=1, context=context))
    assert [(outcome.task, outcome.value) for outcome in outcomes] == [(1, 2), (2, 4)]


@pytest.mark.parametrize("where", ["program", "child"])
def test_process_that_fails_in_the_loop(start_method: str, where: str, program: Program) -> None:
    """An error in the loop ends the program, or the process, also where a name or a traceback keeps the iterator."""
    done = program(
        "supervisor",
        "import multiprocessing\n"
        "import sys\n"
        "from supervisor import supervise\n"
        "def fail():\n"
        "    outcomes = supervise(abs, range(9), workers=2)\n"
        "    for outcome in outcomes:\n"
        "        raise LookupError(outcome.task)\n"
        "if __name__ == '__main__':\n"
        f"    multiprocessing.set_start_method({start_method!r})\n"
        f"    if {where!r} == 'program':\n"
        "        fail()\n"
        "    child = multiprocessing.Process(target=fail)\n"
        "    child.start()\n"
        "    child.join()\n"
        "    sys.exit(child.exitcode)\n",
    )
    assert done.returncode == 1
    assert "LookupError" in done.stderr


@pytest.mark.parametrize(("workers", "attempts"), [(0, 1), (1, 0)])
def test_numbers_under_one(workers: int, attempts: int) -> None:
    """Without workers or attempts nothing would be done: it is an error of the call."""
    with pytest.raises(ValueError, match="at least 1"):
        supervise(jobs.double, [], workers=workers, attempts=attempts)


def test_interrupt_while_workers_end(context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C during the wait for the first worker's end leaves none of them, also if they would never end."""
    both = functools.partial(jobs.meet_and_stay, context.Barrier(2))
    outcomes = supervise(both, [1, 2], workers=2, context=context)

    def interrupted(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(supervisor, "_join", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(outcomes)
    assert not multiprocessing.active_children()


def test_faults(context: BaseContext, faults: int, chance: random.Random) -> None:
    """Whichever workers are killed at whatever moments, each task has one outcome, and its whole value."""
    for _ in range(faults):
        tasks = [(number, chance.choice([0, 100, 200_000]), chance.uniform(0, 0.01)) for number in range(12)]
        outcomes = supervise(jobs.dawdle, tasks, workers=2, attempts=3, context=context)
        first = next(outcomes)
        victim = chance.choice(multiprocessing.active_children())
        timer = threading.Timer(chance.uniform(0, 0.05), victim.kill)
        timer.start()
        found = [first, *outcomes]
        timer.cancel()
        timer.join()
        assert sorted(outcome.task for outcome in found) == tasks
        assert all(outcome.value == (outcome.task[0], bytes(outcome.task[1])) for outcome in found)
        assert not multiprocessing.active_children()
