"""What a chart shows: which rows, and which of their columns where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from spawnable.measure.table import Row, Table

__all__ = ["Chart", "matches"]


@dataclass(frozen=True, slots=True)
class Chart:
    """One drawing of a table's rows.

    Where all values of `x` are numbers, it has a line for each series; else a bar for each
    row, or, where `y` has a logarithmic axis, on which a bar would have no foot, a dot.
    Quartiles of `y`, where the rows have them, are drawn as whiskers.
    """

    #: what it says, in a sentence: the chart's title
    title: str
    #: the column across
    x: str
    #: the column of the figure
    y: str
    #: the column that tells one series from another; empty for one series
    series: str = ""
    #: rows that it shows, by the values of columns: one, or one of several
    where: Mapping[str, object] = field(default_factory=dict)
    #: axes that are logarithmic: `x`, `y`, `xy` or none
    log: str = ""
    #: what `x` and `y` are, in words; empty for the columns' names
    x_title: str = ""
    y_title: str = ""
    #: by what a page calls it
    name: str = ""
    #: `lines` or `bars`, whatever the values of `x` are; empty for what they say
    kind: str = ""
    #: whether bars stand in the order of their figures, not of the rows
    ordered: bool = False

    def rows(self, table: Table) -> list[Row]:
        """Return the rows that it shows: those that match and have both columns."""
        found = [
            row
            for row in table.rows
            if matches(row, self.where) and row.get(self.x) is not None and row.get(self.y) is not None
        ]
        return sorted(found, key=self._figure) if self.ordered else found

    def _figure(self, row: Row) -> float:
        value = row[self.y]
        return float(value) if isinstance(value, int | float) else 0.0

    def is_lines(self, rows: Sequence[Row]) -> bool:
        """Tell whether these rows make lines: where it does not say, numbers across do."""
        if self.kind:
            return self.kind == "lines"
        return all(isinstance(row[self.x], int | float) and not isinstance(row[self.x], bool) for row in rows)


def matches(row: Row, where: Mapping[str, object]) -> bool:
    """Tell whether a row has these values, compared as they are written.

    >>> matches({"size": 8, "transport": "Pipe"}, {"size": ("8", "64"), "transport": "Pipe"})
    True
    """
    return all(_text(row.get(name)) in _wanted(value) for name, value in where.items())


def _wanted(value: object) -> set[str]:
    return set(map(_text, value)) if isinstance(value, list | tuple | set | frozenset) else {_text(value)}


def _text(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: ""}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)
