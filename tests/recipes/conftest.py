"""What the tests of recipes share: how many faults, and where processes that are started find their functions."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

_ROOT = str(Path(__file__).parents[2])
# a process that is started anew imports `tests.recipes.jobs_…` from here
if _ROOT not in sys.path:
    sys.path.append(_ROOT)


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
