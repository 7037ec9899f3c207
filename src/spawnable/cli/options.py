"""What several commands take: Pythons, sizes, expectations, start methods; and how they fail."""

from __future__ import annotations

import math
import multiprocessing
import re
from collections.abc import Callable, Iterable

import click

from spawnable.expectation import START_METHODS, Expectation, ExpectationError, Expectations
from spawnable.python import MINORS, Python, PythonError, find_pythons

__all__ = ["AVAILABLE", "Failure", "expectations_of", "python_option", "pythons_of", "seconds", "size", "size_of"]

#: the start methods that this platform has
AVAILABLE = tuple(method for method in START_METHODS if method in multiprocessing.get_all_start_methods())

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([kmg])(i?))?b?", re.IGNORECASE)
_DAY = 86_400
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3}

python_option = click.option(
    "--python",
    "pythons",
    metavar="PYTHON",
    multiple=True,
    help="A version such as 3.13, a path, or `all` for every one found of 3.11 to 3.15; may be repeated.  "
    "[default: the one that runs this command]",
)


class Failure(click.ClickException):
    """What could not be done at all; exit status 2, as for wrong usage."""

    exit_code = 2


def size(text: str) -> int:
    """Return the bytes that a text such as `500M` means.

    >>> size("1.5k")
    1500

    Raises click.BadParameter where it means none.
    """
    match = _SIZE.fullmatch(str(text).strip())
    if match is None:
        raise click.BadParameter(f"{text!r} is no size: expected a number of bytes, such as 1000000, 500M or 2G")
    unit = (1024 if match[3] else 1000) ** _POWERS[(match[2] or "").lower()]
    return int(float(match[1]) * unit)


def size_of(least: int) -> Callable[[str], int]:
    """Return the type of an option that takes a size of no fewer bytes."""

    def read(text: str) -> int:
        number = size(text)
        if number < least:
            raise click.BadParameter(f"{text!r} is too little: the least is {least / 1_000_000:g}M")
        return number

    return read


def seconds(text: str) -> float:
    """Return a time limit in seconds: more than none, and no more than a day.

    Raises click.BadParameter where a text is none.
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number <= _DAY:
        raise click.BadParameter(f"{text!r} is no time limit: expected seconds, more than 0 and at most {_DAY}")
    return number


def pythons_of(values: Iterable[str]) -> list[Python]:
    """Return the Pythons meant by the values of `--python`, each once; tell which of `all` are missing.

    Raises Failure where one is named that is not there.
    """
    found: dict[str, Python] = {}
    for value in values:
        try:
            pythons = _all() if value == "all" else [Python.probe(value)]
        except PythonError as error:
            raise Failure(str(error)) from error
        found.update({python.executable: python for python in pythons})
    return list(found.values()) or [Python.current()]


def _all() -> list[Python]:
    pythons = find_pythons(MINORS)
    there = {python.minor for python in pythons}
    for minor in MINORS:
        if minor not in there:
            click.echo(f"Python {minor} is not here: skipped", err=True)
    return pythons


def expectations_of(texts: Iterable[str]) -> Expectations:
    """Return what `--expect` declares: an expectation, or `KEY=EXPECTATION` for some runs.

    >>> expectations_of(["ok", "spawn=error RuntimeError"]).of("spawn", "3.13").kinds
    frozenset({'error'})

    Raises click.BadParameter where a text is neither.
    """
    rules: list[tuple[str, str, Expectation]] = []
    for text in texts:
        key, equals, expectation = text.partition("=")
        try:
            rules += Expectations.parse({key: expectation} if equals else text).rules
        except ExpectationError as error:
            raise click.BadParameter(str(error), param_hint="--expect") from error
    return Expectations(tuple(rules))
