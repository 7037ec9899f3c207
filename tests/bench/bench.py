"""Measure what running costs: `nox -s bench`.

Each baseline is measured beside what it is compared with, in the same minutes, and
the figures that count are ratios.  Prints each, writes all to a JSON file, and ends
with exit status 1 if a limit is missed.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from tests.bench import builds, growth, overhead
from tests.bench.figures import Figure, line, missed, told, write
from tests.bench.sites import BenchError

__all__ = ["FULL", "PARTS", "SMALL", "Size", "main"]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    start_methods: tuple[str, ...] = ("fork", "forkserver", "spawn")
    #: pairs of script and run, of Python with and without us
    pairs: int = 41
    #: pages and cells of the site that computes
    cold: tuple[int, int] = (8, 4)
    #: cells that sleep, and how many seconds
    sleeping: tuple[int, float] = (5, 2.0)
    stock: tuple[int, int] = (20, 5)
    unchanged: tuple[int, int] = (20, 5)
    #: numbers of pages
    growth: tuple[int, ...] = (10, 100, 1000)
    #: how often each is done
    rounds: int = 3
    #: pairs of builds when nothing has changed
    builds: int = 9


FULL = Size()
#: shows that everything works; its figures say little
SMALL = Size(("fork",), 2, (1, 2), (2, 0.5), (1, 2), (1, 1), (1, 2), 1, 1)

PARTS: dict[str, Callable[[Path, Size], Iterator[Figure]]] = {
    "startup": lambda folder, size: overhead.startup(folder, size.pairs),
    "overhead": lambda folder, size: overhead.overhead(folder, size.start_methods, size.pairs),
    "cold": lambda folder, size: builds.cold(folder, *size.cold, size.rounds),
    "sleeping": lambda folder, size: builds.sleeping(folder, *size.sleeping, size.rounds),
    "stock": lambda folder, size: builds.stock(folder, *size.stock, size.rounds),
    "unchanged": lambda folder, size: builds.unchanged(folder, *size.unchanged, size.builds),
    "growth": lambda folder, size: growth.growth(folder, size.growth, size.rounds),
}


@click.command
@click.argument("parts", nargs=-1, type=click.Choice(list(PARTS)))
@click.option("--small", is_flag=True, help="Tiny sizes: shows that it works, and tells nothing of speed.")
@click.option("--json", "file", default="docs/_build/bench.json", show_default=True, type=click.Path(path_type=Path))
def main(parts: tuple[str, ...], *, small: bool, file: Path) -> None:
    """Measure all PARTS, or those that are named; exit status 1 if a limit is missed."""
    figures: list[Figure] = []
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            for part in parts or PARTS:
                for figure in PARTS[part](Path(folder) / part, SMALL if small else FULL):
                    figures.append(figure)
                    click.echo(line(figure))
    except BenchError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    write(file, told(figures))
    click.echo(f"written to {file}")
    if names := missed(figures):
        click.echo(f"limits missed: {', '.join(names)}")
        sys.exit(1)


if __name__ == "__main__":
    main()
