"""Charts: which rows, where they are drawn, and that all can be read on a telephone."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from spawnable.measure.axis import axis
from spawnable.measure.chart import Chart
from spawnable.measure.draw import draw, sheet
from spawnable.measure.lines import apart
from spawnable.measure.table import Row, Table, TableError
from spawnable.measure.units import shown

ROWS: tuple[Row, ...] = tuple(
    {
        "transport": name,
        "size": size,
        "latency_us": base * (1 + size / 1000),
        "latency_us_q1": base * 0.9,
        "latency_us_q3": base * 1.5 * (1 + size / 1000),
    }
    for name, base in (("Pipe", 8.0), ("Queue <&>", 30.0), ("Listener over TCP", 31.0))
    for size in (8, 1024, 65536)
)
TABLE = Table("transports", ROWS)
LINES = Chart("Lines", x="size", y="latency_us", series="transport", log="xy")
BARS = Chart("Bars", x="transport", y="latency_us", where={"size": 8})


def test_a_chart_is_the_same_bytes() -> None:
    """The same table is the same drawing."""
    assert draw(LINES, TABLE) == draw(LINES, Table("transports", ROWS))


def test_every_series_is_named() -> None:
    """Each line has its name, escaped, and a sign for each point; units are written out."""
    drawing = draw(LINES, TABLE)
    assert "Queue &lt;&amp;&gt;" in drawing
    assert drawing.count('class="d"') == len(ROWS)
    assert "64\N{NO-BREAK SPACE}KiB" in drawing
    assert "1\N{NO-BREAK SPACE}ms" in drawing


def test_names_do_not_touch() -> None:
    """Names of lines that end together are moved apart, within the drawing."""
    places = apart([50, 51, 52, 299, 300], 300)
    assert all(after - before >= 15 for before, after in pairwise(places))
    assert max(places) <= 300


@pytest.mark.parametrize("log", ["", "x", "y", "xy"])
@pytest.mark.parametrize("kind", ["lines", "bars"])
def test_nothing_leaves_the_drawing(kind: str, log: str) -> None:
    """Every place across is between 0 and 100 percent, whatever the axes."""
    drawing = draw(Chart("t", "size", "latency_us", "transport", log=log, kind=kind), TABLE)
    places = [float(place) for place in re.findall(r'\b(?:c?x\d?|width)="([-\d.]+)%"', drawing)]
    assert places
    assert all(0 <= place <= 100 for place in places)


def test_bars_have_figures() -> None:
    """Each bar has its name and its figure, and a longer one is of more."""
    drawing = draw(BARS, TABLE)
    assert shown(ROWS[0]["latency_us"], "latency_us") in drawing
    widths = [float(width) for width in re.findall(r'<rect class="b"[^>]* width="([\d.]+)%"', drawing)]
    assert len(widths) == 3
    assert widths[0] < widths[1] < widths[2]


def test_logarithmic_bars_are_dots() -> None:
    """On a logarithmic axis a bar would have no foot: it is a dot."""
    drawing = draw(Chart("t", "transport", "latency_us", where={"size": 8}, log="y"), TABLE)
    assert "<rect" not in drawing
    assert drawing.count("<circle") == 3


def test_colours_stay() -> None:
    """A series has the same colour in every chart of its table."""
    one = draw(Chart("t", "size", "latency_us", "transport", where={"transport": "Listener over TCP"}), TABLE)
    assert set(re.findall(r'class="(p\d)"', one)) == {"p3"}


def test_nothing_to_draw() -> None:
    """A chart without rows is an error that says what it looked for."""
    with pytest.raises(TableError, match="no rows with 'size' and 'latency_us' where"):
        draw(Chart("t", "size", "latency_us", where={"transport": "none"}), TABLE)
    with pytest.raises(TableError, match="not a number"):
        draw(Chart("t", "size", "transport"), TABLE)


def test_a_file_of_its_own() -> None:
    """A file holds its style, each chart's title and whose machine it was; a chart without rows is left out."""
    text = sheet([LINES, Chart("Empty", "size", "nothing"), BARS], TABLE)
    assert "<style>" in text
    assert "Lines</text>" in text
    assert "Bars</text>" in text
    assert "Empty" not in text
    assert TABLE.machine.processor in text


@pytest.mark.parametrize(("low", "high"), [(3, 4), (0.02, 900), (1, 1), (95, 105), (10, 1000)])
@pytest.mark.parametrize("log", [True, False])
def test_axis_has_room(low: float, high: float, log: bool) -> None:
    """An axis has room for its values, and some ticks but not many."""
    found = axis([low, high], log=log)
    assert found.low <= low
    assert high <= found.high
    assert 2 <= len(found.ticks) <= 8
    assert found.at(found.low) == pytest.approx(0)
    assert found.at(found.high) == pytest.approx(1)
