"""Claims that are held against a table."""

from __future__ import annotations

import pytest

from spawnable.measure.rules import RuleError, evaluate, hold, quantity
from spawnable.measure.table import Row, Table

ROWS: tuple[Row, ...] = (
    {"transport": "Pipe", "size": 8, "latency_us": 10.0, "locked": False},
    {"transport": "Pipe", "size": 64, "latency_us": 12.0, "locked": False},
    {"transport": "Manager queue", "size": 8, "latency_us": 40.0, "locked": True},
    {"transport": "Manager queue", "size": 64, "latency_us": 60.0, "locked": True},
    {"transport": "nothing", "size": 64, "latency_us": None},
)
TABLE = Table("transports", ROWS)
PIPE = "latency_us where transport=Pipe size=8"
MANAGER = 'latency_us where transport="Manager queue" size=8'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (PIPE, 10.0),
        (f"{MANAGER} / {PIPE}", 4.0),
        ("latency_us where locked=yes size=8", 40.0),
        ("median of latency_us where transport=Pipe", 11.0),
        ("greatest of latency_us", 60.0),
        ("least of latency_us where size=64", 12.0),
        ("sum of latency_us where size=8", 50.0),
        ("count of latency_us", 4.0),
        ('count of latency_us where transport="Pipe|Manager queue|nothing"', 4.0),
        ("2 + 3 * 4 - 1", 13.0),
        ("(2 + 3) * 4", 20.0),
        (f"({MANAGER} - {PIPE}) / 3", 10.0),
        ("0.5 * 8", 4.0),
    ],
)
def test_figures(text: str, value: float) -> None:
    """A figure is that of one row or of several together; figures are joined as in arithmetic."""
    assert evaluate(text, TABLE) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        (f"{MANAGER} / {PIPE} > 3.9", True),
        (f"{MANAGER} / {PIPE} > 4.1", False),
        (f"{PIPE} < {MANAGER}", True),
        (f"{MANAGER} < {PIPE}", False),
        (f"{PIPE} >= 10", True),
        (f"{PIPE} <= 9.99", False),
    ],
)
def test_comparisons(text: str, holds: bool) -> None:
    """A comparison says whether it holds, and with which figures."""
    held = hold(text, TABLE)
    assert held.holds is holds
    assert f"{PIPE} is 10\N{NO-BREAK SPACE}µs" in str(held)


def test_a_margin_is_shown_as_it_was_written() -> None:
    """What a figure came to has two digits; a number in the text keeps all of its own."""
    assert hold(f"{MANAGER} / {PIPE} > 1.0532", TABLE).shown == "4 > 1.0532"
    assert hold(f"0.95 * 1.0532 < {PIPE}", TABLE).shown == "0.95 * 1.0532 < 10"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("latency_us where size=8 > 1", "of 2 rows, not of one: transport=Pipe; transport=Manager queue"),
        ("latency_us where size=9 > 1", "of 0 rows"),
        ("latency_us where transport=nothing > 1", "of 0 rows"),
        ("median of latency_us where size=9 > 1", "of 0 rows"),
        ("latency_ms where size=8 > 1", "no column 'latency_ms' in transports: transport, size, latency_us"),
        ("latency_us where sise=8 > 1", "no column 'sise'"),
        (PIPE, "compares nothing"),
        (f"{PIPE} > 1 > 2", "'> 2' is not understood"),
        (f"{PIPE} > 1x", "expected a column or a number"),
        (f"({PIPE} > 1", "not closed"),
        (f"{PIPE} / 0 > 1", "divides by zero"),
        ("latency_us where > 1", "expected NAME=VALUE"),
        ("__import__('os') > 1", "no column '__import__'"),
        ("", "expected a column or a number"),
        (f"{PIPE} ! 1", "compares nothing"),
    ],
)
def test_what_is_no_comparison(text: str, message: str) -> None:
    """What can not be held is told, with what is there."""
    with pytest.raises(RuleError, match=message):
        hold(text, TABLE)


def test_a_sentence_shows_units() -> None:
    """A figure has its unit, a ratio two digits and none."""
    assert quantity(PIPE, TABLE) == "10\N{NO-BREAK SPACE}µs"
    assert quantity(f"{MANAGER} / latency_us where transport=Pipe size=64", TABLE) == "3.3"
    assert quantity("1000 * count of size", TABLE) == "5,000"
    with pytest.raises(RuleError, match="not understood"):
        quantity(f"{PIPE} > 1", TABLE)
