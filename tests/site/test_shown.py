"""The list of names says what is true of each beside the scripts that use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spawnable.site.shown import told

NAMES = json.loads(Path(__file__).parents[2].joinpath("docs/reference/names.json").read_text(encoding="utf-8"))["names"]


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ({"kind": "class", "link": "library/multiprocessing.html#x"}, "class. "),
        ({"kind": "method", "since": "3.14"}, "method, from Python 3.14, not in the official documentation. "),
        ({"kind": "method", "link": "library/threading.html#x"}, "method, documented as that of threading. "),
        (
            {"kind": "function", "parameters": {"on_error": "3.15"}, "link": "x", "note": "Not on Windows."},
            "function, on_error= from Python 3.15. Not on Windows. ",
        ),
    ],
)
def test_told_of_a_name(item: dict[str, object], text: str) -> None:
    """Its kind, since when it and its newer parameters are there, where it is documented, and what to know."""
    assert told(item) == text


def test_newer_parameters_are_in_the_signature() -> None:
    """What has a version of its own is a parameter that the list shows."""
    for item in NAMES:
        for parameter in item.get("parameters", ()):
            assert f"{parameter}=" in item["signature"], item["name"]


def test_signatures_are_short() -> None:
    """A method is called without `self`, and nothing shows what is private."""
    for item in NAMES:
        assert not item.get("signature", "").startswith("(self"), item["name"]
        assert "_cache" not in item.get("signature", ""), item["name"]
