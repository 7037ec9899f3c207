"""A line chart: figures over a number, a line for each series with its name at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise

from spawnable.measure.axis import Axis, axis
from spawnable.measure.chart import Chart
from spawnable.measure.table import Row, Value
from spawnable.measure.units import shown, unit_of
from spawnable.timeline.layout import NARROW, percent, width

__all__ = ["colour", "lines"]

#: pixels above the plot, of it, and of what is below it
_TOP, _HEIGHT, _BELOW = 42.0, 260.0, 42.0
#: pixels between two names
_APART = 15.0
#: how much wider a bold text is
_BOLD = 1.15
#: signs of points: the second four are hollow
_SIGNS = (
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
    "M-3.5-3.5h7v7h-7z",
    "M0-5 5 0 0 5-5 0z",
    "M0-4.5 4.5 3.5h-9z",
)


def colour(number: int) -> str:
    """Return the class of a series' colour."""
    return f"p{(number + 1) % 8}"


def lines(chart: Chart, rows: Sequence[Row], colours: Mapping[object, int]) -> tuple[str, float]:
    """Return the inner SVG of a line chart, and its height in pixels."""
    return _Lines(chart, rows, colours).body(), _TOP + _HEIGHT + _BELOW


class _Lines:
    def __init__(self, chart: Chart, rows: Sequence[Row], colours: Mapping[object, int]) -> None:
        self.chart, self.colours = chart, colours
        self.series: dict[Value, list[Row]] = {}
        for row in sorted(rows, key=lambda row: _number(row[chart.x])):
            self.series.setdefault(row.get(chart.series) if chart.series else None, []).append(row)
        values = [value for row in rows for value in _figures(row, chart.y)]
        self.y: Axis = axis(values, log="y" in chart.log, from_zero=True)
        places = sorted({_number(row[chart.x]) for row in rows})
        self.x = Axis(places[0], places[-1] if len(places) > 1 else places[0] + 1, "x" in chart.log, places)
        self.unit = unit_of(chart.y)
        self.left = 100 * (max(width(self.unit.show(tick)) for tick in self.y.ticks) + 12) / NARROW
        names = [shown(name, chart.series) for name in self.series if name is not None]
        named = max((_BOLD * width(name) + 18 for name in names), default=8)
        self.right = 100 - 100 * named / NARROW

    def body(self) -> str:
        """Return all that the drawing shows."""
        chart = self.chart
        title = chart.y_title or chart.y
        parts = [f'<text class="q" y="12">{escape(title, quote=False)}</text>', *self._grid(), *self._below()]
        for name, rows in self.series.items():
            parts.append(self._line(name, rows))
        return "".join([*parts, *self._names()])

    def _across(self, row: Row) -> str:
        return percent(self.left + (self.right - self.left) * self.x.at(_number(row[self.chart.x])))

    def _down(self, value: float) -> float:
        return _TOP + _HEIGHT * (1 - self.y.at(value))

    def _grid(self) -> list[str]:
        found = []
        for tick in self.y.ticks:
            y = self._down(tick)
            found.append(
                f'<line class="g" x1="0" x2="{percent(self.right)}" y1="{y:.1f}" y2="{y:.1f}"/>'
                f'<text class="q" y="{y - 4:.1f}">{escape(self.unit.show(tick))}</text>'
            )
        return found

    def _below(self) -> list[str]:
        """Return what stands under the plot: the numbers that were measured at, as many as have room, and a title."""
        found, free = [], -100.0
        last = self.x.ticks[-1]
        for tick in self.x.ticks:
            text = shown(tick, self.chart.x)
            at = self.left + (self.right - self.left) * self.x.at(tick)
            half = 50 * (width(text) + 6) / NARROW
            before_last = tick == last or at + half <= self.right - 50 * (width(shown(last, self.chart.x)) + 6) / NARROW
            if at - half < free or not before_last:
                continue
            free = at + half
            y = _TOP + _HEIGHT
            found.append(
                f'<line class="g" x1="{percent(at)}" x2="{percent(at)}" y1="{y:.0f}" y2="{y + 5:.0f}"/>'
                f'<text class="q m" x="{percent(at)}" y="{y + 18:.0f}">{escape(text)}</text>'
            )
        title = self.chart.x_title or self.chart.x
        middle = percent((self.left + self.right) / 2)
        y = _TOP + _HEIGHT + 36
        return [*found, f'<text class="q m" x="{middle}" y="{y:.0f}">{escape(title, quote=False)}</text>']

    def _line(self, name: Value, rows: Sequence[Row]) -> str:
        y = self.chart.y
        number = self.colours[name]
        points = [(self._across(row), self._down(_number(row[y]))) for row in rows]
        parts = [
            f'<line class="l" x1="{x1}" y1="{y1:.1f}" x2="{x2}" y2="{y2:.1f}"/>'
            for (x1, y1), (x2, y2) in pairwise(points)
        ]
        for row, (x, _) in zip(rows, points, strict=True):
            _middle, *ends = _figures(row, y)
            if ends:
                low, high = (self._down(end) for end in ends)
                parts.append(f'<line class="w" x1="{x}" x2="{x}" y1="{low:.1f}" y2="{high:.1f}"/>')
        sign = _SIGNS[number % 4]
        hollow = " o" if number % 8 >= 4 else ""  # noqa: PLR2004 - half of eight
        parts += [
            f'<svg x="{x}" y="{at:.1f}" overflow="visible"><path class="d{hollow}" d="{sign}"/></svg>'
            for x, at in points
        ]
        return f'<g class="{colour(number)}">{"".join(parts)}</g>'

    def _names(self) -> list[str]:
        """Return the names of the series, each beside the end of its line, moved apart where lines end together."""
        ends = {name: self._down(_number(rows[-1][self.chart.y])) for name, rows in self.series.items()}
        ordered = sorted((name for name in ends if name is not None), key=lambda name: ends[name])
        found = []
        for name, y in zip(ordered, apart([ends[name] for name in ordered], _TOP + _HEIGHT), strict=True):
            at, kind = percent(self.right), colour(self.colours[name])
            across = self._across(self.series[name][-1])
            far = f'<line class="j" x1="{across}" x2="{at}" y1="{ends[name]:.1f}" y2="{ends[name]:.1f}"/>'
            text = escape(shown(name, self.chart.series), quote=False)
            far = "" if across == at else far
            leader = f'<path class="j" d="M5 {ends[name] - y:.1f}L12 0"/>'
            named = f'{leader}<text class="n" x="15" y="4">{text}</text>'
            found.append(f'<g class="{kind}">{far}<svg x="{at}" y="{y:.1f}" overflow="visible">{named}</svg></g>')
        return found


def apart(places: Sequence[float], bottom: float) -> list[float]:
    """Return where texts stand that belong to these places, in order, so that they do not touch.

    >>> apart([10, 12, 100], 200), apart([190, 195], 200)
    ([10, 25.0, 100], [185.0, 200])
    """
    found: list[float] = []
    for place in places:
        found.append(max(place, found[-1] + _APART) if found else place)
    for number in range(len(found) - 1, -1, -1):
        most = found[number + 1] - _APART if number + 1 < len(found) else bottom
        found[number] = min(found[number], most)
    return found


def _figures(row: Row, column: str) -> list[float]:
    """Return a figure and, where the row has them, its quartiles."""
    names = [column, f"{column}_q1", f"{column}_q3"]
    return [_number(row[name]) for name in (names if names[1] in row else names[:1])]


def _number(value: object) -> float:
    """Return a value that was looked at before: the rows that a line chart gets hold numbers."""
    if not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    return float(value)
