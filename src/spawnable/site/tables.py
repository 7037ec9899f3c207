"""What was measured, for pages: the tables of `spawnable_tables`, and rows of them as nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from docutils import nodes
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from spawnable.measure.chart import Chart
from spawnable.measure.table import Row, Table, TableError, Value
from spawnable.measure.units import shown
from spawnable.site.language import _

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from spawnable.site.domain import SpawnableDomain

__all__ = ["figures", "holds_table", "note_faults", "simple_table", "table_of", "tables", "warn", "whose"]

_log = logging.getLogger(__name__)
#: the attribute of a document on which something is wrong
_FAULT = "measured-fault"


def warn(document: nodes.document, kind: str, text: object, place: tuple[str, int]) -> None:
    """Warn of what is wrong on a page, which is then read by each build until it is right."""
    _log.warning(f"{kind}: %s", text, location=place, type="spawnable", subtype=kind)
    document[_FAULT] = True


def note_faults(app: Sphinx, document: nodes.document) -> None:
    """Keep that something is wrong on a page, once all else is known of it."""
    if document.attributes.pop(_FAULT, False):
        cast("SpawnableDomain", app.env.domains["spawnable"]).note_fault(app.env.docname)


def holds_table(env: BuildEnvironment, subject: str) -> bool:
    """Tell whether there is a table of that subject."""
    return subject.isidentifier() and _path(env, subject).is_file()


def tables(env: BuildEnvironment, subjects: Iterable[str]) -> Iterator[str]:
    """Give the names of the tables that there are of these subjects: `workers`, and `workers_…` of other machines."""
    for subject in subjects:
        if holds_table(env, subject):
            yield subject
        yield from sorted(file.stem for file in _path(env, subject).parent.glob(f"{subject}_*.json"))


def table_of(env: BuildEnvironment, subject: str) -> Table:
    """Return what was measured of a subject; the page that is being read is read again when that changes.

    Raises LookupError where there is none, or none that is good for a page.
    """
    path = _path(env, subject)
    if not holds_table(env, subject):
        known = ", ".join(sorted(file.stem for file in path.parent.glob("*.json"))) or "none"
        raise LookupError(f"{path} is not there: there are {known}")
    env.note_dependency(str(path))
    try:
        table = _read(str(path), path.stat().st_mtime_ns)
    except TableError as error:
        raise LookupError(str(error)) from error
    if table.quick:
        raise LookupError(f"{path} holds a trial, whose figures say nothing: measure without --quick")
    return table


def _path(env: BuildEnvironment, subject: str) -> Path:
    return Path(env.app.confdir, env.config.spawnable_tables, f"{subject}.json")


@lru_cache(maxsize=32)
def _read(path: str, changed: int) -> Table:  # noqa: ARG001 - a changed file is read anew
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"{path} can not be read: {error}") from error
    return Table.from_json(text, path)


def whose(table: Table) -> str:
    """Return in words whose data a table has."""
    machine = table.machine
    return _(
        "Measured on %(date)s: %(processor)s, CPUs: %(cpus)d, memory: %(memory)s, %(system)s, Python %(python)s."
    ) % {
        "date": table.date,
        "processor": machine.processor,
        "cpus": machine.cpus,
        "memory": shown(machine.memory_mb, "memory_mb"),
        "system": machine.system,
        "python": machine.python,
    }


def figures(chart: Chart, rows: Sequence[Row]) -> nodes.table:
    """Return the figures of a chart as a table: a column for each series, or a row for each bar."""
    if chart.series and chart.is_lines(rows):
        return _across(chart, rows)
    names = [*dict.fromkeys(filter(None, (chart.x, chart.series)))]
    head = [_title(chart, name) for name in (*names, chart.y)]
    body = [[*(_words(row.get(name), name) for name in names), _figure(row, chart.y)] for row in rows]
    return simple_table(head, body, stubs=len(names))


def _across(chart: Chart, rows: Sequence[Row]) -> nodes.table:
    series = list(dict.fromkeys(row.get(chart.series) for row in rows))
    found = {(row[chart.x], row.get(chart.series)): row for row in rows}
    places: list[Value] = sorted({row[chart.x] for row in rows}, key=float)  # type: ignore[arg-type] # lines have numbers
    head = [_title(chart, chart.x), *(shown(name, chart.series) for name in series)]
    body = [
        [_words(place, chart.x), *(_figure(found.get((place, name), {}), chart.y) for name in series)]
        for place in places
    ]
    return simple_table(head, body, stubs=1)


def _title(chart: Chart, column: str) -> str:
    return {chart.x: chart.x_title, chart.y: chart.y_title}.get(column) or column


def _words(value: Value, column: str) -> nodes.paragraph:
    return nodes.paragraph("", shown(value, column))


def _figure(row: Row, column: str) -> nodes.paragraph:
    """Return a figure with its unit, and beside it the quartiles, or else nothing."""
    if row.get(column) is None:
        return nodes.paragraph("", "")
    said = nodes.paragraph("", shown(row[column], column))
    low, high = row.get(f"{column}_q1"), row.get(f"{column}_q3")
    if low is not None and high is not None:
        said += nodes.Text(" ")
        said += nodes.inline("", f"({shown(low, column)} … {shown(high, column)})", classes=["spread"])
    return said


def simple_table(head: Sequence[str], body: Iterable[Sequence[nodes.paragraph]], *, stubs: int) -> nodes.table:
    """Return a table whose first columns name what its rows tell of."""
    group = nodes.tgroup("", cols=len(head))
    group += [nodes.colspec(colwidth=10, stub=int(number < stubs)) for number in range(len(head))]
    group += nodes.thead("", nodes.row("", *(nodes.entry("", nodes.paragraph("", title)) for title in head)))
    group += nodes.tbody("", *(nodes.row("", *(nodes.entry("", cell) for cell in row)) for row in body))
    return nodes.table("", group, classes=["figures"])
