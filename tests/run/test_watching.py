"""Life and death of every process: births, names, ends, who ended whom, and nothing changed for the script."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spawnable.expectation import Expectations
from spawnable.run import run
from spawnable.run.scene import INJECT
from spawnable.snippet import Limits, Snippet
from spawnable.transcript import Process, Transcript
from spawnable.verdict import outcomes


def did(code: str, start_method: str = "fork", files: dict[str, str] | None = None, **limits: float) -> Transcript:
    """Run a script, with other files beside it."""
    snippet = Snippet(
        "x",
        code,
        expectations=Expectations.parse("ok"),
        companions=files or {},
        limits=Limits(**{"time": 120, **limits}),  # type: ignore[arg-type]
    )
    return run(snippet, start_method)


def found(transcript: Transcript) -> list[str]:
    """Return what is true of a run."""
    return [str(outcome) for outcome in outcomes(transcript)]


def only(transcript: Transcript, name: str) -> Process:
    """Return the one process of that name."""
    (process,) = [process for process in transcript.processes if process.name == name]
    return process


ZOMBIE = """
import multiprocessing
import time
from multiprocessing.connection import wait

if __name__ == "__main__":
    process = multiprocessing.Process(target=int, name="child")
    process.start()
    wait([process.sentinel])
    begin = time.monotonic()
    time.sleep(0.4)
    process.join()
    print(time.monotonic() - begin)
    time.sleep(1)
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_zombie_ends_when_it_is_joined(method: str) -> None:
    """Its interval runs from the child's end to the parent's `join()`, and not to the end of the run."""
    transcript = did(ZOMBIE, method)
    child, waited = only(transcript, "child"), float(transcript.text)
    assert child.death is not None
    assert waited - 0.15 <= child.zombie <= waited + 0.15
    assert child.death + child.zombie < transcript.wall - 0.8


def test_hundreds_of_processes_each_have_their_exit_code() -> None:
    """No descriptor is kept of a process that ended."""
    code = """
import os

for number in range(1500):
    if not os.fork():
        os._exit(number % 7)
    os.wait()
"""
    transcript = did(code, time=120)
    others = transcript.processes[1:]
    assert len(others) == 1500
    assert [process.exit_code for process in others] == [number % 7 for number in range(1500)]


def test_the_creator_of_a_process_is_known_after_a_double_fork() -> None:
    """The grandchild is an orphan, has left the session, and still has the parent that forked it."""
    code = """
import os
import time

middle = os.fork()
if not middle:
    os.setsid()
    if not os.fork():
        time.sleep(0.3)
        print("daemon")
    os._exit(0)
os.waitpid(middle, 0)
time.sleep(0.1)
"""
    transcript = did(code)
    main, middle, last = transcript.processes
    assert (middle.parent, last.parent) == (main.pid, middle.pid)
    assert (middle.orphan, last.orphan) == (False, True)
    assert last.detached
    assert found(transcript) == ["ok"]


@pytest.mark.parametrize(
    ("act", "number"),
    [
        ("process.terminate()", 15),
        ("process.kill()", 9),
        ("os.kill(process.pid, signal.SIGUSR1)", 10),
    ],
)
def test_who_ended_a_child_by_which_signal(act: str, number: int, start_method: str) -> None:
    """The sender is known, whichever way it took."""
    code = f"""
import multiprocessing
import os
import signal
import time

if __name__ == "__main__":
    process = multiprocessing.Process(target=time.sleep, args=(60,), name="child")
    process.start()
    {act}
    process.join()
"""
    transcript = did(code, start_method)
    child = only(transcript, "child")
    assert child.exit_code == -number
    kills = [(event.pid, event.target, event.detail) for event in transcript.events if event.what == "kill"]
    assert kills == [(transcript.main.pid, child.pid, str(number))]


