"""The example on the reference page of the command is what the command prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "cli.md"


def masked(text: str) -> list[str]:
    """Return the lines with what differs between two runs masked: numbers, bars, space, the legend."""
    text = re.sub(r"\d+(\.\d+)*(rc\d+)?", "0", text)
    text = re.sub(r"─+╮", "╮", text)
    return [re.sub(r"[ █─z]+", " ", line).strip() for line in text.splitlines() if "█ running" not in line]


@pytest.mark.attested
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how each child ended")
def test_the_example_is_a_real_run() -> None:
    """The command that the page shows prints what the page shows, but for times and versions."""
    (block,) = re.findall(r"```console\n\$ spawnable (.*)\n([\s\S]*?)```", PAGE.read_text(encoding="utf-8"))
    command, shown = block
    done = subprocess.run(
        [sys.executable, "-m", "spawnable", *command.split()],
        cwd=ROOT / "tests" / "faults" / "explained",
        env=os.environ
        | {"COLUMNS": "72", "SPAWNABLE_BASE_URL": "https://guide.example", "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 1, done.stderr
    # a busy machine leaves a child a zombie for long, and says so
    printed = re.sub(r"│ why: Process-1 was a zombie[\s\S]*zombies\.html *│\n", "", done.stdout)
    assert masked(printed) == masked(shown)
