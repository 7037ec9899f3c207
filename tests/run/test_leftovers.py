"""What a run leaves is named, by kind and by the process that made it, and then removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from spawnable.expectation import Expectations
from spawnable.run import close, run
from spawnable.snippet import Limits, Snippet
from spawnable.transcript import Transcript

CHILD = """
import multiprocessing
import os
import signal
import tempfile
from multiprocessing import resource_tracker, shared_memory
from multiprocessing.connection import Listener


def work():
    {work}
    os._exit(0)


if __name__ == "__main__":
    {main}
    process = multiprocessing.Process(target=work, name="child")
    process.start()
    process.join()
"""


def did(code: str, start_method: str) -> Transcript:
    """Run a script, on a machine that may be busy."""
    return run(Snippet("x", code, limits=Limits(time=120)), start_method)


def left(transcript: Transcript) -> list[tuple[str, str]]:
    """Return kind and maker of what was left by a run that ended by itself."""
    assert transcript.ended == "exit"
    makers = [(leftover.kind, transcript.process(leftover.pid)) for leftover in transcript.leftovers]
    return sorted((kind, maker.name if maker else "?") for kind, maker in makers)


@pytest.mark.parametrize(
    ("work", "kinds"),
    [
        ("tempfile.mkstemp()", ["file"]),
        ("tempfile.mkdtemp(prefix='kept-', suffix='.d')", ["file"]),
        ("open('by-hand.txt', 'w').close()", ["?"]),
        ("kept = Listener(family='AF_UNIX')", ["socket"]),
        (
            "resource_tracker.register = print; kept = shared_memory.SharedMemory('chosen', create=True, size=10)",
            ["shared memory"],
        ),
    ],
)
def test_what_a_child_leaves_is_known_as_the_childs(work: str, kinds: list[str], start_method: str) -> None:
    """A name that was drawn by lot tells who drew it; a name that the script chose tells nothing."""
    transcript = did(CHILD.format(work=work, main=""), start_method)
    expected = [("file", "?")] if kinds == ["?"] else [(kind, "child") for kind in kinds]
    assert left(transcript) == expected, transcript.text


def test_a_named_semaphore_that_nobody_removed(start_method: str) -> None:
    """Under `fork` a semaphore keeps no name, and so leaves none; under the others its maker is known."""
    main = "resource_tracker.unregister = resource_tracker.register = lambda *_: None; kept = multiprocessing.Lock()"
    code = CHILD.format(work="pass", main=main) + "    os._exit(0)\n"
    found = [item for item in left(did(code, start_method)) if item[0] != "socket"]  # the fork server leaves its own
    assert found == ([] if start_method == "fork" else [("semaphore", "main")])


def test_a_process_that_detached_itself_is_left(start_method: str) -> None:
    """It is named, and ended."""
    work = "os.fork() or (os.setsid(), signal.pause())"
    transcript = did(CHILD.format(work=work, main=""), start_method)
    (leftover,) = transcript.leftovers
    assert leftover.kind == "process"
    process = transcript.process(leftover.pid)
    assert process is not None
    assert (process.detached, process.orphan, process.death) == (True, True, None)
    parent = transcript.process(process.parent)
    assert parent is not None
    assert parent.name == "child"


def test_without_namespaces_what_others_left_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what the run made is told, and removed."""
    main = (
        "resource_tracker.register = lambda *_: None; kept = shared_memory.SharedMemory(create=True, size=10); "
        "open('/dev/shm/psm_foreign', 'w').close()"
    )
    foreign = Path("/dev/shm/psm_foreign")
    close()
    monkeypatch.setenv("SPAWNABLE_NO_NAMESPACE", "1")
    try:
        transcript = did(CHILD.format(work="pass", main=main) + "    os._exit(0)\n", "fork")
        assert left(transcript) == [("shared memory", "main")]
        kept = transcript.leftovers[0].what
        assert kept.startswith("psm_")
        assert not Path("/dev/shm", kept).exists()
        assert foreign.exists()
    finally:
        close()
        foreign.unlink(missing_ok=True)


def test_without_namespaces_a_run_that_is_ended_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, start_method: str
) -> None:
    """What is killed can not remove its semaphores: the run does."""
    code = (
        "import multiprocessing\nlock = multiprocessing.Lock()\nprint(lock._semlock.name, flush=True)\n"
        "lock.acquire()\nlock.acquire()\n"
    )
    close()
    monkeypatch.setenv("SPAWNABLE_NO_NAMESPACE", "1")
    try:
        expected = Expectations.parse("stuck")  # so it is ended as soon as it waits, and not before
        transcript = run(Snippet(name="x", code=code, expectations=expected), start_method)
        assert transcript.ended == "stuck"
        name = transcript.text.strip()
        assert name.startswith("/mp-") or start_method == "fork"  # there it has none
        assert not Path("/dev/shm", f"sem.{name.strip('/')}").exists()
    finally:
        close()


@pytest.mark.parametrize("how", ["process", "main"])
def test_a_thread_that_holds_its_process_is_named(how: str, start_method: str) -> None:
    """Which thread, and in which function, though it ended after all."""
    thread = "import threading, time; threading.Thread(target=lambda: time.sleep(1), name='keeps it').start()"
    code = CHILD.format(work=thread if how == "process" else "pass", main="pass") + (
        f"    {thread}\n" if how == "main" else ""
    )
    code = code.replace("target=lambda: time.sleep(1)", "target=lambda: time.sleep(0.2)").replace("os._exit(0)", "")
    transcript = did(code, start_method)
    held = [(event.pid, event.detail) for event in transcript.events if event.what == "holds"]
    assert len(held) == 1
    process = transcript.process(held[0][0])
    assert process is not None
    assert process.name == ("child" if how == "process" else "main")
    assert held[0][1].startswith("keeps it in ")
    assert held[0][1].endswith("<lambda>")
