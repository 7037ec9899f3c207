"""`spawnable run`, with real runs of small scripts."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from spawnable.cli import main
from spawnable.cli.options import AVAILABLE
from spawnable.run import close
from spawnable.transcript import Transcript

ONE = AVAILABLE[-1]
HELLO = """\
import multiprocessing
import sys


def worker() -> None:
    print("from the child")


if __name__ == "__main__":
    print("arguments", sys.argv[1:], flush=True)
    process = multiprocessing.Process(target=worker, name="Helper")
    process.start()
    process.join()
"""
FAULT = "raise RuntimeError('broken')\n"
DIFFERENT = """\
import multiprocessing

if __name__ == "__main__":
    if multiprocessing.get_start_method() == "spawn":
        raise LookupError("only here")
"""


@pytest.fixture(autouse=True)
def _closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("COLUMNS", raising=False)  # pytest sets it
    yield
    close()


def write(folder: Path, text: str, name: str = "script.py") -> str:
    """Return the path of a new script."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def spawnable(*arguments: str) -> Result:
    """Return what the command did."""
    return CliRunner().invoke(main, arguments)


def test_agreeing_runs_are_shown_once(tmp_path: Path) -> None:
    """A script that does the same under every start method has one panel, titled by all of them."""
    result = spawnable("run", write(tmp_path, HELLO))
    assert result.exit_code == 0, result.output
    titles = [line for line in result.output.splitlines() if line.startswith("╭")]
    assert len(titles) == 1
    assert all(method in titles[0] for method in AVAILABLE)
    assert result.output.count("from the child") == 1
    assert f"script.py: as expected in {len(AVAILABLE)} of {len(AVAILABLE)} run" in result.output


@pytest.mark.attested
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who wrote what")
def test_each_line_has_its_process(tmp_path: Path) -> None:
    """A line is labelled by the name of the process that wrote it."""
    result = spawnable("run", "--start-method", ONE, write(tmp_path, HELLO))
    assert "│ Helper           │ from the child" in result.output or "│ Helper │ from the child" in result.output


def test_differing_runs_are_told_apart(tmp_path: Path) -> None:
    """A script that fails under one start method has exit status 1 and a panel with the verdict."""
    result = spawnable("run", write(tmp_path, DIFFERENT))
    assert result.exit_code == 1
    assert "NOT as expected: expected ok, found error LookupError" in result.output


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how each child ended")
def test_children_ended_by_sigterm_are_as_expected(tmp_path: Path) -> None:
    """A pool ends its workers by SIGTERM: that is no fault of the script, unless it is declared otherwise."""
    script = write(
        tmp_path,
        "import multiprocessing, time\n"
        "if __name__ == '__main__':\n"
        "    process = multiprocessing.Process(target=time.sleep, args=(600,))\n"
        "    process.start()\n"
        "    process.terminate()\n"
        "    process.join()\n",
    )
    result = spawnable("run", "--start-method", "fork", script)
    assert result.exit_code == 0, result.output
    assert "as expected: child exit -15" in result.output
    assert spawnable("run", "--start-method", "fork", "--expect", "ok", script).exit_code == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how each child ended")
def test_child_that_ended_itself_by_sigterm_is_not(tmp_path: Path) -> None:
    """A child that nobody else ended is told, whatever the signal."""
    script = write(
        tmp_path,
        "import multiprocessing, signal\n"
        "if __name__ == '__main__':\n"
        "    process = multiprocessing.Process(target=signal.raise_signal, args=(signal.SIGTERM,))\n"
        "    process.start()\n"
        "    process.join()\n",
    )
    result = spawnable("run", "--start-method", "fork", script)
    assert result.exit_code == 1
    assert "NOT as expected: expected ok, found child exit -15" in result.output


def test_what_is_declared_is_expected(tmp_path: Path) -> None:
    """An expectation may be given for one start method."""
    result = spawnable("run", "--expect", "ok", "--expect", "spawn=error LookupError", write(tmp_path, DIFFERENT))
    assert result.exit_code == 0, result.output


def test_what_follows_the_script_is_its_own(tmp_path: Path) -> None:
    """All that stands after the script reaches it in its order, options that the command has as well."""
    script = write(tmp_path, HELLO)
    result = spawnable("run", "--start-method", ONE, script, "--colour", "red", "-n3", "--", "--json", "-m", "--help")
    assert result.exit_code == 0, result.output
    assert "arguments ['--colour', 'red', '-n3', '--', '--json', '-m', '--help']" in result.output


def test_an_option_on_the_wrong_side_is_pointed_out(tmp_path: Path) -> None:
    """Where a script fails and was given an option of this command, that is said; where it did well it is not."""
    said = "--timeout=3 went to the script"
    assert said in spawnable("run", "--start-method", ONE, write(tmp_path, FAULT), "--timeout=3").output
    assert said not in spawnable("run", "--start-method", ONE, write(tmp_path, HELLO), "--timeout=3").output


