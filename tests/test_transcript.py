"""`spawnable.transcript`: what a run did, and its JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spawnable.transcript import Transcript, TranscriptError


def test_there_and_back(full: Transcript) -> None:
    """A transcript is what its JSON says, from text and from bytes."""
    assert Transcript.from_json(full.to_json()) == full
    assert Transcript.from_json(full.to_json().encode()) == full
    assert Transcript.from_json(full.to_json()).to_json() == full.to_json()


def test_one_line(make_transcript: Any) -> None:
    """The JSON is one line, whatever the output holds, and keeps other scripts than Latin readable."""
    transcript = make_transcript((1, "line\r\nline\x00 \x1b[0m 多进程 \ud800\n"))
    assert "\n" not in transcript.to_json()
    assert "多进程" in transcript.to_json()
    assert Transcript.from_json(transcript.to_json()) == transcript


def test_states_are_pairs(full: Transcript) -> None:
    """Changes of state come back as pairs of a number and a letter."""
    states = Transcript.from_json(full.to_json()).processes[2].states
    assert states == [(0.06, "S"), (0.4, "Z")]


def test_properties(full: Transcript) -> None:
    """The first process is the main one; processes are found by id; the text is all output in order."""
    assert full.main.name == "main"
    child = full.process(41203)
    assert child is not None
    assert child.name == "Process-1"
    assert full.process(1) is None
    assert full.process(None) is None
    assert full.text == "started 41203\nin /tmp/run-7/main.py\n"


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", "12", '"x"', "{}", '{"start_method": "fork"}', b"\xff", b"\x00\x00\x00"],
)
def test_no_transcript(text: str | bytes) -> None:
    """What is no transcript is a TranscriptError."""
    with pytest.raises(TranscriptError):
        Transcript.from_json(text)


@pytest.mark.parametrize(
    "fields",
    [
        {"more": 1},
        {"processes": []},
        {"processes": None},
        {"processes": [1]},
        {"processes": [{"pid": 1}]},
        {"chunks": [{"time": 0}]},
        {"chunks": [[0, 1, "x"]]},
        {"chunks": 3},
        {"events": [{"nothing": 1}]},
        {"leftovers": {"a": 1}},
    ],
    ids=str,
)
def test_other_fields(full: Transcript, fields: dict[str, Any]) -> None:
    """A record with other fields or other parts is none either."""
    with pytest.raises(TranscriptError):
        Transcript.from_json(json.dumps(json.loads(full.to_json()) | fields))


def test_missing_field(full: Transcript) -> None:
    """A record that lacks a field is none either."""
    raw = json.loads(full.to_json())
    del raw["unknown"]
    with pytest.raises(TranscriptError, match="the fields are not those of a transcript"):
        Transcript.from_json(json.dumps(raw))


def test_states_that_are_none(full: Transcript) -> None:
    """A change of state without a moment is a TranscriptError."""
    raw = json.loads(full.to_json())
    raw["processes"][0]["states"] = [["soon", "R"]]
    with pytest.raises(TranscriptError):
        Transcript.from_json(json.dumps(raw))
