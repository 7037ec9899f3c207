"""What every test gets: a start method, a context, and that no child process outlives it."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.context
import os
import sys
from collections.abc import Iterator
from multiprocessing.context import BaseContext
from typing import Any, cast

import psutil
import pytest

#: what this platform can do
START_METHODS = [
    method for method in ("fork", "forkserver", "spawn") if method in multiprocessing.get_all_start_methods()
]
#: `multiprocessing` and the runner keep these until the program ends
KEPT = (
    "multiprocessing.resource_tracker",
    "multiprocessing.forkserver",
    "spawnable.run.linux.warden",
    "spawnable.run.portable",
)
#: imported by the processes of a run, or run as a script, and nothing else
collect_ignore = ["src/spawnable/run/inject/spawnable_trace.py", "src/spawnable/measure/started.py"]
#: seconds that an ended child may take to be gone
GRACE = 3.0


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer `--start-method`, `--run-faults`, `--soak-faults` and `--portable`."""
    parser.addoption(
        "--start-method",
        choices=START_METHODS,
        help="the start method that is the default in this session, as if it were the platform's",
    )
    parser.addoption(
        "--soak-faults",
        type=int,
        default=9,
        metavar="NUMBER",
        help="how many faults are injected into each recipe, over all start methods together",
    )
    parser.addoption("--run-faults", action="store_true", help="run every hostile script, not a few of them")
    parser.addoption(
        "--portable",
        action="store_true",
        default=sys.platform != "linux",
        help="watch runs by a pipe and psutil, as on macOS and Windows",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make `--start-method` the platform's default, and `--portable` the way runs are watched.

    `set_start_method` would fix the choice; a program under test may still make it.
    """
    config.addinivalue_line("markers", "attested: needs what only Linux tells of a run, or keeps it from")
    if config.getoption("--portable"):
        os.environ["SPAWNABLE_PORTABLE"] = "1"
    method = config.getoption("--start-method")
    if method:
        default = cast("Any", multiprocessing.context)._default_context
        default._default_context = multiprocessing.get_context(method)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what a portable run can not do: some of these scripts would harm the machine."""
    if config.getoption("--portable"):
        skip = pytest.mark.skip(reason="only Linux tells this of a run, or keeps a run from it")
        for item in items:
            if item.get_closest_marker("attested"):
                item.add_marker(skip)


@pytest.fixture(params=START_METHODS)
def start_method(request: pytest.FixtureRequest) -> str:
    """Each start method of this platform in turn."""
    return str(request.param)


@pytest.fixture
def context(start_method: str) -> BaseContext:
    """The `multiprocessing` context of each start method in turn."""
    return multiprocessing.get_context(start_method)


@pytest.fixture(autouse=True)
def _no_child_left() -> Iterator[None]:
    """Fail a test that leaves a child process, running or not waited for."""
    before = {process.pid for process in _children()}
    yield
    multiprocessing.active_children()  # waits for those that have ended
    new = [process for process in _children() if process.pid not in before and not _kept(process)]
    _, left = psutil.wait_procs([process for process in new if not _zombie(process)], timeout=GRACE if new else 0)
    left += [process for process in new if _zombie(process)]
    if left:
        pytest.fail("left behind: " + "; ".join(_describe(process) for process in left), pytrace=False)


def _children() -> list[psutil.Process]:
    """All descendants, without those that a kept process starts for itself."""
    found: list[psutil.Process] = []
    todo = [psutil.Process(os.getpid())]
    while todo:
        with contextlib.suppress(psutil.Error):
            children = todo.pop().children()
            found += children
            todo += [child for child in children if not _kept(child)]
    return found


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _kept(process: psutil.Process) -> bool:
    return any(name in _command(process) for name in KEPT)


def _zombie(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _describe(process: psutil.Process) -> str:
    state = "a zombie" if _zombie(process) else "running"
    return f"process {process.pid} ({state}) {_command(process)}".rstrip()
