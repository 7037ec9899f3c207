"""Pages that show what was measured, and that must be true of it."""

from __future__ import annotations

import re
from pathlib import Path

from bs4 import Tag
from tests.site.conftest import Site

from spawnable.measure.machine import Machine
from spawnable.measure.table import Table

ROOT = Path(__file__).parents[2]
MACHINE = Machine("a processor", 2, 8000, "Linux x86_64", "6.1", "3.13.0", "GCC", 0.1)
PAGE = """
# Page

A queue takes {measured}`transports latency_us where transport=Queue size=8 / latency_us where transport=Pipe size=8`
times as long, {measured}`transports latency_us where transport=Queue size=8`.

```{chart} transports
:x: size
:y: latency_us
:series: transport
:log: xy
:where: transport=Pipe|Queue
:alt: two lines that rise
A *queue* takes longer.
```

```{rule} transports
---
holds: |
  latency_us where transport=Queue size=8 / latency_us where transport=Pipe size=8 > 1.5
  latency_us where transport=Pipe size=8 < 100
---
Take a `Pipe`.
```
"""


def write(site: Site, queue: float = 24.0, *, quick: bool = False) -> None:
    """Write a site with a table in which a queue takes so long, and a page on it."""
    site.configure('extensions.append("spawnable.site.charts")\n')
    rows = tuple(
        {"transport": name, "size": size, "latency_us": base + size, "latency_us_q1": base, "latency_us_q3": base + 999}
        for name, base in (("Pipe", 8.0), ("Queue", queue), ("Other", 1.0))
        for size in (8, 64)
    )
    table = Table("transports", rows, date="2026-01-02", machine=MACHINE, quick=quick)
    folder = site.folder / "performance" / "data"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "transports.json").write_text(table.to_json(), encoding="utf-8")
    site.write(PAGE)


def test_page_shows_what_was_measured(site: Site) -> None:
    """A page has the drawing with its words, the figures as a table, whose they are, and figures in sentences."""
    write(site)
    build = site.build()
    assert build.code == 0, build.log
    page = build.page()
    text = " ".join(page.get_text().replace("\N{NO-BREAK SPACE}", " ").split())
    assert "A queue takes 2 times as long, 32 µs." in text
    drawing = page.find("svg", class_="chart-drawing")
    assert isinstance(drawing, Tag)
    assert drawing["aria-label"] == "two lines that rise"
    table = page.select_one(".chart table")
    assert table is not None
    assert [cell.get_text() for cell in table.select("th")][:3] == ["size", "Pipe", "Queue"]
    assert "Measured on 2026-01-02: a processor, CPUs: 2, memory: 8 GB, Linux x86_64, Python 3.13.0." in text
    assert "Take a Pipe." in text
    assert "2 > 1.5" in text
    assert page.find("link", href=lambda href: bool(href and "chart.css" in href))


def test_data_are_published(site: Site) -> None:
    """The table of what was measured says how busy the machine was, and links to the file of each subject.

    A second file of a subject is that of another machine.
    """
    write(site)
    data = site.folder / "performance" / "data"
    (data / "transports_second.json").write_bytes((data / "transports.json").read_bytes())
    site.write("# Page\n\n```{measurements}\n```\n")
    build = site.build()
    assert build.code == 0, build.log
    table = build.page().select_one(".measurements table")
    assert table is not None
    assert [cell.get_text() for cell in table.select("tbody td, tbody th")] == [
        *("transports", "2026-01-02", "3.13.0", "a processor, 2 CPUs, Linux x86_64", "0.1", "6", "0"),
        *("transports_second", "2026-01-02", "3.13.0", "a processor, 2 CPUs, Linux x86_64", "0.1", "6", "0"),
    ]
    link = table.find("a")
    assert isinstance(link, Tag)
    published = build.folder / str(link["href"])
    assert published.read_bytes() == (site.folder / "performance/data/transports.json").read_bytes()


def test_a_rule_that_is_false_fails_the_build(site: Site) -> None:
    """A build fails where a rule does not hold, each time, until it does; the log has the figures."""
    write(site, queue=9.0)
    for _ in range(2):
        build = site.build()
        assert build.code
        assert "rule: it does not hold that latency_us where transport=Queue size=8 / " in build.log
        assert "1.1 > 1.5; latency_us where transport=Queue size=8 is 17" in build.log
    write(site)
    assert site.build().code == 0


WRONG = [
    ("{chart} transports", "{chart} pools", "chart: .*pools.json is not there: there are transports"),
    (":x: size\n", "", "chart: options x are missing"),
    ("transport=Pipe|Queue", "transport=None", "chart: transports has no rows"),
    ("transport=Pipe|Queue", "transport", ".*is no condition"),
    ("{rule} transports", "{rule} locks", "rule: .*locks.json is not there"),
    ("size=8 < 100", "size=8 < ", "rule: .*expected a column or a number"),
    ("`transports latency_us where transport=Queue size=8`", "`transports latency_us`", "measured: .* of 6 rows"),
]


def test_what_is_wrong_fails_the_build(site: Site) -> None:
    """What a page asks of a table that is not in it fails the build, with the place."""
    write(site)
    for number, (old, new, _) in enumerate(WRONG):
        assert old in PAGE
        site.write(":orphan:\n" + PAGE.replace(old, new), f"wrong-{number}")
    build = site.build()
    assert build.code
    for number, (_, _, message) in enumerate(WRONG):
        assert re.search(rf"wrong-{number}\.md:\d+: (ERROR|WARNING): .*{message}", build.log), (message, build.log)


def test_a_rule_without_a_comparison(site: Site) -> None:
    """A rule that nothing holds fails the build."""
    write(site)
    site.write("# Page\n\n```{rule} transports\nTake what you like.\n```\n")
    build = site.build()
    assert build.code
    assert "rule: it has no `holds:`" in build.log


def test_a_trial_is_no_measurement(site: Site) -> None:
    """What `--quick` measured is not shown."""
    write(site, quick=True)
    build = site.build()
    assert build.code
    assert "holds a trial" in build.log


def test_one_look() -> None:
    """A drawing looks the same on a page and as a file of its own."""
    sheet = (ROOT / "docs/_static/chart.css").read_text(encoding="utf-8")
    assert (ROOT / "src/spawnable/measure/shapes.css").read_text(encoding="utf-8") in sheet