def test_a_module_is_run_as_by_python_m(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of a package is run by its name, from the folder in which the command is given."""
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").touch()
    write(package, "WORD = 'a sibling'\n", "near.py")
    write(package, "import sys\nfrom . import near\nprint(__name__, near.WORD, sys.argv[1:])\n", "tool.py")
    monkeypatch.chdir(tmp_path)
    result = spawnable("run", "--start-method", ONE, "-m", "package.tool", "-v")
    assert result.exit_code == 0, result.output
    assert "__main__ a sibling ['-v']" in result.output
    assert "-m package.tool: as expected in 1 of 1 run" in result.output


def test_a_script_finds_siblings_variables_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules beside the script, the reader's variables, and files that are named are there, from any folder."""
    (tmp_path / "deep").mkdir()
    write(tmp_path / "deep", "WORD = 'a sibling'\n", "near.py")
    write(tmp_path / "deep", "rows\n", "table.csv")
    code = "import importlib, os\nname = 'ne' + 'ar'\nprint(importlib.import_module(name).WORD, os.environ['MY_OWN'])\n"
    write(tmp_path / "deep", code + "print(open('deep/table.csv').read())\n", "x.py")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MY_OWN", "variable")
    result = spawnable("run", "--start-method", ONE, "--with", "deep/table.csv", "deep/x.py")
    assert result.exit_code == 0, result.output
    assert "a sibling variable" in result.output
    assert "rows" in result.output


def test_json_holds_every_run(tmp_path: Path) -> None:
    """The JSON document is a list of runs, with outcome, verdict and a transcript that can be read back."""
    result = spawnable("run", "--json", "--start-method", ONE, write(tmp_path, FAULT))
    assert result.exit_code == 1
    (record,) = json.loads(result.stdout)
    assert record["start_method"] == ONE
    assert record["outcome"] == "error RuntimeError"
    assert record["verdict"] == {"met": False, "expected": "ok", "found": ["error RuntimeError"]}
    assert "RuntimeError: broken" in Transcript.from_json(json.dumps(record["transcript"])).text


def test_a_stuck_script_shows_where(tmp_path: Path) -> None:
    """A script that does not end is stuck at the time limit, and the stack of its process is shown."""
    script = write(tmp_path, "import time\n\n\ndef wait_here():\n    time.sleep(60)\n\n\nwait_here()\n")
    result = spawnable("run", "--timeout", "1", "--start-method", ONE, script)
    assert result.exit_code == 1
    assert "found stuck" in result.output
    if sys.platform == "linux":
        assert "wait_here" in result.output


@pytest.mark.parametrize(
    "wrong",
    [
        ("--expect", "perhaps"),
        ("--expect", "threads=ok"),
        ("--memory", "much"),
        ("--start-method", "clone"),
        ("--python", "no-such-python"),
        ("--timeout", "0"),
        ("--timeout", "inf"),
        ("--timeout", "soon"),
        ("--memory", "1k"),
        ("--output", "-1"),
        ("--disk", "0"),
        ("--processes", "0"),
        ("--files", "none"),
        ("--with", "no-such-file"),
    ],
    ids=" ".join,
)
def test_wrong_usage_has_exit_status_2(tmp_path: Path, wrong: tuple[str, str]) -> None:
    """An option's value that means nothing is refused, and named."""
    result = spawnable("run", *wrong, write(tmp_path, HELLO))
    assert result.exit_code == 2
    assert wrong[1].partition("=")[0] in result.output


def test_a_missing_script_is_named(tmp_path: Path) -> None:
    """A script that is not there is wrong usage."""
    result = spawnable("run", str(tmp_path / "missing.py"))
    assert result.exit_code == 2
    assert "missing.py" in result.output


def test_a_script_that_is_not_text_is_refused(tmp_path: Path) -> None:
    """A file that is not UTF-8 is refused with its name."""
    path = tmp_path / "binary.py"
    path.write_bytes(b"\xff\xfe\x00")
    result = spawnable("run", str(path))
    assert result.exit_code == 2
    assert "binary.py is not UTF-8" in result.output


def test_python_m_spawnable_is_the_command() -> None:
    """`python -m spawnable` has the command's name and subcommands."""
    done = subprocess.run([sys.executable, "-m", "spawnable", "--help"], capture_output=True, text=True, check=True)
    assert "Usage: spawnable" in done.stdout
    assert all(name in done.stdout for name in ("run", "check", "extract", "store"))


def test_without_click_the_command_says_what_to_install() -> None:
    """Where the extra `cli` is missing, the command names it and fails."""
    code = "import sys; sys.modules['click'] = None; from spawnable.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install 'spawnable[cli]'" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no network of a run's own")
@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--network", "reached"),
        pytest.param("--no-network", "ConnectionRefusedError", marks=pytest.mark.attested),
    ],
)
def test_the_machines_network_is_there_unless_it_is_refused(tmp_path: Path, option: str, said: str) -> None:
    """A script reaches a server on this machine, or has a loopback of its own where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        script = write(
            tmp_path,
            "import socket\n"
            "try:\n"
            f"    socket.create_connection(('127.0.0.1', {server.getsockname()[1]})).close()\n"
            "    print('reached')\n"
            "except OSError as error:\n"
            "    print(type(error).__name__)\n",
        )
        assert said in spawnable("run", "--start-method", ONE, option, script).output


def test_a_printed_message_has_the_address_of_its_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the panel of a run stands the message that it printed, and where the guide explains it."""
    monkeypatch.setenv("SPAWNABLE_BASE_URL", "https://guide.example")
    text = "import multiprocessing\n\nmultiprocessing.BoundedSemaphore(1).release()\n"
    result = spawnable("run", "--start-method", ONE, write(tmp_path, text))
    assert result.exit_code == 1
    assert "message: ValueError: semaphore or lock released too many times" in result.output
    assert "https://guide.example/failures/locks.html#failure-released-too-often" in result.output
