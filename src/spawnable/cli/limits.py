"""The options by which a reader bounds a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from spawnable.cli.options import seconds, size, size_of
from spawnable.snippet import Limits

__all__ = ["limit_options", "limits_of"]

Command = TypeVar("Command", bound=Callable[..., object])

_DEFAULT = Limits()
#: bytes with which a Python starts at all, and which files of a run may take
_MEGABYTE = 1_000_000


def _units(number: int) -> str:
    """Return bytes as the option takes them, such as `500M`."""
    return f"{number // 10**9}G" if number % 10**9 == 0 else f"{number // 10**6}M"


def limit_options(command: Command) -> Command:
    """Give a command the options that `limits_of` reads."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def limits_of(options: dict[str, object]) -> Limits:
    """Return the limits that the options of a command are."""
    return Limits(**options)  # type: ignore[arg-type]


_OPTIONS = (
    click.option(
        "--timeout",
        "time",
        type=seconds,
        metavar="SECONDS",
        default=_DEFAULT.time,
        show_default=True,
        help="What a run may take; one that takes longer is stuck: it is ended, and the stack of each process shown.",
    ),
    click.option(
        "--memory",
        type=size_of(10 * _MEGABYTE),
        metavar="SIZE",
        default=_DEFAULT.memory,
        help=f"What all its processes may hold together, in bytes or as 500M.  [default: {_units(_DEFAULT.memory)}]",
    ),
    click.option(
        "--processes",
        type=click.IntRange(min=1),
        metavar="N",
        default=_DEFAULT.processes,
        show_default=True,
        help="How many may live at once, those that multiprocessing starts for itself included.",
    ),
    click.option(
        "--output",
        type=size,
        metavar="SIZE",
        default=_DEFAULT.output,
        help=f"How much of its output is kept; the rest is counted.  [default: {_units(_DEFAULT.output)}]",
    ),
    click.option(
        "--files",
        type=click.IntRange(min=16),
        metavar="N",
        default=_DEFAULT.files,
        show_default=True,
        help="How many one process may have open.",
    ),
    click.option(
        "--disk",
        type=size_of(_MEGABYTE),
        metavar="SIZE",
        default=_DEFAULT.disk,
        help=f"What its files may take, and again its shared memory; on Linux.  [default: {_units(_DEFAULT.disk)}]",
    ),
    click.option(
        "--network/--no-network",
        default=True,
        show_default=True,
        help="Whether it sees this machine's network, or on Linux a loopback of its own.",
    ),
)
