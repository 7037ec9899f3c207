"""`spawnable.run.close`: whatever goes on, or is about to, ends with it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from spawnable.run import RunError, Runner, close, run
from spawnable.run.folders import Folder
from spawnable.snippet import Limits, Snippet

#: see `children` in conftest.py
Children = Callable[[], list[psutil.Process]]
SLEEPS = Snippet("x", "import time\ntime.sleep(60)\n", limits=Limits(time=60))
#: seconds in which a run that is ended has ended, on a machine that has other things to do
PATIENCE = 15


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """No warden before, and none after."""
    close()
    yield
    close()


@pytest.fixture(params=["native", "portable"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Runs as this system watches them, and through a pipe and psutil."""
    if request.param == "portable":
        monkeypatch.setenv("SPAWNABLE_PORTABLE", "1")
    return str(request.param)


def asked(runner: Callable[..., object], gate: threading.Barrier) -> tuple[threading.Thread, list[str]]:
    """Return a thread that has a run done once all are at the gate, and what it is told."""
    told: list[str] = []

    def ask() -> None:
        gate.wait()
        try:
            runner(SLEEPS, "spawn")
        except RunError as error:
            told.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    return thread, told


@pytest.mark.parametrize("first", range(4))
def test_run_that_is_about_to_start(first: int, kind: str, children: Children) -> None:
    """Asked for in the very moment of closing, a run does not outlive it: of 200, each somewhat later."""
    for number in range(first, 100, 4 if kind == "native" else 16):
        gate = threading.Barrier(3)
        runner = Runner()
        threads = [asked(runner, gate) for _ in range(2)]
        gate.wait()
        moment = time.perf_counter() + number / 2000
        while time.perf_counter() < moment:
            pass
        close()
        for thread, told in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), f"still running after close, asked for {number / 2} ms before"
            assert told == ["x: ended before its time, as all runs were"]
        assert not children()


@pytest.mark.usefixtures("kind")
def test_runner_is_closed_for_good(children: Children) -> None:
    """A runner that was made before starts nothing after; `run` starts anew."""
    runner = Runner()
    close()
    with pytest.raises(RunError, match="ended before its time"):
        runner(SLEEPS, "spawn")
    assert not children()
    assert run(Snippet("x", "print(1)\n"), "spawn").text == "1\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_forked_process_keeps_no_warden(children: Children) -> None:
    """A child that this process forks has runs of its own, and does not keep those of this process alive."""
    run(Snippet("x", ""), "spawn")
    (warden,) = children()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writing, run(Snippet("x", "print(1)\n"), "spawn").text.encode())
            close()
            os.write(writing, b"closed\n")
            signal.pause()
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        assert [pipe.readline(), pipe.readline()] == [b"1\n", b"closed\n"]
    assert run(Snippet("x", "print(2)\n"), "spawn").text == "2\n"
    close()
    assert not warden.is_running()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_folder_that_nobody_uses_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed process left is removed by the next one; what is used, young or of another name is not."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    used = Folder()
    names = ["spawnable-run-abcdef12", "spawnable-run-abcdef13", "spawnable-run-abcdef12x", "spawnable-ci.abcdef"]
    for name in names:
        (tmp_path / name / "0" / "w").mkdir(parents=True)
        if name != names[1]:
            os.utime(tmp_path / name, (0, 0))
    os.utime(used.path, (0, 0))
    (tmp_path / "spawnable-run-abcdef14").symlink_to(tmp_path / names[3])
    from spawnable.run import folders

    folders._sweep.cache_clear()
    new = Folder()
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*names[1:], "spawnable-run-abcdef14", Path(used.path).name, Path(new.path).name}
    used.remove()
    new.remove()
    assert {path.name for path in tmp_path.iterdir()} == {*names[1:], "spawnable-run-abcdef14"}
