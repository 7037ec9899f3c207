"""The directive `{matrix}`: every cell under every start method on every Python and system that ran it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from docutils import nodes
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

from spawnable.expectation import START_METHODS
from spawnable.site import words
from spawnable.site.domain import SpawnableDomain
from spawnable.site.language import _

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = ["MatrixDirective", "fill_matrices", "matrix"]

#: the height of a row, and of what stands above the rows, in rem, as the style sheet has it
_ROW, _HEAD = 3.25, 6.8
#: system and machine, version of Python, start method
Column = tuple[str, str, str]


class matrix(nodes.General, nodes.Element):  # noqa: N801 - nodes are named as they are written
    """Where the table of all cells and their runs comes."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A cell that was run: what each run did that its page does not show, empty where it is shown."""

    docname: str
    name: str
    runs: dict[Column, str]


class MatrixDirective(SphinxDirective):
    """The table of all cells and their runs."""

    def run(self) -> list[nodes.Node]:
        """Return the place of the table."""
        cast("SpawnableDomain", self.env.domains["spawnable"]).matrices.add(self.env.docname)
        return [matrix()]


def fill_matrices(app: Sphinx, document: nodes.document, docname: str) -> None:
    """Put the table of all cells and their runs where it belongs, once all pages are read."""
    for place in list(document.findall(matrix)):
        pages = cast("SpawnableDomain", app.env.domains["spawnable"]).pages
        rows = [_row(page, snippet) for page in sorted(pages) for snippet in pages[page]["snippets"] if snippet["runs"]]
        place.replace_self(_Matrix(app, docname, rows).parts() if rows else [])


def _row(docname: str, snippet: dict[str, Any]) -> _Row:
    runs = {
        (str(run["platform"]), words.minor(run["python"]), str(run["start_method"])): str(run["differs"])
        for run in snippet["runs"]
    }
    return _Row(docname, str(snippet["name"]), runs)


class _Matrix:
    """What a page shows of some cells."""

    def __init__(self, app: Sphinx, docname: str, rows: list[_Row]) -> None:
        self._app, self._docname, self._rows = app, docname, rows
        found = {column for row in rows for column in row.runs}
        # the system of this build first: each cell's first run is its own
        systems = list(dict.fromkeys([next(iter(row.runs))[0] for row in rows] + sorted({item[0] for item in found})))
        self._systems = systems
        self._columns = sorted(
            found, key=lambda item: (systems.index(item[0]), words.order(item[1]), START_METHODS.index(item[2]))
        )

    def parts(self) -> list[nodes.Element]:
        """Return how many runs agree, each difference in words, and the table."""
        differing = [(row, column) for row in self._rows for column in self._columns if row.runs.get(column)]
        runs = sum(len(row.runs) for row in self._rows)
        said = _(
            "%(scripts)d scripts, %(runs)d runs: %(agree)d agree with what their page shows, %(differ)d differ."
        ) % {
            "scripts": len(self._rows),
            "runs": runs,
            "agree": runs - len(differing),
            "differ": len(differing),
        }
        found: list[nodes.Element] = []
        places: dict[str, str] = {}
        groups: dict[str, list[_Row]] = {}
        for row in self._rows:
            groups.setdefault(row.docname.rpartition("/")[0], []).append(row)
        for group, of_it in groups.items():
            anchor = f"matrix-{nodes.make_id(group)}" if group else "matrix"
            places[anchor] = group or _("the first page")
            found += self._group(group, of_it, anchor)
        if differing:
            places["matrix-differences"] = _("the differences, in words")
            found.append(self._list(differing))
        summary = nodes.paragraph(said, said, classes=["matrix-summary"])
        return [summary, _jumps(places), *found] if len(places) > 1 else [summary, *found]

    def _group(self, name: str, rows: list[_Row], anchor: str) -> list[nodes.Element]:
        """Return the table of one folder's scripts, which a browser lays out when it is scrolled to."""
        begin = f'<div class="matrix" style="contain-intrinsic-height:auto {len(rows) * _ROW + _HEAD:g}rem">'
        table = self._table(rows)
        if name:
            said = _("%(folder)s, %(scripts)d scripts") % {"folder": name, "scripts": len(rows)}
            table.insert(0, nodes.title(said, said))
        table["ids"].append(anchor)
        return [nodes.raw("", begin, format="html"), table, nodes.raw("", "</div>", format="html")]

    def _list(self, differing: Iterable[tuple[_Row, Column]]) -> nodes.bullet_list:
        """Return each difference in words, equal ones of a cell together."""
        together: dict[tuple[str, str, str], list[Column]] = {}
        for row, column in differing:
            together.setdefault((row.docname, row.name, row.runs[column]), []).append(column)
        found = nodes.bullet_list("", classes=["matrix-differences"], ids=["matrix-differences"])
        for (docname, name, how), columns in together.items():
            text = f": {words.places(columns, self._systems[0])}: {how}"
            said = nodes.paragraph("", "", self._link(docname, name), nodes.Text(text))
            found += nodes.list_item("", said)
        return found

    def _table(self, rows: Iterable[_Row]) -> nodes.table:
        group = nodes.tgroup("", nodes.colspec(colwidth=20, stub=1), cols=len(self._columns) + 1)
        group += [nodes.colspec(colwidth=5) for _column in self._columns]
        group += nodes.thead("", *self._head())
        group += nodes.tbody("", *(self._line(row) for row in rows))
        return nodes.table("", group)

    def _head(self) -> list[nodes.row]:
        versions: dict[tuple[str, str], int] = {}
        for system, minor, _method in self._columns:
            versions[system, minor] = versions.get((system, minor), 0) + 1
        first = nodes.row("", _entry(nodes.Text(_("Script")), morerows=1))
        for (system, minor), count in versions.items():
            title = _("Python %s") % minor
            title = title if len(self._systems) == 1 else f"{words.platform(system)}, {title}"
            first += _entry(nodes.Text(title), morecols=count - 1)
        return [first, nodes.row("", *(_entry(nodes.Text(method)) for _system, _minor, method in self._columns))]

    def _line(self, row: _Row) -> nodes.row:
        page = nodes.inline("", f"{row.docname.rpartition('/')[2]} ", classes=["matrix-page"])
        shown = nodes.inline("", "", page, nodes.literal("", row.name))
        line = nodes.row("", _entry(self._link(row.docname, row.name, shown)))
        for column in self._columns:
            how = row.runs.get(column)
            if how:
                line += _entry(self._link(row.docname, row.name, nodes.inline("", _("differs")), how))
            else:
                line += _entry(nodes.Text("-" if how is None else "✓"))
        return line

    def _link(
        self, docname: str, name: str, shown: nodes.Element | None = None, title: str | None = None
    ) -> nodes.Node:
        shown = shown or nodes.literal("", name)
        return make_refnode(self._app.builder, self._docname, docname, f"cell-{name}", shown, title)


def _jumps(places: dict[str, str]) -> nodes.paragraph:
    """Return links to parts of the page, by their anchors."""
    found = nodes.paragraph("", "", classes=["matrix-jumps"])
    for anchor, said in places.items():
        found += [nodes.Text(" · " if found.children else ""), nodes.reference(said, said, refid=anchor)]
    return found


def _entry(*content: nodes.Node, **span: int) -> nodes.entry:
    return nodes.entry("", nodes.paragraph("", "", *content), **{name: count for name, count in span.items() if count})
