"""The fixtures of the root conftest.py, in test runs of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"


def pytest_of(folder: Path, test: str, *options: str) -> str:
    """Return what pytest says of a test under the root conftest.py."""
    (folder / "conftest.py").write_text(CONFTEST.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "test_it.py").write_text(test, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--rootdir=.",
        *options,
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def test_a_child_that_goes_on_fails_the_test(tmp_path: Path) -> None:
    """A process that outlives its test is an error, named by its command."""
    test = """
import subprocess, sys
def test_it():
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(8)"])
"""
    said = pytest_of(tmp_path, test)
    assert "1 error" in said
    assert "left behind: process" in said
    assert "time.sleep(8)" in said


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no zombies")
def test_a_zombie_fails_the_test(tmp_path: Path) -> None:
    """A process that nobody waited for is an error too."""
    test = """
import os, time
def test_it():
    if os.fork() == 0:
        os._exit(0)
    time.sleep(0.1)
"""
    assert "(a zombie)" in pytest_of(tmp_path, test)


def test_what_multiprocessing_keeps_is_allowed(tmp_path: Path) -> None:
    """The fork server and the resource tracker stay until the test run ends."""
    test = """
import multiprocessing
def test_it(context):
    context.Lock()
    process = context.Process(target=print)
    process.start()
    process.join()
    assert context.get_start_method() in multiprocessing.get_all_start_methods()
"""
    said = pytest_of(tmp_path, test)
    assert "passed" in said
    assert "error" not in said


def test_the_option_sets_the_default_start_method(tmp_path: Path) -> None:
    """`--start-method` changes what a program gets that does not choose, and chooses nothing for it."""
    test = """
import multiprocessing
def test_it():
    assert multiprocessing.get_start_method(allow_none=True) is None
    assert multiprocessing.get_start_method() == "spawn"
"""
    assert "1 passed" in pytest_of(tmp_path, test, "--start-method=spawn")
