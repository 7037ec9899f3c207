"""Limits that the pages of recipes name, met by programs: each is as it is told, and nothing is left."""

from __future__ import annotations

import sys

import pytest
from tests.recipes.conftest import Program

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits of what Windows has otherwise")


def test_pipes_between_stages(start_method: str, program: Program) -> None:
    """Between two stages are as many pipes as one has workers times the other: too many for few descriptors."""
    done = program(
        "pipeline",
        "import errno, multiprocessing, resource\n"
        "from pipeline import Stage, pipeline\n"
        "if __name__ == '__main__':\n"
        "    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)\n"
        "    resource.setrlimit(resource.RLIMIT_NOFILE, (256, most))\n"
        f"    context = multiprocessing.get_context({start_method!r})\n"
        "    for workers in 3, 12:\n"
        "        try:\n"
        "            print(list(pipeline([-1], [Stage(abs, workers)] * 2, context=context)))\n"
        "        except OSError as error:\n"
        "            print(errno.errorcode[error.errno])\n",
    )
    assert (done.stdout, done.stderr) == ("[1]\nEMFILE\n", "")


def test_start_that_is_not_cut_short(start_method: str, program: Program) -> None:
    """Arguments larger than a pipe wait for the imports of the process, which no limit cuts short."""
    done = program(
        "time_limit",
        "import multiprocessing, time\n"
        "from time_limit import OutOfTime, limited\n"
        "if __name__ != '__main__':\n"
        "    time.sleep(2)\n"
        "else:\n"
        f"    context = multiprocessing.get_context({start_method!r})\n"
        "    began = time.monotonic()\n"
        "    try:\n"
        "        print(limited(1, len, (bytes(10_000_000),), {}, context))\n"
        "    except OutOfTime:\n"
        "        print('late' if time.monotonic() >= began + 2 else 'in time')\n",
    )
    assert (done.stdout, done.stderr) == ("10000000\n" if start_method == "fork" else "late\n", "")


def test_worker_that_crashes_at_its_end(start_method: str, program: Program) -> None:
    """It closes nothing, and is no reason to break off what the others do at their end."""
    done = program(
        "worker_state",
        "import multiprocessing, os, threading, time\n"
        "from worker_state import StatePool\n"
        "def make(*state):\n"
        "    return state\n"
        "def meet(state):\n"
        "    state[2].wait()\n"
        "def close(state):\n"
        "    first, looked, _ = state\n"
        "    if first.acquire(block=False):\n"
        "        os._exit(3)\n"
        "    looked.wait()\n"
        "    print('closed', flush=True)\n"
        "def look(looked, workers):\n"
        "    while len([worker for worker in workers if worker.is_alive()]) == 2:\n"
        "        time.sleep(0.01)\n"
        "    time.sleep(2)  # time enough for the pool to see it too\n"
        "    looked.set()\n"
        "if __name__ == '__main__':\n"
        f"    context = multiprocessing.get_context({start_method!r})\n"
        "    state = context.Lock(), context.Event(), context.Barrier(2)\n"
        "    with StatePool(make, state, close=close, workers=2, context=context) as pool:\n"
        "        tasks = [pool.submit(meet) for _ in range(2)]\n"
        "        print([task.result() for task in tasks], flush=True)\n"
        "        workers = multiprocessing.active_children()\n"
        "        threading.Thread(target=look, args=(state[1], workers)).start()\n",
    )
    assert (done.returncode, done.stdout) == (0, "[None, None]\nclosed\n")
