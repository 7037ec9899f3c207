"""A bar for each row, its name at its left and its figure at its right; on a logarithmic axis a dot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from spawnable.measure.axis import axis
from spawnable.measure.chart import Chart
from spawnable.measure.lines import colour
from spawnable.measure.table import Row
from spawnable.measure.units import shown, unit_of
from spawnable.timeline.layout import NARROW, percent, width

__all__ = ["bars"]

#: pixels of a bar and of the room it stands in, of a heading, between groups, and of what is above and below
_BAR, _ROW, _HEADING, _GAP, _TOP, _BELOW = 13.0, 22.0, 22.0, 8.0, 24.0, 24.0
#: pixels of a name that has room beside its bar; a longer one stands above it
_LONGEST = 128.0


def bars(chart: Chart, rows: Sequence[Row], colours: Mapping[object, int]) -> tuple[str, float]:
    """Return the inner SVG of a bar chart, and its height in pixels.

    With a series, the values of `x` are headings, and the bars below have the names of the series.
    """
    drawing = _Bars(chart, rows, colours)
    return drawing.body(), drawing.height


class _Bars:
    def __init__(self, chart: Chart, rows: Sequence[Row], colours: Mapping[object, int]) -> None:
        self.chart, self.colours = chart, colours
        groups = list(dict.fromkeys(row[chart.x] for row in rows))
        self.rows = sorted(rows, key=lambda row: groups.index(row[chart.x])) if chart.series else rows
        self.named = chart.series or chart.x
        self.log = "y" in chart.log
        self.unit = unit_of(chart.y)
        ends = [row.get(f"{chart.y}{end}") for row in rows for end in ("", "_q1", "_q3")]
        values = [float(value) for value in ends if isinstance(value, int | float)]
        self.scale = axis(values, log=self.log, from_zero=True)
        longest = max(width(shown(row.get(self.named), self.named)) for row in rows)
        self.above = longest > _LONGEST
        self.left = 0.0 if self.above else 100 * (longest + 10) / NARROW
        self.room = max(width(self.unit.show(value)) for value in values) + 12
        self.right = 100 - 100 * self.room / NARROW
        self.height = _TOP

    def body(self) -> str:
        """Return all that the drawing shows."""
        before: object = _Bars  # no row has that
        parts: list[str] = []
        for row in self.rows:
            if self.chart.series and row[self.chart.x] != before:
                before = row[self.chart.x]
                self.height += _GAP if parts else 0
                text = escape(shown(before, self.chart.x), quote=False)
                parts.append(f'<text class="h" y="{self.height + 15:.0f}">{text}</text>')
                self.height += _HEADING
            parts.append(self._row(row))
        ticks = "".join(self._tick(tick) for tick in self.scale.ticks)
        title = f'<text class="q" y="12">{escape(self.chart.y_title or self.chart.y, quote=False)}</text>'
        self.height += _BELOW
        return f"{title}{ticks}{''.join(parts)}"

    def _across(self, value: float) -> float:
        return self.left + (self.right - self.left) * self.scale.at(value)

    def _tick(self, tick: float) -> str:
        """Return a line down the chart; the first and the last one, and those with room, are labelled."""
        at = percent(self._across(tick))
        anchor = "s" if tick == self.scale.ticks[0] and not self.left else "m"
        line = f'<line class="g" x1="{at}" x2="{at}" y1="{_TOP - 2:.0f}" y2="{self.height + 2:.0f}"/>'
        step = (self.right - self.left) / max(1, len(self.scale.ticks) - 1) * NARROW / 100
        every = 1 + int(max(width(self.unit.show(value)) for value in self.scale.ticks) / step)
        if self.scale.ticks.index(tick) % every:
            return line
        return (
            f'{line}<text class="q {anchor}" x="{at}" y="{self.height + 16:.0f}">{escape(self.unit.show(tick))}</text>'
        )

    def _row(self, row: Row) -> str:
        chart, y = self.chart, self.chart.y
        name = escape(shown(row.get(self.named), self.named), quote=False)
        if self.above:
            label = f'<text y="{self.height + 14:.0f}">{name}</text>'
            self.height += 16
        else:
            label = f'<text y="{self.height + 15:.0f}">{name}</text>'
        top = self.height + (_ROW - _BAR) / 2
        middle = self.height + _ROW / 2
        self.height += _ROW
        value = row[y]
        if not isinstance(value, int | float):
            raise TypeError(f"{value!r} is no number")
        at = self._across(value)
        kind = colour(self.colours[row.get(chart.series) if chart.series else None])
        low, high = row.get(f"{y}_q1"), row.get(f"{y}_q3")
        end, span = at, ""
        if isinstance(low, int | float) and isinstance(high, int | float):
            end = max(at, self._across(high))
            span = (
                f'<line class="{"w" if self.log else "v"}" x1="{percent(self._across(low))}" x2="{percent(end)}" '
                f'y1="{middle:.1f}" y2="{middle:.1f}"/>'
            )
        if self.log:
            mark = (
                f'<line class="j" x1="{percent(self.left)}" x2="{percent(at)}" y1="{middle:.1f}" y2="{middle:.1f}"/>'
                f'{span}<circle class="d" cx="{percent(at)}" cy="{middle:.1f}" r="5"/>'
            )
        else:
            mark = (
                f'<rect class="b" x="{percent(self.left)}" width="{percent(max(0.3 if value else 0, at - self.left))}" '
                f'y="{top:.1f}" height="{_BAR:.0f}"/>{span}'
            )
        said = f'<text class="f" x="{percent(end)}" dx="9" y="{middle + 4:.1f}">{escape(self.unit.show(value))}</text>'
        return f'<g class="{kind}">{label}{mark}{said}</g>'
