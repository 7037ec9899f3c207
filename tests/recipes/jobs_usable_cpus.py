"""What the processes of test_usable_cpus.py do."""

from __future__ import annotations

import os
from pathlib import Path

from spawnable.recipes.usable_cpus import usable_cpus


def count_with_one(root: Path) -> tuple[int, int]:
    """Return how many CPUs this process may use, and how many after it has confined itself to one."""
    before = usable_cpus(root)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    return before, usable_cpus(root)
