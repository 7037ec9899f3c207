"""`spawnable measure`, with real trials."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner
from tests.bench.left import memory, unused
from tests.waiting import until

from spawnable.cli import main
from spawnable.measure import SUBJECTS, Table

SMALLEST = ["measure", "startup", "--quick", "--seconds", "0.1"]


@pytest.fixture
def no_other_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Only the Python that measures is found."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return iter(())


def test_one_subject(no_other_python: None, tmp_path: Path) -> None:
    """A subject is shown as a table, and written as rows that can be read again and as a drawing."""
    rows, chart = tmp_path / "rows.json", tmp_path / "made" / "chart.svg"
    done = CliRunner().invoke(main, [*SMALLEST, "--json", str(rows), "--chart", str(chart)])
    assert done.exit_code == 0, done.output
    assert "ready_ms" in done.output
    assert "spawn" in done.output
    table = Table.from_json(rows.read_text(encoding="utf-8"))
    assert table.subject == "startup"
    assert table.quick
    assert chart.read_text(encoding="utf-8").startswith("<svg ")


def test_a_folder(no_other_python: None, tmp_path: Path) -> None:
    """In a folder, a subject's file has its name."""
    done = CliRunner().invoke(main, [*SMALLEST, "--json", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "startup.json").is_file()


def test_in_a_terminal_that_is_narrow(no_other_python: None) -> None:
    """No figure is cut off, however narrow a terminal is."""
    done = subprocess.run(
        [sys.executable, "-m", "spawnable", *SMALLEST],
        env=os.environ | {"COLUMNS": "40", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    assert "…" not in done.stdout
    assert "about 0.1 s" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no sessions, and no SIGINT for one process")
def test_interrupted() -> None:
    """Ctrl-C ends a measurement with all that it has started."""
    before = memory()
    command = [sys.executable, "-m", "spawnable", "measure", "transports", "--seconds", "60"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        until(psutil.Process(process.pid).children)
        child = psutil.Process(process.pid).children()[0]
        session = os.getsid(child.pid)
        until(lambda: len(child.children(recursive=True)) >= 3)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == 130, said
    assert "interrupted; everything that was started is ended" in said
    assert "Traceback" not in said
    deadline = time.monotonic() + 10
    while (
        left := [found for found in psutil.process_iter() if in_session(found, session)]
    ) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left
    assert [name for name in unused(before) if name.startswith("psm_")] == []


def in_session(process: psutil.Process, session: int) -> bool:
    """Tell whether a process is one of a session, and not yet ended."""
    try:
        return os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, psutil.Error):
        return False


def test_the_list() -> None:
    """Every subject is listed with what it measures."""
    done = CliRunner().invoke(main, ["measure", "--list"], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    for name in SUBJECTS:
        assert f"\n{name} " in done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a SUBJECT"),
        (["nothing"], "'nothing' is not one of"),
        (["startup", "--seconds", "0"], "no time limit"),
        (["startup", "--python", "no-such-python"], "no interpreter on PATH"),
        ([*SMALLEST[1:], "--json", f"{__file__}/rows.json"], "can not be written"),
    ],
)
def test_what_can_not_be_measured(no_other_python: None, arguments: list[str], message: str) -> None:
    """What can not be done is told, with exit status 2."""
    done = CliRunner().invoke(main, ["measure", *arguments])
    assert done.exit_code == 2
    assert message in done.output
