"""What a text claims of a table: a small language of figures, and comparisons of them.

    latency_us where transport=Queue size=8 / latency_us where transport=Pipe size=8 > 1.5

A figure is a column, and of which row: `where NAME=VALUE …` must leave one; several values
of a name are joined by `|`; what has spaces stands in quotes.  `median of`, `least of`,
`greatest of`, `sum of` and `count of` before the column take several rows together.
Figures and numbers are joined by `+ - * /`, each between spaces, and parentheses.
A comparison is `< <= > >=` between two of these; what it is to hold with a margin has it
written into the number.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from spawnable.measure.chart import matches
from spawnable.measure.sampling import median
from spawnable.measure.shown import figure
from spawnable.measure.table import Row, Table
from spawnable.measure.units import unit_of

__all__ = ["Held", "RuleError", "evaluate", "hold", "quantity"]


class RuleError(ValueError):
    """A text that claims nothing, or something of rows that are not there; the message says what is wrong."""


_TOKEN = re.compile(
    r"""\s*(?:(?P<condition>\w+=(?:"[^"]*"|[^\s()"]+))
        |(?P<number>\d+(?:\.\d+)?)(?![\w.])
        |(?P<word>[A-Za-z_]\w*)
        |(?P<sign><=|>=|[<>+\-*/()]))""",
    re.VERBOSE,
)
_TOGETHER: dict[str, Callable[[Sequence[float]], float]] = {
    "median": median,
    "least": min,
    "greatest": max,
    "sum": sum,
    "count": len,
}
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SUMS: dict[str, Callable[[float, float], float]] = {"+": operator.add, "-": operator.sub}
_PRODUCTS: dict[str, Callable[[float, float], float]] = {"*": operator.mul, "/": operator.truediv}


@dataclass(frozen=True, slots=True)
class Held:
    """What came of a comparison."""

    holds: bool
    #: the comparison with what both sides came to, such as `3.2 > 1.5`
    shown: str
    #: each figure in it, as it was written, with its value
    figures: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        """Return the comparison, and where it has its figures from."""
        return "; ".join([self.shown, *(f"{name} is {value}" for name, value in self.figures)])


def hold(text: str, table: Table) -> Held:
    r"""Return whether a comparison is true of a table.

    >>> rows = ({"size": 8, "wall_us": 4.0}, {"size": 64, "wall_us": 6.0})
    >>> str(hold("wall_us where size=64 / wall_us where size=8 > 1.2", Table("example", rows)))
    '1.5 > 1.2; wall_us where size=64 is 6\xa0µs; wall_us where size=8 is 4\xa0µs'

    Raises RuleError where a text is no comparison, or a figure is not one row's.
    """
    read = _Read(text, table)
    left = read.side()
    sign = read.take("sign")
    if sign not in _COMPARED:
        raise RuleError(f"{text!r} compares nothing: expected {' '.join(_COMPARED)} between two figures")
    right = read.side()
    read.end()
    return Held(_COMPARED[sign](left[0], right[0]), f"{left[1]} {sign} {right[1]}", tuple(read.figures))


def evaluate(text: str, table: Table) -> float:
    """Return what a figure, or several joined, come to.

    >>> evaluate("median of wall_us * 2", Table("example", ({"wall_us": 1.0}, {"wall_us": 4.0})))
    5.0

    Raises RuleError where a text is none of these, or a figure is not one row's.
    """
    read = _Read(text, table)
    value = read.sums()
    read.end()
    return value


def quantity(text: str, table: Table) -> str:
    r"""Return what a text comes to, for a sentence: a figure with its unit, a ratio in two digits.

    >>> rows = ({"size": 8, "wall_us": 4.0}, {"size": 64, "wall_us": 6789.0})
    >>> quantity("wall_us where size=64", Table("example", rows))
    '6.79\xa0ms'
    >>> quantity("wall_us where size=64 / wall_us where size=8", Table("example", rows))
    '1,700'

    Raises RuleError as `evaluate` does.
    """
    read = _Read(text, table)
    value = read.sums()
    read.end()
    if len(read.figures) == 1 and not read.joined:
        return read.figures[0][1]
    return rounded(value)


def rounded(value: float) -> str:
    """Return a ratio in two digits, which is all that a measurement is good for.

    >>> rounded(1.96), rounded(0.034), rounded(1234.5), rounded(3.0)
    ('2', '0.034', '1,200', '3')
    """
    return figure(float(f"{value:.2g}"))


@dataclass(slots=True)
class _Read:
    """A text while it is read from left to right."""

    text: str
    table: Table
    at: int = 0
    joined: bool = False
    figures: list[tuple[str, str]] = field(default_factory=list)

    def side(self) -> tuple[float, str]:
        """Return what one side of a comparison comes to, and that as text: a bare number as it was written."""
        begin, before = self.at, len(self.figures)
        value = self.sums()
        return value, rounded(value) if len(self.figures) > before else self.text[begin : self.at].strip()

    def sums(self) -> float:
        return self._chain(_SUMS, self._products)

    def _products(self) -> float:
        return self._chain(_PRODUCTS, self._one)

    def _chain(self, signs: dict[str, Callable[[float, float], float]], part: Callable[[], float]) -> float:
        value = part()
        while (sign := self.peek("sign")) in signs:
            self.take("sign")
            self.joined = True
            try:
                value = signs[sign](value, part())
            except ZeroDivisionError as error:
                raise RuleError(f"{self.text!r} divides by zero") from error
        return value

    def _one(self) -> float:
        if self.peek("sign") == "(":
            self.take("sign")
            value = self.sums()
            if self.peek("sign") != ")":
                raise RuleError(f"{self.text!r}: a parenthesis is not closed")
            self.take("sign")
            return value
        if number := self.take("number"):
            return float(number)
        return self._figure()

    def _figure(self) -> float:
        begin = self.at
        column = self.take("word")
        together = ""
        if column in _TOGETHER and self.peek("word") == "of":
            self.take("word")
            together, column = column, self.take("word")
        if not column:
            raise RuleError(f"{self.text!r}: expected a column or a number at {self.text[self.at :].strip()!r}")
        wanted = dict(self._conditions())
        said = self.text[begin : self.at].strip()
        rows = [row for row in self.table.rows if matches(row, wanted) and isinstance(row.get(column), int | float)]
        value = _TOGETHER[together]([_number(row, column) for row in rows]) if together and rows else None
        if value is None:
            value = _number(self._single(rows, column, said), column)
        self.figures.append((said, unit_of("" if together == "count" else column).show(value)))
        return value

    def _conditions(self) -> Iterator[tuple[str, list[str]]]:
        if self.peek("word") != "where":
            return
        self.take("word")
        if not self.peek("condition"):
            raise RuleError(f"{self.text!r}: expected NAME=VALUE after 'where'")
        while condition := self.take("condition"):
            name, _, value = condition.partition("=")
            if name not in self.table.columns:
                raise RuleError(f"there is no column {name!r} in {self.table.subject}: {self._known()}")
            yield name, value.strip('"').split("|")

    def _single(self, rows: Sequence[Row], column: str, said: str) -> Row:
        if len(rows) == 1:
            return rows[0]
        if column not in self.table.columns:
            raise RuleError(f"there is no column {column!r} in {self.table.subject}: {self._known()}")
        found = "; ".join(
            " ".join(f"{name}={value}" for name, value in row.items() if isinstance(value, str)) for row in rows[:4]
        )
        raise RuleError(f"{said!r} is the figure of {len(rows)} rows, not of one{': ' if rows else ''}{found}")

    def _known(self) -> str:
        return ", ".join(self.table.columns)

    def peek(self, kind: str) -> str:
        """Return the next part, if it is of that kind; else nothing."""
        found = _TOKEN.match(self.text, self.at)
        return (found[kind] or "") if found else ""

    def take(self, kind: str) -> str:
        """Return the next part, if it is of that kind, and go on; else nothing."""
        value = self.peek(kind)
        if value:
            found = _TOKEN.match(self.text, self.at)
            self.at = found.end() if found else self.at
        return value

    def end(self) -> None:
        rest = self.text[self.at :].strip()
        if rest:
            raise RuleError(f"{self.text!r}: {rest!r} is not understood")


def _number(row: Row, column: str) -> float:
    value = row[column]
    return float(value) if isinstance(value, int | float) else float("nan")
