"""`nox -s bench`, in sizes that say nothing of speed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("sphinx")
pytest.importorskip("myst_nb")

from tests.bench import bench
from tests.bench.bench import PARTS, SMALL, main
from tests.bench.figures import Figure, at_least, at_most, line, missed, told
from tests.bench.pairs import in_turns
from tests.bench.scripts import QUEUE, plain, script
from tests.bench.sites import OURS, BenchError, Site

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="speed is measured on Linux")


@pytest.mark.parametrize("part", ["startup", "overhead", "sleeping", "unchanged", "growth"])
def test_part(part: str, tmp_path: Path) -> None:
    """Each part gives figures of different names; that one cell's runs alone are done holds in any size."""
    found = list(PARTS[part](tmp_path / part, SMALL))
    figures = {figure.key: figure for figure in found}
    assert figures
    assert len(figures) == len(found)
    assert "edited.runs" not in figures or figures["edited.runs"].met


def test_limits() -> None:
    """A figure at its limit meets it, one beyond it does not and is named."""
    figures = [
        at_most("a", 1.05, "x", 1.05),
        at_most("b", 1.06, "x", 1.05),
        at_least("c", 1.9, "x", 2),
        Figure("d", 9, "s"),
    ]
    assert missed(figures) == ["b", "c"]
    assert line(figures[1]).startswith("MISSED  b ")
    assert told(figures)["figures"]["b"]["met"] is False


def test_turns() -> None:
    """The two calls take turns, and so does the one that goes first."""
    called: list[str] = []
    pairs = in_turns(lambda: called.append("a"), lambda: called.append("b"), 3)
    assert "".join(called) == "ab" + "ab" + "ba" + "ab"
    assert len(pairs.first) == len(pairs.second) == 3


def test_plain() -> None:
    """The plain script is the one that is run, below what makes a start method the default."""
    code = script(QUEUE)
    assert plain(code, "spawn").endswith(code)
    compile(plain(code, "spawn"), "plain.py", "exec")


def test_failed_build(tmp_path: Path) -> None:
    """A build that fails is no measurement: its log is the error."""
    site = Site(tmp_path)
    site.write(1, ["raise SystemExit(3)\n"])
    with pytest.raises(BenchError, match="expected ok, found exit 3"):
        site.build(OURS)


@pytest.mark.parametrize(("value", "code"), [(1.0, 0), (2.0, 1)])
def test_command(value: float, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command ends with exit status 1 if a limit is missed, says which, and writes the figures all the same."""
    monkeypatch.setitem(bench.PARTS, "growth", lambda _folder, _size: iter([at_most("growth.page", value, "x", 1.2)]))
    done = CliRunner().invoke(main, ["growth", "--json", str(tmp_path / "new" / "bench.json")])
    assert done.exit_code == code
    assert ("limits missed: growth.page" in done.output) == bool(code)
    written = json.loads((tmp_path / "new" / "bench.json").read_text(encoding="utf-8"))
    assert written["figures"]["growth.page"]["value"] == value
