"""A stuck tree is known as such early, each process shows where it is, and words say who waits for what."""

from __future__ import annotations

import re

import pytest

from spawnable.expectation import Expectations
from spawnable.run import run
from spawnable.snippet import Limits, Snippet
from spawnable.transcript import Transcript
from spawnable.waits import threads, waits

#: seconds: only a tree that is known to wait without end is ended earlier
LIMIT = 60
HEAD = """
import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
"""
CHILD = """
if __name__ == "__main__":
    shared = {shared}
    process = multiprocessing.Process(target=work, args=(shared,), name="child")
    process.start()
    process.join()
"""
JOINS = "waits in `join()` for child"


def stuck(code: str, start_method: str, limit: float = LIMIT) -> Transcript:
    """Run a script that gets stuck."""
    snippet = Snippet("x", code, expectations=Expectations.parse("stuck"), limits=Limits(time=limit))
    transcript = run(snippet, start_method)
    assert transcript.ended == "stuck", transcript.text
    return transcript


def said(transcript: Transcript) -> dict[str, str]:
    """Return by process what it is said to wait for; workers bear the name of their start method no more."""
    folder = next(real for real, shown in transcript.paths.items() if real.endswith("/w/") and not shown)
    found = dict(sentence.replace(folder, "").split(" ", 1) for sentence in waits(transcript))
    return {re.sub("^(ForkServer|Fork|Spawn)", "", name): words for name, words in found.items()}


@pytest.mark.parametrize(
    ("work", "shared", "words"),
    [
        ("queue.get()", "multiprocessing.Queue()", "waits in `get()` for an item"),
        ("queue.get()", "multiprocessing.SimpleQueue()", "waits in `get()` for an item"),
        ("queue.wait()", "multiprocessing.Barrier(2)", "waits at a barrier"),
        ("queue.wait()", "multiprocessing.Event()", "waits in `wait()` for a condition or an event"),
        (
            "queue.acquire()",
            "multiprocessing.Semaphore(0)",
            "waits for a lock or a semaphore at line 14 of main.py, in `work`",
        ),
        ("queue[0].poll(None)", "multiprocessing.Pipe()", "waits in `poll()` for the other end of a pipe to send"),
        ("queue[0].recv()", "multiprocessing.Pipe()", "waits in `recv()` for the other end of a pipe to send"),
        (
            "queue[0].send(b'x' * 10**6)",
            "multiprocessing.Pipe()",
            "waits in `send()` for the other end of a pipe to read",
        ),
        (
            "queue.put(b'x' * 10**6)",
            "multiprocessing.Queue()",
            "waits at exit until the feeder thread of its queue has written what was put",
        ),
        (
            "threading.Thread(target=queue.wait, name='stays').start()",
            "multiprocessing.Event()",
            "waits at exit for its thread stays, which waits in `wait()` for a condition or an event",
        ),
        ("os.kill(os.getpid(), signal.SIGSTOP)", "None", "is stopped by a signal"),
        ("signal.pause()", "None", "waits for a signal at line 14 of main.py, in `work`"),
    ],
)
def test_a_child_that_waits_without_end(work: str, shared: str, words: str, start_method: str) -> None:
    """Its parent waits for it by name, and it waits for something that is named."""
    code = f"{HEAD}\n\ndef work(queue):\n    {work}\n{CHILD.format(shared=shared)}"
    transcript = stuck(code, start_method)
    assert transcript.wall < LIMIT / 2
    found = said(transcript)
    assert found["main"] == JOINS
    assert found["child"] == words
    helpers = [process for process in transcript.processes if process.kind in ("forkserver", "resource_tracker")]
    assert all(process.stack and found[process.name] == "waits for requests" for process in helpers)


