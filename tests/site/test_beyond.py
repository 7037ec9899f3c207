"""The pages on engines for several machines."""

from __future__ import annotations

import re
from difflib import unified_diff
from pathlib import Path

import pytest

from spawnable.site.cells import read_cells
from spawnable.site.reader import read

PAGES = Path(__file__).parents[2] / "docs/beyond"


def sweep(page: str) -> list[str]:
    """Return the lines of the page's program."""
    path = PAGES / f"{page}.md"
    cells = read_cells(read(path.read_text(encoding="utf-8")), f"beyond/{page}", str(path)).cells
    return cells["sweep"].snippet.code.splitlines()


@pytest.mark.parametrize("page", ["dask", "mpi", "ray"])
def test_the_diff_of_a_page_is_that_of_its_program(page: str) -> None:
    """Every line that differs from the program for one machine, but for empty ones, and no other."""
    lines = list(unified_diff(sweep("index"), sweep(page), lineterm="", n=0))[2:]
    changed = [line for line in lines if not line.startswith("@@") and line[1:]]
    shown = re.findall(r"```diff\n(.*?)\n```", (PAGES / f"{page}.md").read_text(encoding="utf-8"), re.DOTALL)
    assert shown == ["\n".join(changed)]
