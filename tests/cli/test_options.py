"""What several commands take."""

from __future__ import annotations

import click
import pytest

from spawnable.cli import options
from spawnable.cli.options import expectations_of, pythons_of, size
from spawnable.python import Python


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("1000", 1000), ("500M", 500_000_000), ("1.5 GB", 1_500_000_000), ("2kB", 2000), ("3MiB", 3_145_728)],
)
def test_sizes(text: str, number: int) -> None:
    """A size is a number with a unit, decimal or binary."""
    assert size(text) == number


@pytest.mark.parametrize("text", ["", "M", "-1", "1T", "1 2", "1i"])
def test_no_sizes(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(click.BadParameter, match="no size"):
        size(text)


def test_the_last_expectation_that_fits_counts() -> None:
    """Several `--expect` are read in their order."""
    expected = expectations_of(["stuck", "fork=ok", "fork 3.14+=error OSError"])
    assert str(expected.of("spawn", "3.13")) == "stuck"
    assert str(expected.of("fork", "3.13")) == "ok"
    assert str(expected.of("fork", "3.15")) == "error OSError"


def test_a_python_is_taken_once() -> None:
    """Naming an interpreter twice does not run it twice."""
    current = Python.current()
    assert pythons_of([current.executable, current.executable]) == [current]
    assert pythons_of([]) == [current]


def test_missing_pythons_of_all_are_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`all` takes those that are there and names those that are not."""
    there = Python("/bin/python", "3.13.0", "digest")
    monkeypatch.setattr(options, "find_pythons", lambda _: [there])
    assert pythons_of(["all"]) == [there]
    told = capsys.readouterr().err
    assert "Python 3.12 is not here: skipped" in told
    assert "3.13" not in told
