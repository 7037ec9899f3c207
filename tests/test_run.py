"""The runner: what a transcript says of a real run, under every start method."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from spawnable.expectation import Expectations
from spawnable.run import RunError, close, run
from spawnable.snippet import Limits, Snippet
from spawnable.transcript import Transcript
from spawnable.verdict import outcomes

#: the last word of the command line of every script here
_SCRIPT = "main.py"
TWO = """
import multiprocessing


def work(number):
    print("child", number)
    raise SystemExit(number)


if __name__ == "__main__":
    for number in range(2):
        process = multiprocessing.Process(target=work, args=(number,), name=f"worker-{number}")
        process.start()
        process.join()
    print(multiprocessing.get_start_method())
"""


def did(code: str, start_method: str = "fork", expect: str = "ok", **limits: float) -> Transcript:
    """Run a script."""
    snippet = Snippet("x", code, expectations=Expectations.parse(expect), limits=Limits(**limits))  # type: ignore[arg-type]
    return run(snippet, start_method)


def found(transcript: Transcript) -> list[str]:
    """Return what is true of a run."""
    return [str(outcome) for outcome in outcomes(transcript)]


@pytest.mark.attested
def test_each_line_has_its_writer_and_each_child_its_name_and_exit_code(start_method: str) -> None:
    """Who wrote what is known by name, and how each child ended."""
    transcript = did(TWO, start_method)
    writers = {chunk.text.strip(): transcript.process(chunk.pid) for chunk in transcript.chunks}
    named = {text: process.name for text, process in writers.items() if process}
    assert named == {"child 0": "worker-0", "child 1": "worker-1", start_method: "main"}
    children = {process.name: process.exit_code for process in transcript.processes if process.kind == "child"}
    assert children == {"worker-0": 0, "worker-1": 1}
    assert found(transcript) == ["child exit 1"]


def test_the_start_method_is_a_default_that_a_script_may_change(start_method: str) -> None:
    """`set_start_method` still works, once, and `get_context` gives another."""
    code = """
import multiprocessing

multiprocessing.set_start_method("spawn")
print(multiprocessing.get_start_method(), multiprocessing.get_context("fork").get_start_method())
"""
    assert did(code, start_method).text == "spawn fork\n"


def test_a_child_that_nobody_waits_for_is_seen_as_a_zombie() -> None:
    """The interval runs from the child's end to the parent's `join`."""
    code = """
import multiprocessing
import time
from multiprocessing.connection import wait

if __name__ == "__main__":
    process = multiprocessing.Process(target=int)
    process.start()
    wait([process.sentinel])
    begin = time.monotonic()
    time.sleep(0.3)
    print(time.monotonic() - begin)
    process.join()
"""
    transcript = did(code)
    child = next(process for process in transcript.processes if process.kind == "child")
    assert child.zombie >= float(transcript.text) - 0.1


def test_a_signal_that_ends_a_child_is_its_exit_code(start_method: str) -> None:
    """A killed child has a negative exit code, and the killer is known."""
    code = """
import multiprocessing
import time

if __name__ == "__main__":
    process = multiprocessing.Process(target=time.sleep, args=(60,))
    process.start()
    process.kill()
    process.join()
"""
    transcript = did(code, start_method)
    assert found(transcript) == ["child exit -9"]
    killed = [(transcript.process(e.pid), e.detail) for e in transcript.events if e.what == "kill"]
    assert [(process.name if process else "", sign) for process, sign in killed] == [("main", "9")]


STUCK = """
import multiprocessing

if __name__ == "__main__":
    ends = multiprocessing.Pipe()
    process = multiprocessing.Process(target=ends[0].recv)
    process.start()
    process.join()
"""


@pytest.mark.attested
def test_a_tree_that_waits_without_end_is_ended_early_where_that_is_expected(start_method: str) -> None:
    """Every process shows its stack; nothing counts as left behind."""
    transcript = did(STUCK, start_method, expect="stuck", time=60)
    assert transcript.ended == "stuck"
    assert transcript.wall < 30
    stacks = {process.name: process.stack for process in transcript.processes}
    assert "in join" in stacks["main"]
    assert "in recv" in stacks["Process-1"]
    assert not transcript.leftovers


def test_a_sleep_is_no_deadlock() -> None:
    """A script that sleeps for longer than the patience for deadlocks runs to its end."""
    assert found(did("import time\ntime.sleep(1.5)", expect="stuck")) == ["ok"]


@pytest.mark.parametrize(
    ("code", "kind", "what"),
    [
        ("import os, time\nif not os.fork():\n    os.setsid()\n    time.sleep(60)", "process", "python"),
        ("open('new.txt', 'w').write('x')", "file", "new.txt"),
        ("import tempfile\ntempfile.mkdtemp(prefix='kept-')", "file", "kept-"),
        pytest.param("open('/tmp/elsewhere', 'w').write('x')", "file", "elsewhere", marks=pytest.mark.attested),
        pytest.param(
            "open('/dev/shm/psm_left', 'w').write('x')", "shared memory", "psm_left", marks=pytest.mark.attested
        ),
    ],
)
def test_what_is_left_is_named(code: str, kind: str, what: str) -> None:
    """A process, a file, a folder, shared memory: each is told, and then gone."""
    transcript = did(code)
    assert [left.kind for left in transcript.leftovers] == [kind]
    assert what in transcript.leftovers[0].what
    assert not Path("/dev/shm/psm_left").exists()
    assert not Path("/tmp/elsewhere").exists()


@pytest.mark.attested
def test_the_users_files_can_not_be_changed(tmp_path: Path) -> None:
    """A script may read what the user may, and write to nothing of it."""
    kept = tmp_path / "kept.txt"
    kept.write_text("mine")
    code = f"""
