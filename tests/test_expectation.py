"""`spawnable.expectation`: what a run is expected to do, in words."""

from __future__ import annotations

import doctest

import pytest

from spawnable import expectation
from spawnable.expectation import Expectation, ExpectationError, Expectations, Outcome


def test_examples() -> None:
    """The examples in the docstrings are true."""
    found = doctest.testmod(expectation)
    assert found.attempted
    assert not found.failed


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("ok", Outcome("ok")),
        ("stuck", Outcome("stuck")),
        ("error RuntimeError", Outcome("error", "RuntimeError")),
        ("traceback EOFError", Outcome("traceback", "EOFError")),
        ("exit 3", Outcome("exit", "3")),
        ("exit -11", Outcome("exit", "-11")),
        ("child exit -15", Outcome("child exit", "-15")),
        ("leaves process", Outcome("leaves", "process")),
        ("leaves shared memory", Outcome("leaves", "shared memory")),
        ("leaves semaphore", Outcome("leaves", "semaphore")),
        ("leaves socket", Outcome("leaves", "socket")),
        ("leaves file", Outcome("leaves", "file")),
        ("  child   exit\n1 ", Outcome("child exit", "1")),
    ],
)
def test_outcome(text: str, outcome: Outcome) -> None:
    """Each outcome is read from its words, and written as the same words."""
    assert Outcome.parse(text) == outcome
    assert str(outcome) == " ".join(text.split())
    assert Outcome.parse(str(outcome)) == outcome


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ok",
        "ok ok",
        "fine",
        "error",
        "error two words",
        "error queue.Empty",
        "error 3",
        "exit",
        "exit 0",
        "exit -0",
        "exit one",
        "exit 1.5",
        "child exit 0",
        "child 1",
        "exit child 1",
        "leaves",
        "leaves nothing",
        "leaves shared  files",
        "stuck 3",
        "stopped memory",
        "traceback",
    ],
)
def test_no_outcome(text: str) -> None:
    """Other words are an error that says which there are."""
    with pytest.raises(ExpectationError, match=r"unknown outcome .*: expected one of: ok, error NAME"):
        Outcome.parse(text)


def test_expectation() -> None:
    """Alternatives stand between bars, outcomes that are true together between `and`."""
    parsed = Expectation.parse("ok | traceback EOFError and leaves process|stuck")
    assert parsed.alternatives == (
        frozenset({Outcome("ok")}),
        frozenset({Outcome("traceback", "EOFError"), Outcome("leaves", "process")}),
        frozenset({Outcome("stuck")}),
    )
    assert parsed.kinds == {"ok", "traceback", "leaves", "stuck"}


def test_expectation_as_text() -> None:
    """An expectation's text reads as the same expectation, whatever the order it was given in."""
    one, other = (Expectation.parse(text) for text in ("leaves file and child exit 1", "child exit 1 and leaves file"))
    assert str(one) == str(other) == "child exit 1 and leaves file"
    assert Expectation.parse(str(one)) == one


@pytest.mark.parametrize("text", ["", "ok |", "| ok", "ok and", "ok or stuck", "ok, stuck", "ok||stuck"])
def test_no_expectation(text: str) -> None:
    """A part that is empty or no outcome is an error."""
    with pytest.raises(ExpectationError):
        Expectation.parse(text)


def test_default() -> None:
    """Where nothing is said, ok is expected."""
    assert str(Expectation()) == "ok"
    assert str(Expectations.parse(None).of("spawn", "3.13")) == "ok"
    assert str(Expectations.parse({}).of("spawn", "3.13")) == "ok"


def test_text_for_all() -> None:
    """A text counts under every start method and version."""
    expectations = Expectations.parse("stuck")
    assert {str(expectations.of(method, "3.13")) for method in expectation.START_METHODS} == {"stuck"}


@pytest.mark.parametrize(
    ("key", "fits"),
    [
        ("fork", ["fork 3.11", "fork 3.13", "fork 3.15"]),
        ("3.13", ["fork 3.13", "spawn 3.13"]),
        ("3.13+", ["fork 3.13", "fork 3.15", "spawn 3.13"]),
        ("3.13-", ["fork 3.11", "fork 3.13", "spawn 3.13"]),
        ("spawn 3.13+", ["spawn 3.13"]),
        ("spawn3.13", ["spawn 3.13"]),
    ],
)
def test_keys(key: str, fits: list[str]) -> None:
    """A key names a start method, a version, a version and later or earlier, or both."""
    expectations = Expectations.parse({key: "stuck"})
    runs = ["fork 3.11", "fork 3.13", "fork 3.15", "spawn 3.13"]
    assert [run for run in runs if str(expectations.of(*run.split())) == "stuck"] == fits


def test_versions_are_numbers() -> None:
    """3.9 is earlier than 3.11, and a full or pre-release version is its minor one."""
    expectations = Expectations.parse({"3.11+": "stuck"})
    found = {version: str(expectations.of("fork", version)) for version in ("3.9", "3.11.7", "3.100", "3.15.0rc1")}
    assert found == {"3.9": "ok", "3.11.7": "stuck", "3.100": "stuck", "3.15.0rc1": "stuck"}


def test_last_key_counts() -> None:
    """Of the keys that fit, the last counts."""
    expectations = Expectations.parse({"3.14+": "stuck", "spawn": "error EOFError", "spawn 3.15": "exit 3"})
    assert str(expectations.of("fork", "3.15")) == "stuck"
    assert str(expectations.of("spawn", "3.14")) == "error EOFError"
    assert str(expectations.of("spawn", "3.15")) == "exit 3"


@pytest.mark.parametrize(
    "key", ["", " ", "thread", "Fork", "3", "4.1", "3.13++", "3.13 fork", ">=3.13", "fork spawn", 3]
)
def test_no_key(key: object) -> None:
    """Another key is an error that names it."""
    with pytest.raises(ExpectationError, match="unknown key"):
        Expectations.parse({key: "ok"})  # type: ignore[dict-item]


def test_no_outcome_under_a_key() -> None:
    """An outcome that can not be read is an error under a key too."""
    with pytest.raises(ExpectationError, match="unknown outcome 'fine'"):
        Expectations.parse({"fork": "fine"})


def test_hashable() -> None:
    """Expectations are values: equal ones are one."""
    assert len({Expectations.parse({"fork": "ok"}), Expectations.parse({"fork": "ok"})}) == 1
