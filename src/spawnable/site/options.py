"""The options of a code cell: what each means, which values it takes, what is wrong with one.

`CellOptions` is the one place where they are written down; the directive
`{cell-options}` makes the reference table out of its fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any

from spawnable.expectation import START_METHODS, ExpectationError, Expectations
from spawnable.recipes import file_of

# ruff: noqa: RUF009 - `_option` makes a dataclass field, as `field` does

__all__ = ["CellOptions", "OptionError", "described", "parse_options"]


class OptionError(ValueError):
    """An option that can not be used; the message says what would be right."""


def _name(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value):
        raise OptionError(f"{value!r} is no name: expected lower-case letters and digits with hyphens between them")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise OptionError(f"{value!r} is not text: put it between quotes")
    return value


def _file(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_]\w*\.py", value, re.ASCII):
        raise OptionError(f"{value!r} is no script's file name: expected one such as worker.py, without a folder")
    return value


def _recipe(value: Any) -> str:
    try:
        file_of(_text(value))
    except LookupError as error:
        raise OptionError(str(error)) from error
    return str(value)


def _message(value: Any) -> str:
    from spawnable.messages import message_of

    try:
        found = message_of(_text(value))
    except LookupError as error:
        raise OptionError(str(error)) from error
    if found.reach == "never":
        raise OptionError(f"no run can print the message {value!r}: {found.reason}")
    return str(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise OptionError(f"{value!r} is neither true nor false")
    return value


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 600:  # noqa: PLR2004
        raise OptionError(f"{value!r} is no time limit: expected seconds, from 0.1 to 600")
    return float(value)


def _list(one: Callable[[Any], str]) -> Callable[[Any], tuple[str, ...]]:
    def read(value: Any) -> tuple[str, ...]:
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list):
            raise OptionError(f"{value!r} is no list: expected one such as [first, second]")
        items = tuple(one(item) for item in value)
        if len(set(items)) < len(items) and one is not _text:
            raise OptionError(f"{value!r} names something twice")
        return items

    return read


def _start_method(value: Any) -> str:
    if value not in START_METHODS:
        raise OptionError(f"unknown start method {value!r}: expected one of {', '.join(START_METHODS)}")
    return str(value)


def _start_methods(value: Any) -> tuple[str, ...]:
    methods = _list(_start_method)(value)
    if not methods:
        raise OptionError("no start method is named: with `run: false` a cell is not run")
    return tuple(method for method in START_METHODS if method in methods)


def _pythons(value: Any) -> str:
    text = str(value) if isinstance(value, str | float) and not isinstance(value, bool) else ""
    if not re.fullmatch(r"3\.\d+[+-]?", text):
        raise OptionError(f"{value!r} is no Python version: expected 3.14, 3.14+ (and later) or 3.14- (and earlier)")
    return text


def _expect(value: Any) -> Expectations:
    if value is None:
        raise OptionError("nothing is expected: leave the option out, or write ok")
    try:
        return Expectations.parse(value if isinstance(value, Mapping) else _text(value))
    except ExpectationError as error:
        raise OptionError(str(error)) from error


def _timeline(value: Any) -> str:
    if isinstance(value, bool):
        return "processes" if value else ""
    if value not in TIMELINES:
        raise OptionError(f"unknown timeline {value!r}: expected true, false, {' or '.join(TIMELINES)}")
    return str(value)


def _option(values: str, doc: str, read: Callable[[Any], Any], default: Any, shown: str) -> Any:
    return field(default=default, metadata={"values": values, "doc": doc, "read": read, "default": shown})


_STRICT = Expectations()
#: what a timeline can show beside the processes of a run
TIMELINES = ("messages", "compare")


@dataclass(frozen=True, slots=True)
class CellOptions:
    """What stands between the two `---` lines of a cell."""

    name: str = _option(
        "letters, digits, hyphens",
        "Names the cell: unique on its page, a part of its link `#cell-NAME`.",
        _name,
        "",
        "required",
    )
    expect: Expectations = _option(
        "an expectation, or a mapping of start methods and versions to one",
        "Says what its runs must do; anything else fails the build.",
        _expect,
        _STRICT,
        "`ok`",
    )
    start_methods: tuple[str, ...] = _option(
        "a list of `fork`, `forkserver`, `spawn`",
        "Runs it under these alone.",
        _start_methods,
        START_METHODS,
        "all three",
    )
    pythons: str = _option(
        "`3.14`, `3.14+` or `3.14-`",
        "Runs it on that version, that and later, or that and earlier.",
        _pythons,
        "",
        "all",
    )
    timeout: float = _option(
        "seconds",
        "Ends a run after that time, as stuck.",
        _seconds,
        20.0,
        "`20`",
    )
    unordered: bool = _option(
        "`true` or `false`",
        "Says that the order of its output lines is left to chance, on the page and where runs are compared.",
        _flag,
        False,
        "`false`",
    )
    file: str = _option(
        "a file name",
        "Names the file as which it is run and downloaded.",
        _file,
        "main.py",
        "`main.py`",
    )
    needs: tuple[str, ...] = _option(
        "a list of cells of the page",
        "Puts the files of these cells beside it.",
        _list(_name),
        (),
        "none",
    )
    recipes: tuple[str, ...] = _option(
        "a list of recipes",
        "Puts the files of these [recipes](../recipes/index.md) beside it; the page shows each, under the name "
        "`recipe-NAME`.",
        _list(_recipe),
        (),
        "none",
    )
    messages: tuple[str, ...] = _option(
        "a list of [messages](../failures/messages.md)",
        "Says that each of these is printed, on every Python that has it, by a run under some start method; "
        "one that is not fails the build.",
        _list(_message),
        (),
        "none",
    )
    run: bool = _option(
        "`true` or `false`",
        "With `false` it is shown, and not run on its own: a file that other cells need.",
        _flag,
        True,
        "`true`",
    )
    arguments: tuple[str, ...] = _option(
        "a list of texts",
        "Puts these behind the file name on the command line.",
        _list(_text),
        (),
        "none",
    )
    table: bool = _option(
        "`true` or `false`",
        "Shows the table of the run's processes under its output.",
        _flag,
        False,
        "`false`",
    )
    timeline: str = _option(
        "`true`, `false`, `messages` or `compare`",
        "Draws the run: its processes; `messages` between them too, from a second run that records them; `compare` "
        "draws those of all start methods on one scale.",
        _timeline,
        "",
        "`false`",
    )
    packages: tuple[str, ...] = _option(
        "a list of distributions",
        "Installs these for its runs.",
        _list(_text),
        (),
        "none",
    )


def parse_options(raw: Mapping[str, Any]) -> tuple[CellOptions, list[str]]:
    """Read a cell's options; for each that is wrong its default, and a message that says what would be right."""
    known = {item.name.replace("_", "-"): item for item in fields(CellOptions)}
    read: dict[str, Any] = {}
    faults: list[str] = []
    for key, value in raw.items():
        if (item := known.get(key)) is None:
            near = get_close_matches(str(key), known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(known)}"
            faults.append(f"unknown option {key!r}: {hint}")
            continue
        try:
            read[item.name] = item.metadata["read"](value)
        except OptionError as error:
            faults.append(f"option {key!r}: {error}")
    if "name" not in raw:
        faults.append("the cell has no name: add `name: something`, unique on the page, between two `---` lines")
    return CellOptions(**read), faults


def described() -> list[tuple[str, str, str, str]]:
    """Return name, values, default and meaning of each option, in MyST Markdown."""
    return [
        (f"`{f.name.replace('_', '-')}`", f.metadata["values"], f.metadata["default"], f.metadata["doc"])
        for f in fields(CellOptions)
    ]
