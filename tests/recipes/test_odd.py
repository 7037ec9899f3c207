"""What few programs do to a recipe: an odd exception, a start that fails, an iterator that is forgotten."""

from __future__ import annotations

import errno
import gc
import multiprocessing
import os
import threading
from itertools import count
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

import pytest
from tests.recipes import jobs_odd as jobs
from tests.recipes.conftest import Program
from tests.waiting import PATIENCE, until

from spawnable.recipes import pipeline, supervisor, time_limit
from spawnable.recipes.bounded_map import bounded_map
from spawnable.recipes.clean_pool import CleanPool
from spawnable.recipes.group import ProcessGroup
from spawnable.recipes.result import ProcessWithResult
from spawnable.recipes.supervisor import WorkerDied, supervise
from spawnable.recipes.time_limit import limited
from spawnable.recipes.worker_state import StatePool


def map_it(context: BaseContext) -> None:
    """Let a map meet it."""
    list(bounded_map(jobs.be_frozen, [1], workers=1, context=context))


def submit_it(context: BaseContext) -> None:
    """Let a pool with states meet it."""
    with StatePool(int, (1,), workers=1, context=context) as pool:
        pool.submit(jobs.be_frozen_with).result()


def run_it(context: BaseContext) -> None:
    """Let a process with a result meet it."""
    ProcessWithResult(jobs.be_frozen, args=(1,), context=context).result()


def group_it(context: BaseContext) -> None:
    """Let a group meet it."""
    with ProcessGroup(context=context) as group:
        group.start(jobs.be_frozen, args=(1,))


@pytest.mark.parametrize("meet", [map_it, submit_it, run_it, group_it])
def test_exception_that_refuses_a_cause(context: BaseContext, meet: Any) -> None:
    """An exception whose attributes can not be set is a RuntimeError that names it."""
    with pytest.raises(RuntimeError, match="Frozen") as caught:
        meet(context)
    assert "raise Frozen(" in str(caught.value.__cause__)


def test_outcome_that_refuses_a_cause(context: BaseContext) -> None:
    """So is that of a task, and the other tasks have their outcomes."""
    outcomes = list(supervise(jobs.be_frozen, [0, 1, 2], workers=1, context=context))
    assert [outcome.task for outcome in outcomes] == [0, 1, 2]
    assert [type(outcome.error) for outcome in outcomes] == [type(None), RuntimeError, type(None)]


