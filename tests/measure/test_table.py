"""Tables: written, read again, and what is none."""

from __future__ import annotations

import json

import pytest

from spawnable.measure.machine import Machine
from spawnable.measure.table import Table, TableError

MACHINE = Machine("a processor", 2, 8000, "Linux x86_64", "6.1", "3.13.0", "GCC", 0.1)
TABLE = Table(
    "transports",
    ({"transport": "Pipe", "size": 8, "latency_us": 7.25}, {"transport": "µ", "size": 64, "ok": True, "note": None}),
    missing=("No TCP here.",),
    seconds=12.0,
    date="2026-01-02",
    machine=MACHINE,
)


def test_written_and_read() -> None:
    """A table read is the one that was written, and is written as the same bytes."""
    text = TABLE.to_json()
    assert Table.from_json(text) == TABLE
    assert Table.from_json(text).to_json() == text
    assert len([line for line in text.splitlines() if line.startswith("  {")]) == len(TABLE.rows)


def test_columns_and_rows() -> None:
    """Columns are in the order in which rows first have them; rows are found by what they say."""
    assert TABLE.columns == ("transport", "size", "latency_us", "ok", "note")
    assert TABLE.where(transport="Pipe", size=8) == [TABLE.rows[0]]
    assert TABLE.where(transport="Pipe", size=9) == []


def changed(**changes: object) -> str:
    """Return the table's text with other values, or, where that is None, without the key."""
    content = json.loads(TABLE.to_json()) | changes
    return json.dumps({key: value for key, value in content.items() if value is not None})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "file is no JSON"),
        ("[]", "holds no table"),
        (changed(form=0), "has the form 0"),
        (changed(rows=None), "has no 'rows'"),
        (changed(rows={}), "'rows' is {}: expected list"),
        (changed(rows=[[]]), r"row 1 is \[\]: expected an object"),
        (changed(rows=[{"a": 1}, {"b": [2]}]), r"row 2: 'b' is \[2\]: expected a number or a word"),
        (changed(seconds=True), "'seconds' is True: expected int or float"),
        (changed(quick=0), "'quick' is 0: expected bool"),
        (changed(machine={"processor": "x"}), "'machine' is none"),
    ],
)
def test_what_is_no_table(text: str, message: str) -> None:
    """What is no table is named, with the file and what was expected."""
    with pytest.raises(TableError, match=message):
        Table.from_json(text, "file")


def test_no_number_is_no_figure() -> None:
    """A figure that is no number can not be written."""
    with pytest.raises(ValueError, match="JSON"):
        Table("x", ({"a": float("nan")},), machine=MACHINE).to_json()


def test_this_machine() -> None:
    """The machine says what it is."""
    machine = Machine.this()
    assert machine.processor
    assert machine.cpus >= 1
    assert machine.memory_mb > 100
