"""The command in a terminal, and where its output goes elsewhere."""

from __future__ import annotations

import codecs
import os
import re
import secrets
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from spawnable.cli.options import AVAILABLE

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")

ONE = AVAILABLE[-1]
COMMAND = [sys.executable, "-m", "spawnable", "run", "--start-method", ONE]
#: seconds in which the busiest machine gets anything done
PATIENCE = 300
#: seconds in which Ctrl-C ends everything
PROMPT = 2.0


def write(folder: Path, text: str) -> str:
    """Return the path of a new script."""
    path = folder / "script.py"
    path.write_text(text, encoding="utf-8")
    return str(path)


class Terminal:
    """The command in a pseudo-terminal."""

    def __init__(self, command: list[str], variables: dict[str, str] | None = None, width: int = 80) -> None:
        import pty

        self.shown = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        kept = {name: text for name, text in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
        self.pid, self.handle = pty.fork()
        if self.pid == 0:
            import fcntl
            import struct
            import termios

            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # tests that run in the background ignore it
            kept |= {"TERM": "xterm-256color"} | (variables or {})
            os.execve(command[0], command, kept)  # noqa: S606 - pty.fork() gives a process, not a program

    def read(self, until: str = "") -> str:
        """Return what was shown up to a text, or to the end."""
        deadline = time.monotonic() + PATIENCE
        while not until or until not in self.shown:
            ready, _, _ = select.select([self.handle], [], [], max(deadline - time.monotonic(), 0))
            assert ready, self.shown
            try:
                self.shown += self._decoder.decode(os.read(self.handle, 1 << 16))
            except OSError:  # the other end is closed
                break
        return self.shown

    def end(self) -> int:
        """Return the exit status."""
        self.read()
        os.close(self.handle)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def start_of_python() -> float:
    """Return the seconds that a Python takes to start and end now: much longer where the machine is busy."""
    begin = time.monotonic()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.monotonic() - begin


def plain(shown: str) -> list[str]:
    """Return the lines that stay, without what moves the cursor or colours them."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).replace("\r", "")
    return text.splitlines()


@pytest.mark.parametrize("variables", [{}, {"SPAWNABLE_PORTABLE": "1"}], ids=["watched", "portable"])
def test_ctrl_c_ends_everything(tmp_path: Path, variables: dict[str, str]) -> None:
    """After Ctrl-C the exit status is 130 within two seconds, and no process is left."""
    mark = secrets.token_hex(8)
    script = write(tmp_path, "import time\ntime.sleep(2000)\n")
    before = start_of_python()
    terminal = Terminal([*COMMAND, "--timeout", "2000", script, mark], variables)
    terminal.read("running")
    begin = time.monotonic()
    os.write(terminal.handle, b"\x03")
    assert terminal.end() == 130
    took = time.monotonic() - begin
    assert took < PROMPT + 10 * max(before, start_of_python())
    assert "interrupted" in terminal.shown
    assert "Traceback" not in terminal.shown
    assert not [process for process in psutil.process_iter(["cmdline"]) if mark in (process.info["cmdline"] or [])]


def test_a_live_view_tells_what_runs(tmp_path: Path) -> None:
    """While it runs, each start method has a line that says for how long; the results replace it."""
    terminal = Terminal([*COMMAND, write(tmp_path, "import time\ntime.sleep(1)\nprint('done')\n")])
    assert terminal.end() == 0
    assert re.search(rf"{ONE} · Python \S+ +\d\.\d s", terminal.shown)
    assert f"{ONE} · Python" in next(line for line in plain(terminal.shown) if "╭" in line)
    assert "as expected in 1 of 1 run" in plain(terminal.shown)[-1]


def test_no_color_means_none(tmp_path: Path) -> None:
    """There are colours in a terminal, and none where NO_COLOR is set."""
    colour = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-7]|9[0-7]|38;[0-9;]+)m")
    script = write(tmp_path, "print('hello')\n")
    for variables, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        terminal = Terminal([*COMMAND, script], variables)
        assert terminal.end() == 0
        assert bool(colour.search(terminal.shown)) == coloured


@pytest.mark.parametrize("width", [40, 80])
def test_results_fit_the_terminal(tmp_path: Path, width: int) -> None:
    """No line of the results is wider than the terminal."""
    terminal = Terminal([*COMMAND, write(tmp_path, "print('x' * 200)\nraise LookupError('missing')\n")], width=width)
    assert terminal.end() == 1
    lines = plain(terminal.shown[terminal.shown.index("╭") :])
    assert max(map(len, lines[:-1])) == width


def test_a_very_long_output_is_shown_in_part(tmp_path: Path) -> None:
    """Of many lines, and of a long one, a part is shown with how much is not: soon, and within the terminal's width."""
    script = write(tmp_path, "print('y' * 50_000)\nfor number in range(80_000): print('line', number)\n")
    done = subprocess.run([*COMMAND, script], capture_output=True, check=False, timeout=PATIENCE, encoding="utf-8")
    assert "46000 characters not shown" in done.stdout
    assert re.search(r"… \d+ lines not shown", done.stdout)
    assert "line 79999" in done.stdout
    assert len(done.stdout.splitlines()) < 500


def test_an_output_that_nobody_reads_is_no_error(tmp_path: Path) -> None:
    """Where the reader of a pipe has gone, as `head` does, nothing is said, and the exit status is 141."""
    script = write(tmp_path, "print('x\\n' * 100_000)\n")
    with subprocess.Popen([*COMMAND, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 141
    assert re.fullmatch(rf"{ONE} · Python \S+: ok, \S+ s\n", said)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_other_encodings_are_written(tmp_path: Path, encoding: str) -> None:
    """Where the terminal does not know UTF-8, lines and marks are plain, and other characters escaped."""
    script = write(tmp_path, "print('caf\\u00e9 \\u2192')\n")
    environment = {name: text for name, text in os.environ.items() if name != "COLUMNS"}
    environment["PYTHONIOENCODING"] = encoding
    done = subprocess.run([*COMMAND, script], capture_output=True, env=environment, check=False, timeout=PATIENCE)
    shown = done.stdout.decode(encoding)
    assert done.returncode == 0, done.stderr.decode(encoding)
    assert ("caf\\xe9 \\u2192" if encoding == "ascii" else "café \\u2192") in shown
    assert shown.startswith("+-")
    assert {len(line) for line in shown.splitlines()[:-1]} == {120}
