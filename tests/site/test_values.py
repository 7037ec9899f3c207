"""Values of runs, for sentences."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from spawnable.site.results import Results
from spawnable.site.values import ValueLookupError, value
from spawnable.transcript import Transcript


@pytest.fixture
def found(results: Callable[..., Results], transcript: Callable[..., Transcript]) -> dict[str, Results]:
    """The runs of a page with one cell, run under fork."""
    return {"cell": results(transcript((101, "took 12.5 ms\n"), (102, "done\n")))}


@pytest.mark.parametrize(
    ("wanted", "right"),
    [
        ("cell fork wall", "0.50"),
        ("cell fork processes", "3"),
        ("cell fork lines", "2"),
        ("cell fork exit", "0"),
        ("cell fork exit Process-1", "0"),
        ("cell fork zombie Process-1", "0.12"),
        (r"cell fork /took ([\d.]+) ms/", "12.5"),
        ("cell fork /^(done)$/", "done"),
    ],
)
def test_value_is_found(wanted: str, right: str, found: dict[str, Results]) -> None:
    """Each field gives the bare value, without a unit."""
    assert value(wanted, found) == right


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("cel fork wall", "these were: cell"),
        ("cell spawn wall", "it was under: fork"),
        ("cell fork walls", "expected wall,"),
        ("cell fork", "expected wall,"),
        ("cell fork zombie", "expected wall,"),
        ("cell fork exit Process-9", "the run had main, resource_tracker, Process-1, Process-2"),
        ("cell fork /took/", "0 groups: expected one"),
        ("cell fork /(/", "no regular expression"),
        ("cell fork /(absent)/", "matches nothing in the output:\ntook 12.5 ms"),
    ],
)
def test_value_that_is_none_says_what_there_is(wanted: str, told: str, found: dict[str, Results]) -> None:
    """What can not be looked up is an error that says what could be."""
    with pytest.raises(ValueLookupError) as caught:
        value(wanted, found)
    assert told in str(caught.value)
