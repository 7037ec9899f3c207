"""`.ci/nothing_left.py`, in a checkout and a temporary folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "nothing_left.py"
MARK = f"SPAWNABLE_MARK=test{os.getpid()}"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a repository beside a temporary folder; its state is written down."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    (tmp_path / "tmp").mkdir()
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)  # noqa: S607 - git is found on PATH
    left(folder, "before", tmp_path / "state")
    return folder


def left(folder: Path, *arguments: str | Path) -> tuple[int, str]:
    """Return the script's exit status and what it says."""
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "NOTHING_LEFT_GRACE": "0"}
    )
    return done.returncode, done.stdout + done.stderr


def after(folder: Path) -> tuple[int, str]:
    """Return what the script says of the checkout now, without what others put into shared memory meanwhile."""
    base = folder.parent
    status, said = left(folder, "after", base / "state", base / "tmp", MARK)
    lines = [line for line in said.splitlines() if not line.startswith("left behind, shared memory: ")]
    return status, "\n".join(lines)


def test_nothing_is_nothing(checkout: Path) -> None:
    """Where nothing was done, nothing is told."""
    _, said = after(checkout)
    assert "left behind, " not in said


def test_files_of_tools_are_theirs(checkout: Path) -> None:
    """What pip keeps is not told, nor are pytest's empty folders; any other file is."""
    temporary = checkout.parent / "tmp"
    (temporary / "pip-build-env").mkdir()
    (temporary / "pytest-of-me" / "pytest-0").mkdir(parents=True)
    (temporary / "forgotten").touch()
    status, said = after(checkout)
    assert status == 1
    assert said == "left behind, temporary files: forgotten"


def test_a_change_in_the_checkout_is_told(checkout: Path) -> None:
    """A new file that git does not ignore is left behind."""
    (checkout / "new.txt").touch()
    assert after(checkout) == (1, "left behind, changed in the checkout: ?? new.txt")


def test_a_marked_process_is_told(checkout: Path) -> None:
    """A process is found by its environment, wherever it works."""
    name, _, value = MARK.partition("=")
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, env={**os.environ, name: value}, stdin=subprocess.PIPE, cwd="/") as process:
        status, said = after(checkout)
        process.communicate(b"\n")
    assert status == 1
    assert f"left behind, processes: {process.pid} " in said
