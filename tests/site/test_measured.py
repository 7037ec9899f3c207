"""The role `{measured}` shows figures that were measured, and warns of those that were not."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from tests.site.conftest import Site

from spawnable.site.measured import look_up

BENCH: dict[str, Any] = {
    "cores": 2,
    "platform": "Linux-x86_64",
    "figures": {"overhead.fork": {"value": 1.0312, "unit": "x", "added_ms": 2.4371, "met": True}},
}


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("overhead.fork", "1.03"),
        ("overhead.fork added_ms", "2.44"),
        ("overhead.fork unit", "x"),
        ("cores", "2"),
        ("platform", "Linux-x86_64"),
    ],
)
def test_figure(wanted: str, shown: str) -> None:
    """A figure is shown with three digits, another key of it and of the file as well."""
    assert look_up(BENCH, wanted) == shown


def test_large_numbers_are_whole() -> None:
    """Thousands are set apart."""
    assert look_up({"runs": 10040, "seconds": 1234.56}, "runs") == "10,040"
    assert look_up({"runs": 10040, "seconds": 1234.56}, "seconds") == "1,235"


@pytest.mark.parametrize("wanted", ["overhead.spawn", "overhead.fork added", "figures", "", "overhead.fork met"])
def test_no_such_figure(wanted: str) -> None:
    """What is not there, or no number and no word, is named, with what is there."""
    with pytest.raises(LookupError, match="there is no"):
        look_up(BENCH, wanted)


def test_page_shows_the_file(site: Site) -> None:
    """A page shows the figure of the file, and is read again when the file changes."""
    site.configure('spawnable_measured = {"bench": "bench.json"}\n')
    (site.folder / "bench.json").write_text(json.dumps(BENCH), encoding="utf-8")
    site.write("# Page\n\nIt took {measured}`bench overhead.fork` times as long.\n")
    assert "It took 1.03 times as long." in site.build().page().get_text()
    changed = {**BENCH, "figures": {"overhead.fork": {"value": 1.25}}}
    (site.folder / "bench.json").write_text(json.dumps(changed), encoding="utf-8")
    assert "It took 1.25 times as long." in site.build().page().get_text()


@pytest.mark.parametrize("text", ["soak runs", "bench nothing", "bench"])
def test_page_warns(site: Site, text: str) -> None:
    """A figure that no file has fails the build, with the place."""
    site.configure('spawnable_measured = {"bench": "bench.json"}\n')
    (site.folder / "bench.json").write_text(json.dumps(BENCH), encoding="utf-8")
    site.write(f"# Page\n\nIt took {{measured}}`{text}` times as long.\n")
    build = site.build()
    assert build.code
    assert re.search(r"index.md:\d: WARNING: measured:", build.log)
