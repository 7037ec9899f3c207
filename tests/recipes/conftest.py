"""What the tests of recipes share: how many faults, and where processes that are started find their functions."""

from __future__ import annotations

import logging
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from multiprocessing import util
from pathlib import Path

import pytest
from hypothesis import settings

from spawnable.recipes import file_of

_ROOT = str(Path(__file__).parents[2])
# a process that is started anew imports `tests.recipes.jobs_…` from here
if _ROOT not in sys.path:
    sys.path.append(_ROOT)

from tests.recipes.pressed import heard  # noqa: E402
from tests.recipes.written import Written  # noqa: E402

# how long an example may take says nothing on a busy machine
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

#: runs a program that has a copy of a recipe beside it, of that name and this code
Program = Callable[[str, str], "subprocess.CompletedProcess[str]"]


@pytest.fixture
def faults(request: pytest.FixtureRequest) -> int:
    """How many faults to inject under one start method."""
    return max(1, -(-int(request.config.getoption("--soak-faults")) // 3))


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Random moments; what began them is shown where a test fails."""
    seed = random.randrange(2**32)
    request.node.add_report_section("setup", "seed", str(seed))
    return random.Random(seed)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Run a program to its end, which must come within a minute."""

    def run(recipe: str, code: str) -> subprocess.CompletedProcess[str]:
        script = tmp_path / "script.py"
        script.write_text(code, encoding="utf-8")
        variables = {**os.environ, "PYTHONPATH": str(file_of(recipe).parent)}
        command = [sys.executable, str(script)]
        return subprocess.run(command, check=False, env=variables, capture_output=True, text=True, timeout=60)

    return run


@pytest.fixture
def written() -> Iterator[Written]:
    """What this process logs."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    handler = Written()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    yield handler
    root.handlers = handlers
    root.setLevel(level)


@pytest.fixture
def signals() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt; after the test both signals do what they did."""
    # a program that was started in the background may ignore it
    interrupt = signal.signal(signal.SIGINT, signal.default_int_handler)
    terminate = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with heard():
        yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, terminate)


@pytest.fixture
def folder_of_all() -> None:
    """Have multiprocessing's temporary folder made here: that of a child that exits in a hurry nobody removes."""
    util.get_temp_dir()
