"""`nox -s coverage`: a name counts on the Pythons that have it, where a script that uses it did as declared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.shown.count import main

LOCK = "import multiprocessing\nmultiprocessing.Lock().acquire()\n"
KNOWN = [{"name": "multiprocessing.Lock.acquire"}, {"name": "multiprocessing.Lock", "since": "3.13"}]


def told(folder: Path, runs: list[dict[str, Any]], known: list[dict[str, str]] = KNOWN) -> tuple[int, str]:
    """What is said of a site of one script with these runs."""
    (folder / "lock.py").write_text(LOCK, encoding="utf-8")
    (folder / "snippets.json").write_text(json.dumps([{"file": "lock.py", "runs": runs}]), encoding="utf-8")
    (folder / "names.json").write_text(json.dumps({"names": known}), encoding="utf-8")
    result = CliRunner().invoke(main, [str(folder), str(folder / "names.json")])
    return result.exit_code, result.output


@pytest.mark.parametrize(("python", "count"), [("3.11.7", "1 of its 1"), ("3.13.0", "2 of its 2")])
def test_by_python(tmp_path: Path, python: str, count: str) -> None:
    """An older Python is not asked for what it has not."""
    _, output = told(tmp_path, [{"python": python, "met": True}])
    assert f"Python {python[:4]}: {count} names" in output


def test_all_shown(tmp_path: Path) -> None:
    """All names together may be shown on different Pythons."""
    assert told(tmp_path, [{"python": "3.13.0", "met": True}, {"python": "3.11.7", "met": True}])[0] == 0


@pytest.mark.parametrize("runs", [[], [{"python": "3.13.0", "met": False}], [{"python": "3.11.7", "met": True}]])
def test_missing(tmp_path: Path, runs: list[dict[str, Any]]) -> None:
    """A name that no run shows is named, and ends it with exit status 1; so is that of a run that did not do right."""
    status, output = told(tmp_path, runs)
    assert status == 1
    assert "uses: " in output
    assert "multiprocessing.Lock" in output
