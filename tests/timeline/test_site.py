"""How a page shows timelines: linked with the lines of output, described in words and as a table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from spawnable.snippet import Snippet
from spawnable.transcript import Chunk, Transcript

pytest.importorskip("sphinx")
pytest.importorskip("myst_nb")

ROOT = Path(__file__).resolve().parents[2]


def page(*transcripts: Transcript, timeline: str, traced: Transcript | None = None) -> BeautifulSoup:
    """Return the outputs of a cell of that option."""
    from spawnable.site.panel import outputs
    from spawnable.site.results import Results

    results = Results(Snippet(name="index:cell", code=""))
    for transcript in transcripts:
        results.add(transcript, stored=False)
    if traced is not None:
        results.trace(traced, stored=False)
    return BeautifulSoup(outputs(results, "cell", False, timeline), "html.parser")


def ids(html: BeautifulSoup) -> list[str]:
    """Return every id."""
    return [str(item["id"]) for item in html.select("[id]")]


def targets(html: BeautifulSoup | Tag, selector: str) -> Iterator[str]:
    """Give where links lead."""
    return (str(link["href"]).removeprefix("#") for link in html.select(selector))


def test_without_the_option_nothing_is_drawn(zombie: Transcript) -> None:
    """A cell that does not ask for a timeline has none, and its lines have no links."""
    html = page(zombie, timeline="")
    assert not html.select("svg, figure, a")


def test_lines_and_marks_lead_to_each_other(zombie: Transcript) -> None:
    """Each line of output has a named link to its mark, each mark one to its line; the output's text is unchanged."""
    html = page(zombie, timeline="processes")
    known = ids(html)
    assert len(known) == len(set(known))
    lines = html.select(".output a.line-mark")
    assert [link["data-number"] for link in lines] == ["1", "2", "3"]
    assert all(link["aria-label"] and not link.get_text() for link in lines)
    assert set(targets(html, "a.line-mark")) == {str(mark["id"]) for mark in html.select("svg a")}
    assert set(targets(html, "svg a")) == {str(link["id"]) for link in lines}
    assert html.select(".output pre")[0].get_text() == "in the child\nZ\ngone & <away>\n"


def test_start_methods_of_a_panel_have_a_drawing_each(zombie: Transcript) -> None:
    """The first is open, another one folded away; its marks lead to the rows of its table; no id is found twice."""
    html = page(zombie, replace(zombie, start_method="spawn"), timeline="processes")
    assert len(html.select(".panel")) == 1
    assert [figure.select("strong")[0].get_text() for figure in html.select("figure")] == [
        "Timeline under fork",
        "Timeline under spawn",
    ]
    folded = html.select("details.timeline-more")
    assert len(folded) == 1
    assert not folded[0].has_attr("open")
    rows = {str(row["id"]) for row in folded[0].select("tr[id]")}
    assert set(targets(folded[0], "svg a")) == rows
    assert set(targets(folded[0], "tr a")) == {str(mark["id"]) for mark in folded[0].select("svg a")}
    assert len(ids(html)) == len(set(ids(html)))


def test_compared_runs_are_open_and_on_one_scale(zombie: Transcript) -> None:
    """With `compare` every start method's drawing is seen, and a second is as wide in each."""
    longer = replace(zombie, start_method="spawn", wall=2.0, chunks=zombie.chunks)
    html = page(zombie, longer, timeline="compare")
    assert not html.select("details.timeline-more")
    axes = [[text["x"] for text in svg.select(".axis text")] for svg in html.select("svg")]
    assert len(axes) == 2
    assert axes[0] == axes[1]


def test_words_and_table_say_the_same(zombie: Transcript) -> None:
    """The drawing is described by sentences; the table has what happened in order of time."""
    html = page(zombie, timeline="processes")
    svg = html.select("svg")[0]
    story = html.find(id=str(svg["aria-describedby"]))
    assert isinstance(story, Tag)
    assert "main created Process-1 at 40 ms, which ended at 100 ms: exit code 3." in story.get_text()
    assert "From then to 600 ms, for 500 ms, it was a zombie" in story.get_text()
    rows = [" ".join(cell.get_text() for cell in row.select("th, td")) for row in html.select("tbody tr")]
    assert rows[0] == "0 ms main starts"
    assert "100 ms Process-1 ends: exit code 3" in rows
    assert "600 ms Process-1 main learns its exit code" in rows
    times = [int(row.split(" ")[0].replace(",", "")) for row in rows]
    assert times == sorted(times)


def test_traced_run_that_wrote_the_same_is_linked_with_the_output(zombie: Transcript) -> None:
    """The drawing of a second run leads to the shown lines where it wrote the same, and says that it is another."""
    html = page(zombie, timeline="messages", traced=replace(zombie, wall=0.7))
    assert len(html.select("a.line-mark")) == 3
    assert "wrote the same lines" in html.select("figcaption")[0].get_text()


def test_traced_run_that_wrote_something_else_is_linked_with_its_table(zombie: Transcript) -> None:
    """Where chance made the second run write other lines, its marks lead to them, not to lines it never wrote."""
    other = replace(zombie, chunks=[Chunk(0.2, 4102, "another\n")])
    html = page(zombie, timeline="messages", traced=other)
    assert not html.select("a.line-mark")
    (target,) = targets(html, "svg a")
    row = html.find(id=target)
    assert isinstance(row, Tag)
    assert "another" in row.get_text()
    assert "lines written: 1" in html.select("figcaption")[0].get_text()


def test_pages_and_files_draw_alike() -> None:
    """The site's style sheet holds the shapes of a drawing as the package has them."""
    sheet = (ROOT / "docs/_static/timeline.css").read_text(encoding="utf-8")
    assert (ROOT / "src/spawnable/timeline/shapes.css").read_text(encoding="utf-8") in sheet


def linear(colour: str) -> list[float]:
    """Return red, green and blue of a colour such as `#0063a3`, in proportion to their light."""
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


#: what a reader sees who lacks one kind of cone, by linear light: Viénot, Brettel and Mollon 1999, Machado et al. 2009
BLIND: dict[str, list[list[float]]] = {
    "protanopia": [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
    "deuteranopia": [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
    "none": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
}


def lab(light: list[float]) -> list[float]:
    """Return a colour as CIE Lab, in which distances are those that are seen."""
    rows = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    white = (0.9505, 1.0, 1.089)
    parts = [
        sum(a * max(b, 0.0) for a, b in zip(row, light, strict=True)) / w for row, w in zip(rows, white, strict=True)
    ]
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in parts)
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", BLIND)
def test_neighbouring_processes_are_told_apart_by_colour_blind_readers(kind: str, scheme: str) -> None:
    """Processes born one after the other have colours that stay apart whichever cone a reader lacks."""
    sheet = (ROOT / "src/spawnable/timeline/standalone.css").read_text(encoding="utf-8")
    light, dark = sheet.split("@media")
    found = re.findall(r"\.p(\d)(?:, \.helper)? \{ --process: (#\w+); \}", light if scheme == "light" else dark)
    assert [int(number) for number, _ in found] == list(range(8))
    seen = [
        lab([sum(a * b for a, b in zip(row, linear(colour), strict=True)) for row in BLIND[kind]])
        for _, colour in found
    ]
    order = [*range(1, 8), 1]
    pairs = [(0, 1), *pairwise(order)]
    distances = {
        pair: sum((a - b) ** 2 for a, b in zip(seen[pair[0]], seen[pair[1]], strict=True)) ** 0.5 for pair in pairs
    }
    assert min(distances.values()) > 10, distances