@pytest.mark.parametrize(
    ("main", "words", "worker"),
    [
        (
            "with multiprocessing.Pool(1) as pool: pool.map(work, [1])",
            "waits for a result of a pool",
            "waits in `wait()` for a condition or an event",
        ),
        (
            "multiprocessing.Manager().Event().wait()",
            "waits for the answer of a manager",
            "",
        ),
        (
            "ProcessPoolExecutor(1).submit(work, 1).result()",
            "waits for the result of a future",
            "waits in `wait()` for a condition or an event",
        ),
        (
            "ProcessPoolExecutor(1).submit(work, 1)",
            "waits at exit for the processes of an executor",
            "waits in `wait()` for a condition or an event",
        ),
    ],
)
def test_pools_executors_and_managers(main: str, words: str, worker: str, start_method: str) -> None:
    """What waits for a result, and the worker that does not give one."""
    code = f"{HEAD}\n\ndef work(number):\n    threading.Event().wait()\n\n\nif __name__ == '__main__':\n    {main}\n"
    transcript = stuck(code, start_method)
    assert transcript.wall < LIMIT / 2
    found = said(transcript)
    assert found.pop("main") == words
    if worker:
        assert worker in found.values()
    else:
        assert found["SyncManager-1"] == "waits for requests, as the server of a manager"


@pytest.mark.parametrize(
    ("main", "words", "other"),
    [
        (
            "reader, writer = os.pipe(); subprocess.check_output(['cat'], stdin=reader)",
            "waits in `communicate()` for cat",
            ("cat", "waits for something to read"),
        ),
        (
            "reader, writer = os.pipe(); subprocess.Popen(['cat'], stdin=reader).wait()",
            "waits in `wait()` for cat",
            ("cat", "waits for something to read"),
        ),
        (
            "ThreadPoolExecutor().submit(threading.Event().wait)",
            "waits at exit for a thread",
            None,
        ),
        ("import atexit; atexit.register(threading.Semaphore(0).acquire)", "waits for a semaphore", None),
        (
            "asyncio.run(asyncio.Event().wait())",
            "waits in its event loop, where no task can go on",
            None,
        ),
        (
            "signal.pthread_sigmask(signal.SIG_SETMASK, range(1, 65)); signal.pause()",
            "waits for a signal",
            None,
        ),
        (
            "r, w = os.pipe(); os.dup2(r, 0); os.set_inheritable(w, True); os.execvp('cat', ['cat'])",
            "waits for something to read",
            None,
        ),
    ],
)
def test_what_waits_outside_of_multiprocessing(main: str, words: str, other: tuple[str, str] | None) -> None:
    """Programs that are not Python, threads at exit, signals that are blocked, another program in its place."""
    transcript = stuck(f"{HEAD}\n\nif __name__ == '__main__':\n    {main}\n", "fork")
    assert transcript.wall < LIMIT / 2
    found = said(transcript)
    assert found["main"] == words
    if other:
        assert found[other[0]] == other[1]


@pytest.mark.parametrize(
    ("main", "words"),
    [
        ("time.sleep(60)", "sleeps at line 14 of main.py, in `<module>`"),
        ("while True: pass", "runs at line 14 of main.py, in `<module>`"),
    ],
)
def test_what_does_not_wait_without_end_is_stuck_at_the_limit(main: str, words: str) -> None:
    """It is said where it is."""
    transcript = stuck(f"{HEAD}\n\nif __name__ == '__main__':\n    {main}\n", "fork", limit=2)
    assert transcript.wall >= 2
    assert said(transcript)["main"] == words


def test_every_thread_shows_its_stack() -> None:
    """Those of a pool as well, the main thread last."""
    work = "def work():\n    threading.Event().wait()\n"
    code = f"{HEAD}\n\n{work}\n\nif __name__ == '__main__':\n    multiprocessing.Pool(1).apply(work)\n"
    transcript = stuck(code, "fork")
    shown = threads(transcript.main.stack)
    assert len(shown) == 4
    assert shown[-1].frames[-1].function == "<module>"


def test_a_script_that_waits_for_its_alarm_is_not_stuck() -> None:
    """A signal that will come may end a wait without a limit of its own."""
    code = "import signal\nsignal.signal(signal.SIGALRM, print)\nsignal.alarm(2)\nsignal.pause()\n"
    snippet = Snippet("x", code, expectations=Expectations.parse("stuck"), limits=Limits(time=LIMIT))
    assert run(snippet, "fork").exit_code == 0
