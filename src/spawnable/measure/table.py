"""What was measured: rows of named columns, and whose machine it was."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from spawnable.measure.machine import Machine

__all__ = ["Row", "Table", "TableError", "Value"]

Value = str | int | float | bool | None
Row = Mapping[str, Value]

#: counts changes of the form
_FORM = 1


class TableError(ValueError):
    """A table that is none; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Table:
    """What one subject's measurement found."""

    #: the module that measured, such as `transports`
    subject: str
    #: flat; the unit of a figure is the end of its column's name: `latency_us`, `throughput_mb_s`, `peak_mb`
    rows: tuple[Row, ...]
    #: what is absent from the rows, and why, in whole sentences
    missing: tuple[str, ...] = ()
    #: seconds that the measurement took
    seconds: float = 0.0
    #: whether it was a trial, whose figures say nothing
    quick: bool = False
    #: the day, as `2026-11-30`, in UTC
    date: str = field(default_factory=lambda: time.strftime("%Y-%m-%d", time.gmtime()))
    machine: Machine = field(default_factory=Machine.this)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of all rows, in the order in which they first appear."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row))

    def where(self, **wanted: Value) -> list[Row]:
        """Return the rows that have these values in these columns."""
        return [row for row in self.rows if all(row.get(name) == value for name, value in wanted.items())]

    def to_json(self) -> str:
        """Return the table as text: the same bytes for the same table, a line a row, so that changes can be read."""
        head = {
            "form": _FORM,
            "subject": self.subject,
            "date": self.date,
            "seconds": round(self.seconds, 1),
            "quick": self.quick,
            "machine": asdict(self.machine),
            "missing": list(self.missing),
        }
        lines = [f" {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in head.items()]
        rows = ",\n".join(f"  {json.dumps(row, ensure_ascii=False, allow_nan=False)}" for row in self.rows)
        return "{\n" + ",\n".join(lines) + ',\n "rows": [\n' + rows + "\n ]\n}\n"

    @classmethod
    def from_json(cls, text: str, source: str = "the text") -> Table:
        """Return the table that `to_json` wrote.

        Raises TableError where a text is none; the message names `source` and what is wrong.
        """
        try:
            content = json.loads(text)
        except ValueError as error:
            raise TableError(f"{source} is no JSON: {error}") from error
        if not isinstance(content, dict):
            raise TableError(f"{source} holds no table: expected an object with the key 'rows'")
        if content.get("form") != _FORM:
            raise TableError(f"{source} has the form {content.get('form')!r}, not {_FORM}: measure anew")
        read = _Reader(content, source)
        machine = read.one("machine", dict)
        try:
            whose = Machine(**machine)
        except TypeError as error:
            raise TableError(f"{source}: 'machine' is none: {error}") from error
        return cls(
            subject=read.one("subject", str),
            rows=tuple(read.row(number, row) for number, row in enumerate(read.one("rows", list), 1)),
            missing=tuple(map(str, read.one("missing", list))),
            seconds=float(read.one("seconds", int, float)),
            quick=read.one("quick", bool),
            date=read.one("date", str),
            machine=whose,
        )


@dataclass(frozen=True, slots=True)
class _Reader:
    content: Mapping[str, Any]
    source: str

    def one(self, name: str, *kinds: type) -> Any:
        """Return what stands under a name."""
        if name not in self.content:
            raise TableError(f"{self.source} has no {name!r}")
        value = self.content[name]
        if (isinstance(value, bool) and bool not in kinds) or not isinstance(value, kinds):
            expected = " or ".join(kind.__name__ for kind in kinds)
            raise TableError(f"{self.source}: {name!r} is {value!r}: expected {expected}")
        return value

    def row(self, number: int, row: object) -> Row:
        """Return a row of the table."""
        if not isinstance(row, dict) or not row:
            raise TableError(f"{self.source}: row {number} is {row!r}: expected an object with columns")
        for name, value in row.items():
            if not isinstance(value, str | int | float | None):
                raise TableError(f"{self.source}: row {number}: {name!r} is {value!r}: expected a number or a word")
        return row


def kept(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return rows without columns that are None."""
    return tuple({name: value for name, value in row.items() if value is not None} for row in rows)
