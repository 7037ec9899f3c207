"""The drawing of a chart: an SVG whose places across are percents and whose texts keep their size.

So it fits any width of 330 pixels and more, a telephone's too.  Every line and bar has its
name beside it and, in a line chart, a sign of its own: nothing hangs on its colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path

from spawnable.measure.bars import bars
from spawnable.measure.chart import Chart
from spawnable.measure.lines import lines
from spawnable.measure.table import Row, Table, TableError

__all__ = ["draw", "sheet"]

#: pixels of a heading in a file with several drawings
_HEADING = 30


def draw(chart: Chart, table: Table, *, alt: str = "") -> str:
    """Return a chart as an SVG for a page that has `chart.css`: the same bytes for the same table.

    Raises TableError where the table has nothing that the chart shows.
    """
    body, height = _body(chart, table)
    label = escape(alt or chart.title)
    return f'<svg class="chart-drawing" role="img" aria-label="{label}" width="100%" height="{height:.0f}">{body}</svg>'


def sheet(charts: Sequence[Chart], table: Table) -> str:
    """Return charts under each other as one SVG file of its own; those for which there are no rows are left out."""
    parts, y = [], 0.0
    for chart in charts:
        try:
            body, height = _body(chart, table)
        except TableError:
            continue
        parts.append(f'<text class="h" x="0" y="{y + 18:.0f}">{escape(chart.title, quote=False)}</text>')
        parts.append(f'<svg y="{y + _HEADING:.0f}" width="100%" height="{height:.0f}">{body}</svg>')
        y += _HEADING + height + 20
    machine = table.machine
    said = f"{machine.processor}, {machine.cpus} CPUs, {machine.system}, Python {machine.python}, {table.date}"
    parts.append(f'<text class="q" x="0" y="{y + 4:.0f}">{escape(said, quote=False)}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart-drawing" width="100%" height="{y + 14:.0f}">'
        f"<title>{escape(table.subject, quote=False)}</title><style>{_style()}</style>{''.join(parts)}</svg>\n"
    )


def _body(chart: Chart, table: Table) -> tuple[str, float]:
    rows = chart.rows(table)
    if not rows:
        raise TableError(f"{table.subject} has no rows with {chart.x!r} and {chart.y!r} where {dict(chart.where)}")
    if not all(isinstance(row[chart.y], int | float) for row in rows):
        raise TableError(f"{table.subject}: {chart.y!r} is not a number in each row")
    colours = _colours(chart, table, rows)
    return lines(chart, rows, colours) if chart.is_lines(rows) else bars(chart, rows, colours)


def _colours(chart: Chart, table: Table, rows: Sequence[Row]) -> dict[object, int]:
    """Return the number of each series' colour: the same in all charts of a table, but where two would have one."""
    if not chart.series:
        return {None: 0}
    every = list(dict.fromkeys(row.get(chart.series) for row in table.rows if chart.series in row))
    own = list(dict.fromkeys(row.get(chart.series) for row in rows))
    found: dict[object, int] = {}
    for name in own:
        first = every.index(name) if name in every else 0
        free = set(range(_COLOURS)) - set(found.values())
        ordered = [number % _COLOURS for number in range(first, first + _COLOURS)]
        found[name] = next((number for number in ordered if number in free), ordered[0])
    return found


#: colours that are told apart
_COLOURS = 8


@cache
def _style() -> str:
    """Return the style of a file of its own, for light and dark."""
    sheets = (Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("standalone.css", "shapes.css"))
    return "".join(line.strip() for sheet in sheets for line in sheet.splitlines() if not line.startswith("/*"))