def test_the_helpers_of_multiprocessing_are_known() -> None:
    """The fork server and the resource tracker bear their names, however short they live."""
    code = """
import multiprocessing

if __name__ == "__main__":
    process = multiprocessing.Process(target=int, name="child")
    process.start()
    process.join()
"""
    kinds = {process.name: process.kind for process in did(code, "forkserver").processes}
    assert kinds == {
        "main": "main",
        "child": "child",
        "forkserver": "forkserver",
        "resource_tracker": "resource_tracker",
    }


@pytest.mark.parametrize("kill", ["", "os.kill\n"], ids=["untouched", "kill-asked-for"])
def test_a_pickler_that_knows_modules_pickles_os(kill: str) -> None:
    """As cloudpickle, joblib, Dask and Ray do, which look the exact class up; any other refuses as ever."""
    code = (
        f"import io, os, pickle\n{kill}"
        "class Pickler(pickle.Pickler):\n"
        "    dispatch_table = {type(pickle): lambda module: (__import__, (module.__name__,))}\n"
        "    def dump(self, obj):\n"
        "        super().dump(obj)\n"
        "file = io.BytesIO()\n"
        "Pickler(file).dump([os])\n"
        "print(pickle.loads(file.getvalue())[0] is os)\n"
        "pickle.dumps(os)\n"
    )
    transcript = did(code)
    assert transcript.text.startswith("True\n")
    assert transcript.text.endswith("TypeError: cannot pickle 'module' object\n")


def test_a_failing_kill_shows_the_scripts_own_frames_alone() -> None:
    """What watches leaves no trace in a traceback."""
    transcript = did("import os\nos.kill(2**22 + 1, 9)\n")
    assert transcript.text.count('File "') == 1
    assert found(transcript) == ["error ProcessLookupError"]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("import os\nos._exit = lambda code: print(code)\nos._exit(3)", "3\n"),
        ("import os\nfrom os import kill\nprint(os.kill is kill, kill.__name__)", "True kill\n"),
        ("import os\nos.kill = print\nos.kill(1, 2)", "1 2\n"),
        ("import os, types\nprint(isinstance(os, types.ModuleType), repr(os)[:11])", "True <module 'os\n"),
        ("import sys\nsys.stdout = None\nimport multiprocessing\nprint('nothing')", ""),
        ("import socket, random\nprint(socket.WORD, random.WORD)", "own own\n"),
        ("import os\nos.remove(os.environ['SPAWNABLE_FOLDER'] + '/log')\nos._exit(0)", ""),
        ("import os\nos.closerange(3, 2000)\nprint(os.open('main.py', 0), os.fork() >= 0)", "3 True\n3 True\n"),
        ("import os\nprint(os.open('main.py', os.O_RDONLY))", "3\n"),
        ("import subprocess, sys\nsubprocess.run([sys.executable, '-I', '-S', '-c', 'print(1)'])", "1\n"),
    ],
)
def test_a_script_finds_python_as_it_is(code: str, text: str) -> None:
    """Whatever it replaces, shadows, closes or removes."""
    own = "WORD = 'own'\n"
    names = ("socket", "random")
    transcript = did(code, files={f"{name}.py": own for name in names if f"{name}.WORD" in code})
    assert transcript.text == text if "fork" not in code else sorted(transcript.text) == sorted(text)


def test_nothing_is_imported_that_a_script_does_not_import(tmp_path: Path) -> None:
    """But what prints the stacks, which is a part of the interpreter."""
    command = [sys.executable, "-c", "import sys; print(*sys.modules)"]
    watched = {**os.environ, "PYTHONPATH": INJECT, "SPAWNABLE_FOLDER": str(tmp_path), "SPAWNABLE_STACK_SIGNAL": "60"}
    plain = {name: value for name, value in watched.items() if name not in ("PYTHONPATH", "SPAWNABLE_FOLDER")}
    modules = [
        set(subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout.split())
        for env in (plain, watched)
    ]
    assert modules[1] - modules[0] - {"sitecustomize"} == {"faulthandler"}