@pytest.mark.skipif(os.name == "nt", reason="nobody closes handles by their number")
def test_worker_that_has_closed_all(context: BaseContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """A supervised worker that can not answer any more and goes on is killed, and keeps no other outcome back."""
    monkeypatch.setattr(supervisor, "_GRACE", 0.1)
    with multiprocessing.Manager() as manager:
        never: Any = manager.Event()
        tasks = [(number, never) for number in range(3)]
        outcomes = supervise(jobs.be_silent_at_one, tasks, workers=1, attempts=1, context=context)
        errors = {outcome.task[0]: outcome.error for outcome in outcomes}
    assert errors[0] is None
    assert errors[2] is None
    assert isinstance(errors[1], WorkerDied)
    assert not multiprocessing.active_children()


def limit_it(context: BaseContext) -> list[Any]:
    """Let a call with a time limit meet it."""
    return [limited(PATIENCE, jobs.linger, (1,), {}, context)]


def supervise_it(context: BaseContext) -> list[Any]:
    """Let a supervisor meet it."""
    return [outcome.value for outcome in supervise(jobs.linger, [1], workers=1, context=context)]


def pass_it(context: BaseContext) -> list[Any]:
    """Let a pipeline meet it."""
    return list(pipeline.pipeline([1], [jobs.linger], context=context))


@pytest.mark.skipif(os.name == "nt", reason="nobody closes handles by their number")
@pytest.mark.parametrize(("recipe", "meet"), [(time_limit, limit_it), (supervisor, supervise_it), (pipeline, pass_it)])
def test_process_that_has_closed_all_at_its_end(
    context: BaseContext, monkeypatch: pytest.MonkeyPatch, recipe: Any, meet: Any
) -> None:
    """A process that goes on, and tells by no pipe any more that it does, keeps its value from nobody, and is ended."""
    monkeypatch.setattr(recipe, "_GRACE", 0.5)
    assert meet(context) == [1]
    assert not multiprocessing.active_children()


def use_map(context: BaseContext) -> None:
    """Ask a map of two workers for values."""
    list(bounded_map(abs, range(9), workers=2, context=context))


def use_states(context: BaseContext) -> None:
    """Give tasks to a pool of two workers with states."""
    with StatePool(int, ("1",), workers=2, context=context) as pool:
        for _ in range(9):
            pool.submit(divmod, 1)


@pytest.mark.parametrize("use", [use_map, use_states])
def test_second_worker_can_not_be_started(context: Any, monkeypatch: pytest.MonkeyPatch, use: Any) -> None:
    """Where the system has no second process, the first is not left behind."""
    start = context.Process.start
    started = count()

    def start_one(process: Any) -> None:
        if next(started):
            raise BlockingIOError(errno.EAGAIN, "no more")
        start(process)

    monkeypatch.setattr(context.Process, "start", start_one)
    with pytest.raises(BlockingIOError):
        use(context)
    left = multiprocessing.active_children()
    for process in left:  # so that a test that fails ends
        process.kill()
        process.join()
    assert left == []


def open_states(context: BaseContext) -> Any:
    """Return a pool of one worker with a state."""
    return StatePool(int, ("12",), workers=1, context=context)


def open_clean(context: BaseContext) -> Any:
    """Return a clean pool of one worker."""
    return CleanPool(1, initializer=int, initargs=("12",), context=context)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.parametrize("opened", [open_states, open_clean])
def test_process_that_is_forked_in_the_block(context: BaseContext, opened: Any) -> None:
    """What a process that was forked in the block leaves it with, are workers of another: it ends none of them."""
    with opened(context) as pool:
        begun = pool.submit(jobs.number_of_the_process).result()
        child = os.fork()
        if not child:
            try:
                pool.__exit__(None)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        assert pool.submit(jobs.number_of_the_process).result() == begun


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_process_that_was_forked_leaves_the_block_last(start_method: str, program: Program) -> None:
    """It takes nothing of what the workers tell the one whose they are, which would take them for killed."""
    done = program(
        "worker_state",
        "import multiprocessing, os, time\n"
        "from worker_state import StatePool\n"
        "def make(*state):\n"
        "    return state\n"
        "def meet(state):\n"
        "    state[1].wait()\n"
        "def close(state):\n"
        "    first, _, ending, left = state\n"
        "    if first.acquire(block=False):\n"
        "        ending.set()\n"
        "    else:\n"
        "        left.wait()\n"
        "        print('closed', flush=True)\n"
        "if __name__ == '__main__':\n"
        f"    context = multiprocessing.get_context({start_method!r})\n"
        "    ending, left = context.Event(), context.Event()\n"
        "    state = context.Lock(), context.Barrier(2), ending, left\n"
        "    with StatePool(make, state, close=close, workers=2, context=context) as pool:\n"
        "        tasks = [pool.submit(meet) for _ in range(2)]\n"
        "        [task.result() for task in tasks]\n"
        "        child = os.fork()\n"
        "        if not child:\n"
        "            ending.wait()\n"
        "    if not child:\n"
        "        time.sleep(2)  # time enough for the parent to look\n"
        "        left.set()\n"
        "        os._exit(0)\n"
        "    os.waitpid(child, 0)\n",
    )
    assert (done.returncode, done.stdout) == (0, "closed\n")


def test_forgotten_iterator_is_collected_as_it_sends(context: BaseContext) -> None:
    """A map in a cycle of references, collected in the thread that sends its items, ends nevertheless."""
    sent = threading.Event()
    items: list[Any] = [0, jobs.Sender(sent)]
    values: list[Any] = []
    gc.disable()
    try:
        values += [values, bounded_map(jobs.be_frozen, items, workers=1, ahead=2, context=context)]
        assert next(values[1]) == 0
        del values
        sent.set()
        until(lambda: not multiprocessing.active_children())
    finally:
        gc.enable()


def test_forgotten_iterator_is_collected_by_its_own_thread(context: BaseContext, tmp_path: Path) -> None:
    """A map in a cycle of references, collected in the thread that its end waits for, ends nevertheless."""
    file = tmp_path / "forgotten"
    values: list[Any] = []
    gc.disable()
    try:
        values += [values, bounded_map(jobs.collect_when_there, ["", str(file)], workers=1, ahead=2, context=context)]
        assert next(values[1]) is None
        del values
        file.touch()
        until(lambda: not multiprocessing.active_children())
    finally:
        gc.enable()


def test_forgotten_pool_whose_worker_starts_late(start_method: str, program: Program) -> None:
    """A pool that is used without a block and forgotten says nothing of the worker that is still being started."""
    done = program(
        "clean_pool",
        "import multiprocessing\n"
        "from clean_pool import CleanPool\n"
        "if __name__ == '__main__':\n"
        f"    pool = CleanPool(2, context=multiprocessing.get_context({start_method!r}))\n"
        "    print(list(pool.map(abs, [-1, -2])))\n"
        "    pool.shutdown(wait=False)\n"
        "    del pool\n",
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[1, 2]\n", "")
