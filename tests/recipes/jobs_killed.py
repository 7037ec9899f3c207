"""What the processes of test_killed_at_the_start.py do."""

from __future__ import annotations

import time
from typing import NoReturn


def endless(*_: object) -> NoReturn:
    """Never return."""
    while True:
        time.sleep(60)
