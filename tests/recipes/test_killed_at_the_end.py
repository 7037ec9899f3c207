"""Recipes on top of an executor, one of whose workers is killed when the executor has stopped to look."""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from multiprocessing import forkserver
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from tests.recipes.conftest import Program
from tests.waiting import PATIENCE, until

from spawnable.recipes.bounded_map import bounded_map
from spawnable.recipes.clean_pool import CleanPool
from spawnable.recipes.worker_state import StatePool

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows can not stop a process")


def clean_pool(context: BaseContext) -> Callable[[], object]:
    """Return what ends a clean pool that has nothing to do."""
    pool = CleanPool(2, context=context)
    assert sorted(pool.map(abs, range(4))) == [0, 1, 2, 3]
    return lambda: pool.__exit__(None, None, None)


def state_pool(context: BaseContext) -> Callable[[], object]:
    """Return what ends a pool with a state that has nothing to do."""
    pool = StatePool(int, ("1",), workers=2, context=context)
    assert sorted(pool.map(int.__add__, range(4))) == [1, 2, 3, 4]
    return lambda: pool.__exit__(None, None, None)


def a_map(context: BaseContext) -> Callable[[], object]:
    """Return what closes a map whose values have all come."""
    values = bounded_map(abs, range(4), workers=2, ahead=4, context=context)
    assert sorted(next(values) for _ in range(4)) == [0, 1, 2, 3]
    return values.close


class OneAnswer:
    """What a fork server tells of ends, where two threads that ask of the first one at the same time both find it open.

    In place of `read_signed()`: the one that came first waits for a second one, for up to `bound` seconds, and reads.
    Then the second reads that nothing is there, and what it makes of that is written last.
    """

    bound = 2.0

    def __init__(self) -> None:
        self._read = forkserver.read_signed
        self._first = -1
        self._second, self._done = threading.Event(), threading.Event()
        self._lock = threading.Lock()

    def __call__(self, fd: int) -> Any:
        """Read a number from the descriptor."""
        with self._lock:
            first = self._first == -1
            if first:
                self._first = fd
        if not first and fd == self._first:
            self._second.set()
            self._done.wait()
            until(self._known)
        elif first:
            self._second.wait(self.bound)
        try:
            return self._read(fd)
        finally:
            self._done.set()

    def _known(self) -> bool:
        children = multiprocessing.process._children  # type: ignore[attr-defined]
        popens = [child._popen for child in children]
        # the process of that end is one of the children no more once its end is known
        return all(popen.sentinel != self._first or popen.returncode is not None for popen in popens)


def waits_for_workers() -> bool:
    """Tell whether an executor's own thread is past all looking, and joins its workers."""
    with tempfile.TemporaryFile() as file:
        # in one step: the frames of a thread that goes on meanwhile may be no frames any more
        faulthandler.dump_traceback(file)
        file.seek(0)
        stacks = file.read().decode().split("\n\n")
    for stack in stacks:
        names = set(re.findall(r" in (\w+)$", stack, re.MULTILINE))
        if "join_executor_internals" in names and {"waitpid", "wait", "poll"} & names:
            return True
    return False


@pytest.mark.parametrize(
    "left",
    [
        "values = bounded_map(abs, itertools.count(), workers=1)\n    print(next(values))",
        "pool = StatePool(int, ('1',), workers=1)\n    print(pool.submit(divmod, 2).result()[0])",
    ],
)
def test_what_a_program_leaves_open_keeps_it_from_no_end(tmp_path: Path, left: str, start_method: str) -> None:
    """It is closed as the interpreter ends, when no thread can begin any more."""
    script = tmp_path / "script.py"
    script.write_text(
        f"""
import itertools
import multiprocessing

from spawnable.recipes.bounded_map import bounded_map
from spawnable.recipes.worker_state import StatePool

if __name__ == "__main__":
    multiprocessing.set_start_method("{start_method}")
    {left}
""",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert (done.stdout, done.returncode) == ("0\n", 0), done.stderr


@pytest.mark.parametrize("victim", [0, 1])
@pytest.mark.parametrize("opened", [clean_pool, state_pool, a_map])
def test_it_ends(context: BaseContext, opened: Callable[[BaseContext], Callable[[], object]], victim: int) -> None:
    """One of two idle workers waits for a task and holds the lock of the queue; whichever is killed, the pool ends."""
    ends(opened(context), victim)


@pytest.mark.parametrize("victim", [0, 1])
@pytest.mark.parametrize("opened", [clean_pool, state_pool, a_map])
def test_it_ends_where_two_ask(
    opened: Callable[[BaseContext], Callable[[], object]], victim: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The executor's own thread and the recipe ask for the end in the same moment, and the recipe is told of it."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        pytest.skip("there is no fork server")
    end = opened(multiprocessing.get_context("forkserver"))
    monkeypatch.setattr(forkserver, "read_signed", OneAnswer())
    ends(end, victim)


@pytest.mark.parametrize("victim", [0, 1])
def test_it_ends_without_exit_codes(start_method: str, program: Program, victim: int) -> None:
    """So it does where the program ignores SIGCHLD, and the system keeps no exit code for it."""
    done = program(
        "worker_state",
        "import multiprocessing, os, signal, threading, time\n"
        "from worker_state import StatePool\n"
        "def meet(barrier):\n"
        "    barrier.wait()\n"
        "    return os.getpid()\n"
        "def kill(victim, other):\n"
        "    os.kill(other, signal.SIGCONT)\n"
        "    os.kill(victim, signal.SIGKILL)\n"
        "def same(barrier):\n"
        "    return barrier\n"
        "if __name__ == '__main__':\n"
        f"    context = multiprocessing.get_context({start_method!r})\n"
        "    signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "    with StatePool(same, (context.Barrier(2),), workers=2, context=context) as pool:\n"
        "        tasks = [pool.submit(meet) for _ in range(2)]\n"
        "        pids = sorted(task.result() for task in tasks)\n"
        "        time.sleep(0.3)  # until one of them waits for the next task, most likely\n"
        "        for pid in pids:\n"
        "            os.kill(pid, signal.SIGSTOP)\n"
        f"        threading.Timer(0.5, kill, (pids[{victim}], pids[{1 - victim}])).start()\n"
        "    print('ended')\n",
    )
    assert (done.returncode, done.stdout) == (0, "ended\n")


def ends(end: Callable[[], object], victim: int) -> None:
    """Check that a pool ends, one of whose workers is killed when it waits for their ends."""
    workers: list[BaseProcess] = sorted(multiprocessing.active_children(), key=lambda process: process.pid or 0)
    assert len(workers) == 2
    pids = [process.pid or 0 for process in workers]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    closer = threading.Thread(target=end, daemon=True)
    try:
        closer.start()
        until(waits_for_workers)
        os.kill(pids[victim], signal.SIGKILL)
    finally:
        os.kill(pids[1 - victim], signal.SIGCONT)
    closer.join(PATIENCE)
    ended = not closer.is_alive()
    for process in workers:  # so that a test that fails ends
        process.kill()
    closer.join()
    assert ended
