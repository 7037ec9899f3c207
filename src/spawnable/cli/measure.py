"""`spawnable measure`: what multiprocessing costs on a reader's own machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

from spawnable.cli.options import Failure, python_option, pythons_of, seconds
from spawnable.measure import SUBJECTS, Plan, Table, subject
from spawnable.measure.apart import MeasureError, measure_apart
from spawnable.measure.shown import cell, headings

__all__ = ["measure"]

#: columns that a table may take
_WIDEST = 1_000


@click.command
@click.argument("subjects", metavar="SUBJECT...", nargs=-1, type=click.Choice([*SUBJECTS, "all"]))
@click.option("--list", "listed", is_flag=True, help="Name the subjects and what they measure, and end.")
@click.option("--quick", is_flag=True, help="A trial of some seconds, whose figures say nothing.")
@click.option("--seconds", "limit", type=seconds, metavar="N", help="Seconds for each subject.  [default: 100]")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write the rows there; a folder for several.")
@click.option("--chart", type=click.Path(path_type=Path), help="Draw them there, as SVG; a folder for several.")
@python_option
def measure(
    subjects: Sequence[str],
    listed: bool,
    quick: bool,
    limit: float | None,
    file: Path | None,
    chart: Path | None,
    pythons: Sequence[str],
) -> None:
    """Measure each SUBJECT on this machine, and show what was found as a table.

    A SUBJECT is a name that --list tells, or `all`.  What is compared is measured in turns, for
    as long as --seconds allows.  Exit status 0: done; 2: something could not be measured or written.
    """
    if listed:
        _list()
        return
    if not subjects:
        raise click.UsageError("name a SUBJECT, or `all`; --list tells what there is")
    names = list(dict.fromkeys(name for given in subjects for name in (SUBJECTS if given == "all" else (given,))))
    plan = Plan.trial() if quick else Plan()
    plan = Plan(limit or plan.seconds, quick, plan.repeats)
    interpreters = pythons_of(pythons)
    if len(interpreters) > 1:
        raise Failure("one table has one Python: name one by --python")
    for name in names:
        click.echo(f"{name}: about {plan.seconds:g} s", err=True)
        try:
            table = measure_apart(name, plan, interpreters[0].executable)
        except MeasureError as error:
            raise Failure(str(error)) from error
        _show(table)
        if file:
            _write(file, f"{name}.json", table.to_json(), len(names) > 1)
        if chart:
            from spawnable.measure.draw import sheet

            _write(chart, f"{name}.svg", sheet(subject(name).charts, table), len(names) > 1)


def _list() -> None:
    console = Console(highlight=False)
    shown = RichTable("subject", "what it measures", box=None, pad_edge=False)
    for name in SUBJECTS:
        shown.add_row(name, Text(subject(name).summary))
    console.print(shown)


def _show(table: Table) -> None:
    """Print the rows, and whose they are."""
    machine = table.machine
    click.echo(f"{machine.processor}, {machine.cpus} CPUs, {machine.system}, Python {machine.python}\n")
    shown = RichTable(box=None, pad_edge=False)
    columns = headings(table)
    for column in columns:
        numbers = all(isinstance(row.get(column), int | float | None) for row in table.rows)
        shown.add_column(Text(column), justify="right" if numbers else "left", no_wrap=True)
    for row in table.rows:
        shown.add_row(*(Text(cell(row, column)) for column in columns))
    console = Console(highlight=False)
    # a line that is too long for a terminal goes on below; none of its figures is cut off
    needed = Measurement.get(console, console.options.update(max_width=_WIDEST), shown).maximum
    Console(highlight=False, width=max(console.width, needed)).print(shown)
    for said in table.missing:
        click.echo(said)
    click.echo()


def _write(path: Path, name: str, text: str, is_folder: bool) -> None:
    """Write a file; where there are several, or a folder is named, it lies in that by its own name."""
    target = path / name if is_folder or path.is_dir() or not path.suffix else path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise Failure(f"{target} can not be written: {error.strerror}") from error
    click.echo(f"written: {target}", err=True)
