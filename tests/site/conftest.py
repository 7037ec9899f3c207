"""Small sites, built as anyone builds one, and runs made by hand."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag

from spawnable.snippet import Snippet
from spawnable.transcript import Chunk, Process, Transcript

pytest.importorskip("sphinx")
pytest.importorskip("myst_nb")

CONFIGURATION = """
project = "site"
extensions = ["spawnable.site", "sphinx_copybutton"]
html_theme = "basic"
exclude_patterns = ["_build"]
"""
#: seconds that one build may take
PATIENCE = 120


@dataclass(frozen=True)
class Build:
    """One finished build."""

    folder: Path
    code: int
    log: str

    @property
    def runs(self) -> int:
        """How many runs were done, not counting those that were remembered."""
        return sum(int(count) for count in re.findall(r"^cells: (\d+) runs", self.log, re.MULTILINE))

    @property
    def seconds(self) -> float:
        """How long the runs took together."""
        return sum(float(time) for time in re.findall(r"^cells: \d+ runs in ([\d.]+) s", self.log, re.MULTILINE))

    @property
    def snippets(self) -> list[dict[str, Any]]:
        """What `snippets.json` says."""
        found: list[dict[str, Any]] = json.loads((self.folder / "snippets.json").read_text(encoding="utf-8"))
        return found

    def page(self, name: str = "index") -> BeautifulSoup:
        """Return a page."""
        return BeautifulSoup((self.folder / f"{name}.html").read_text(encoding="utf-8"), "html.parser")

    def cell(self, name: str, page: str = "index") -> Tag:
        """Return a cell of a page."""
        found = self.page(page).find(id=f"cell-{name}")
        assert isinstance(found, Tag), f"no cell {name} on {page}"
        return found


class Site:
    """A folder with a configuration and pages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.configure()

    def configure(self, more: str = "") -> None:
        """Write the configuration."""
        (self.folder / "conf.py").write_text(CONFIGURATION + more, encoding="utf-8")

    def write(self, text: str, name: str = "index") -> None:
        """Write a page."""
        (self.folder / f"{name}.md").write_text(text, encoding="utf-8")

    def build(self, builder: str = "html", *options: str) -> Build:
        """Build it; any warning makes the exit code 1."""
        folder = self.folder / "_build" / builder
        command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-N", "-b", builder, *options]
        done = subprocess.run(
            [*command, str(self.folder), str(folder)],
            check=False,
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
        )
        return Build(folder, done.returncode, done.stdout)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site without pages."""
    return Site(tmp_path)


@pytest.fixture
def transcript() -> Callable[..., Transcript]:
    """A maker of runs in which main, 101, starts 102 and 103: of writers and texts, in order."""
    return _transcript


@pytest.fixture
def results() -> Callable[..., Any]:
    """A maker of the runs of one cell, of transcripts."""
    return _results


def _transcript(*written: tuple[int, str], start_method: str = "fork", python: str = "3.13.0") -> Transcript:
    """Return a run in which main, 101, starts 102 and 103; `written` are writers and texts."""
    return Transcript(
        start_method=start_method,
        python=python,
        platform="Linux-x86_64",
        watched="namespace",
        ended="exit",
        exit_code=0,
        wall=0.5,
        cpu=0.1,
        chunks=[Chunk(0.1 * number, pid, text) for number, (pid, text) in enumerate(written)],
        processes=[
            Process(101, None, "main", "main", 0.0, 0.5, 0),
            Process(104, 101, "resource_tracker", "resource_tracker", 0.05, 0.5, 0),
            Process(102, 101, "Process-1", "child", 0.1, 0.3, 0, zombie=0.1234, memory=21_000_000),
            Process(103, 101, "Process-2", "child", 0.2, 0.4, 0),
        ],
    )


def _results(*transcripts: Transcript, snippet: Snippet | None = None) -> Any:
    """Return the runs of one cell."""
    from spawnable.site.results import Results

    methods = tuple(dict.fromkeys(item.start_method for item in transcripts))
    chosen = snippet or Snippet(name="index:cell", code="", start_methods=methods)
    found = Results(replace(chosen, start_methods=methods))
    for item in transcripts:
        found.add(item, stored=False)
    return found
