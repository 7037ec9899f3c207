"""`spawnable.run.portable`: what is known of a run on macOS and Windows, on any system."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from spawnable.run import close, run
from spawnable.run import windows as windows_module
from spawnable.run.pipe import Output
from spawnable.snippet import Limits, Snippet
from spawnable.transcript import Transcript

METHOD = "spawn"


@pytest.fixture(autouse=True)
def _portable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Runs are watched by a pipe and psutil."""
    close()
    monkeypatch.setenv("SPAWNABLE_PORTABLE", "1")
    yield
    close()


def did(code: str, start_method: str = METHOD, **limits: float) -> Transcript:
    """Run a script."""
    return run(Snippet("x", textwrap.dedent(code), limits=Limits(**limits)), start_method)  # type: ignore[arg-type]


WAITS = """
    import multiprocessing

    def wait(event):
        event.wait()

    if __name__ == "__main__":
        event = multiprocessing.Event()
        process = multiprocessing.Process(target=wait, args=(event,))
        process.start()
        process.join()
"""


def test_stacks_of_a_stuck_run(start_method: str) -> None:
    """Every process shows where it stands."""
    transcript = did(WAITS, start_method, time=15)
    assert transcript.ended == "stuck"
    assert transcript.exit_code is None
    stacks = {process.name: process.stack for process in transcript.processes}
    assert "in join" in stacks["main"]
    assert "in wait" in stacks["Process-1"]
    assert not transcript.leftovers


def test_stacks_without_a_signal(tmp_path: Path) -> None:
    """Where no signal asks for stacks, as on Windows, each process prints its own when the time is over."""
    code = f"""
        import os, subprocess, sys, time
        folder = {str(tmp_path)!r}
        variables = dict(os.environ, SPAWNABLE_FOLDER=folder, SPAWNABLE_STACK_SIGNAL="0",
                         SPAWNABLE_STACK_TIME=str(time.monotonic() + 1))
        script = "import time\\ndef waits():\\n    time.sleep(60)\\nwaits()"
        process = subprocess.Popen([sys.executable, "-c", script], env=variables)
        path = f"{{folder}}/stack-{{process.pid}}"
        while not (os.path.exists(path) and "in waits" in open(path).read()):
            time.sleep(0.05)
        process.kill()
        process.wait()
        print("seen")
    """
    inject = str(Path(windows_module.__file__).with_name("inject"))
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        check=False,
        capture_output=True,
        text=True,
        timeout=50,
        env={"PYTHONPATH": inject},
    )
    assert done.stdout == "seen\n", done.stderr


@pytest.mark.parametrize(
    ("code", "ended"),
    [
        ("kept = []\nwhile True: kept.append(b'x' * 10_000_000)", "memory"),
        ("with open('big', 'wb') as file:\n    while True: file.write(b'x' * 100_000)", "disk"),
        ("import subprocess, time\nfor _ in range(12): subprocess.Popen(['sleep', '60'])\ntime.sleep(60)", "processes"),
    ],
)
def test_limits(code: str, ended: str) -> None:
    """What goes beyond a limit is ended, with all that it started."""
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    transcript = did(code, time=50, memory=400_000_000, disk=20_000_000, processes=8)
    assert transcript.ended == ended
    close()
    assert {process.pid for process in psutil.Process().children(recursive=True)} <= before


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_process_that_left_the_tree_is_ended() -> None:
    """A process in a session of its own, whose parent ended at once, is found at the end, told of, and ended."""
    transcript = did("""
        import os, time
        if not os.fork():
            os.setsid()
            if not os.fork():
                print(os.getpid())
                time.sleep(60)
            os._exit(0)
        os.wait()
        time.sleep(0.5)
    """)
    (left,) = transcript.leftovers
    assert left.kind == "process"
    assert left.pid == int(transcript.text)
    with suppress(psutil.NoSuchProcess):  # or nobody has waited for it yet
        assert psutil.Process(left.pid).status() == psutil.STATUS_ZOMBIE


def test_what_is_not_known_is_said() -> None:
    """In words, and differently on each system."""
    transcript = did("print(1)")
    assert transcript.watched == "portable"
    assert [chunk.pid for chunk in transcript.chunks] == [None]
    assert transcript.unknown[0] == "which process wrote a line: the system does not tell"
    assert any("exit codes" in word for word in transcript.unknown) == (sys.platform != "win32")


def test_characters_cut_in_two() -> None:
    """A character whose bytes come apart is whole, and one that never comes to its end is shown by its codes."""
    code = """
        import os, time
        for piece in (b"\\xc3", b"\\xa9\\n", b"\\xe2\\x82"):
            os.write(1, piece)
            time.sleep(0.05)
    """
    assert did(code).text == "é\n\\xe2\\x82"


def test_lines_as_windows_ends_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line's end of two characters is one, also where they come apart; a return alone is kept."""
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        output = Output(process.stdout, 0.0, 100)
        monkeypatch.setattr("os.name", "nt")
        for text in ("a\r", "\nb\r\n", "c\rd\r"):
            output._take(text)
        output._take("", last=True)
        monkeypatch.undo()
    assert "".join(chunk.text for chunk in output.chunks) == "a\nb\nc\rd\r"


def test_interpreter_of_an_environment(tmp_path: Path) -> None:
    """The program that a virtual environment's only starts is found, so that it can be started itself."""
    program = tmp_path / "python.exe"
    program.touch()
    scripts = tmp_path / "venv" / "Scripts"
    scripts.mkdir(parents=True)
    executable = str(scripts / "python.exe")
    assert windows_module.interpreter(executable) == (executable, {})
    (tmp_path / "venv/pyvenv.cfg").write_text(f"home = elsewhere\nexecutable = {program}\n")
    assert windows_module.interpreter(executable) == (str(program), {"__PYVENV_LAUNCHER__": executable})
