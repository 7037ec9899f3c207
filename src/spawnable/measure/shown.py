"""The rows of a table as they are shown: which columns, and each figure in few digits."""

from __future__ import annotations

from spawnable.measure.table import Row, Table, Value

__all__ = ["cell", "figure", "headings", "plain"]

#: ends of the names of columns that tell how far figures spread
_SPREAD = ("_q1", "_q3", "_p99", "_n")
#: a number of fewer digits before its point has three digits
_WHOLE = 100


def headings(table: Table) -> list[str]:
    """Return the columns that are shown: quartiles stand beside their median, and how many there were is left out."""
    names = set(table.columns)
    return [
        name
        for name in table.columns
        if not any(name.endswith(end) and name.removesuffix(end) in names for end in ("_q1", "_q3", "_n"))
    ]


def cell(row: Row, column: str) -> str:
    """Return a row's value in a column, and the quartiles of a median beside it.

    >>> cell({"wall_ms": 2.0, "wall_ms_q1": 1.5, "wall_ms_q3": 2.5}, "wall_ms")
    '2 (1.5-2.5)'
    """
    low, high = row.get(f"{column}_q1"), row.get(f"{column}_q3")
    middle = plain(row.get(column))
    return f"{middle} ({plain(low)}-{plain(high)})" if low is not None and high is not None else middle


def plain(value: Value) -> str:
    """Return a value as text: words as they are, numbers in few digits, nothing for None."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: ""}[value]
    return value if isinstance(value, str) else figure(value)


def figure(value: float) -> str:
    """Return a number with three digits, or all of those before its point.

    >>> figure(0.012345), figure(1234.5), figure(2.0)
    ('0.0123', '1,234', '2')
    """
    if isinstance(value, int) or abs(value) >= _WHOLE or value == round(value):
        return f"{value:,.0f}"
    text = f"{value:.3g}"
    return f"{value:.10f}".rstrip("0") if "e" in text else text