import os
from pathlib import Path

print(Path("~").expanduser() != Path({str(Path.home())!r}))
try:
    Path({str(kept)!r}).write_text("yours")
    os.remove({__file__!r})
except OSError as error:
    print(type(error).__name__)
"""
    assert did(code).text.startswith("True\n")
    assert kept.read_text() == "mine"
    assert Path(__file__).exists()


@pytest.mark.parametrize(
    ("code", "ended"),
    [
        ("while True: pass", "stuck"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", "stuck"),
        ("import signal, time\nfor s in (15, 2): signal.signal(s, signal.SIG_IGN)\ntime.sleep(60)", "stuck"),
        pytest.param("import os\nwhile True: os.fork()", "processes", marks=pytest.mark.attested),
        ("kept = []\nwhile True: kept.append(b'x' * 10_000_000)", "memory"),
    ],
)
def test_a_limit_ends_what_would_not_end(code: str, ended: str) -> None:
    """Within the limit and two seconds, whatever the script does."""
    begin = time.monotonic()
    transcript = did(code, time=3, memory=300_000_000)
    assert transcript.ended == ended
    assert time.monotonic() - begin < 3 + 2 + 3  # a warden may have to start first, on a busy machine


def test_output_beyond_the_limit_is_counted_and_dropped() -> None:
    """What is kept is the beginning; nothing waits for a reader."""
    transcript = did("import sys\nsys.stdout.write('x' * 5_000_000)\nprint('end')", output=1000)
    assert transcript.text == "x" * 1000
    assert transcript.dropped == 5_000_004 - 1000
    assert found(transcript) == ["ok"]


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    """What is not UTF-8 is shown by its codes; the rest stays as it is."""
    code = "import os\nos.write(1, b'\\xff\\x00<b>\\x1b[1m \\xc3\\xa9')"
    assert did(code).text == "\\xff\x00<b>\x1b[1m é"


@pytest.mark.attested
@pytest.mark.parametrize(
    "code",
    [
        "import os, signal\nos.kill(0, signal.SIGKILL)",
        "import os\ntry:\n    os.kill(-1, 9)\nfinally:\n    os.kill(os.getpid(), 9)",
        "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nos.kill(os.getpid(), signal.SIGKILL)",
    ],
)
def test_a_script_kills_nobody_but_its_own(code: str) -> None:
    """A run beside it, and this process, go on undisturbed."""
    beside: list[Transcript] = []
    thread = threading.Thread(target=lambda: beside.append(did("import time\ntime.sleep(1)\nprint('well')")))
    thread.start()
    assert found(did(code)) == ["exit -9"]
    thread.join()
    assert beside[0].text == "well\n"
    assert found(beside[0]) == ["ok"]


def test_close_ends_a_run_that_goes_on() -> None:
    """Within two seconds; the one who asked for it is told."""
    failed: list[BaseException] = []

    def ask() -> None:
        try:
            did("import time\ntime.sleep(60)")
        except RunError as error:
            failed.append(error)

    close()  # what other tests have kept
    thread = threading.Thread(target=ask)
    thread.start()
    while not any(_SCRIPT in _commands(warden) for warden in _wardens(psutil.Process())):
        time.sleep(0.01)
    begin = time.monotonic()
    close()
    thread.join()
    assert time.monotonic() - begin < 2
    assert failed
    assert not _wardens(psutil.Process())


def test_a_killed_client_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    """Everything ends with the process that asked, even where that was killed."""
    code = (
        "from spawnable.run import run\nfrom spawnable.snippet import Snippet\n"
        "run(Snippet('x', 'import time\\ntime.sleep(60)'), 'fork')"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen([sys.executable, "-c", code], env=environment) as client:
        watched = psutil.Process(client.pid)
        while not any(_SCRIPT in _commands(warden) for warden in _wardens(watched)):
            time.sleep(0.01)
        everyone = watched.children(recursive=True)
        client.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(everyone, timeout=10)
    assert not alive
    deadline = time.monotonic() + 10
    while list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "variable", ["SPAWNABLE_PORTABLE", pytest.param("SPAWNABLE_NO_NAMESPACE", marks=pytest.mark.attested)]
)
def test_without_namespaces_the_same_is_told(variable: str, start_method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system gives less, names, exit codes and output are the same, and what is unknown is said."""
    close()
    monkeypatch.setenv(variable, "1")
    try:
        transcript = did(TWO, start_method)
    finally:
        close()
    assert transcript.watched == {"SPAWNABLE_PORTABLE": "portable"}.get(variable, "subreaper")
    assert transcript.text == f"child 0\nchild 1\n{start_method}\n"
    children = {process.name: process.exit_code for process in transcript.processes if process.kind == "child"}
    assert children == {"worker-0": 0, "worker-1": 1}
    assert transcript.unknown


def _commands(process: psutil.Process) -> str:
    """Return the command lines of all that a process has started."""
    words: list[str] = []
    with contextlib.suppress(psutil.Error):
        for child in process.children(recursive=True):
            words += child.cmdline()
    return " ".join(words)


def _wardens(process: psutil.Process) -> list[psutil.Process]:
    """Return the wardens of a process."""
    found = []
    for child in process.children():
        with contextlib.suppress(psutil.Error):  # it has just ended
            if any("from spawnable.run." in word for word in child.cmdline()):
                found.append(child)
    return found
