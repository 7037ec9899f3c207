"""The directive `{chart}`: what was measured, drawn, with its figures as a table below.

    ```{chart} transports latency
    :alt: what a reader who does not see it is told
    The sentence that the chart proves.
    ```

The name after the subject is one of its module's `CHARTS`; options change it, or, without a
name, say all of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from spawnable.measure.chart import Chart
from spawnable.measure.draw import draw
from spawnable.measure.shown import plain
from spawnable.measure.subjects import SUBJECTS, subject
from spawnable.measure.table import TableError
from spawnable.measure.units import shown
from spawnable.site.language import _
from spawnable.site.tables import figures, simple_table, table_of, tables, warn, whose

__all__ = ["ChartDirective", "setup", "where"]

_CONDITION = re.compile(r"""\s*(\w+)=("[^"]*"|[^\s"]+)""")
#: rows of a table that is open from the start
_FEW = 6


def where(text: str) -> dict[str, list[str]]:
    """Return the conditions that a text such as `transport=Pipe|Queue kind="one to one"` names.

    >>> where('size=8|64 kind="one to one"')
    {'size': ['8', '64'], 'kind': ['one to one']}

    Raises ValueError where a text is none.
    """
    found = {}
    at = 0
    for condition in _CONDITION.finditer(text):
        if condition.start() != at:
            break
        found[condition[1]] = condition[2].strip('"').split("|")
        at = condition.end()
    if text[at:].strip():
        raise ValueError(f"{text[at:].strip()!r} is no condition: expected NAME=VALUE, several values joined by |")
    return found


def _axes(text: str) -> str:
    return directives.choice(text, ("x", "y", "xy", "none")).replace("none", "")


class ChartDirective(SphinxDirective):
    """A chart of one subject."""

    required_arguments = 1
    optional_arguments = 1
    has_content = True
    option_spec: ClassVar[dict[str, Callable[[str], object]]] = {
        "title": directives.unchanged_required,
        "x": directives.unchanged_required,
        "y": directives.unchanged_required,
        "series": directives.unchanged,
        "where": where,
        "log": _axes,
        "kind": lambda text: directives.choice(text, ("lines", "bars")),
        "x-title": directives.unchanged_required,
        "y-title": directives.unchanged_required,
        "alt": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Return the chart, or nothing but a warning where there is none."""
        try:
            return [self._figure()]
        except (LookupError, TableError) as error:
            warn(self.state.document, "chart", error, (self.env.docname, self.lineno))
            return []

    def _figure(self) -> nodes.container:
        table = table_of(self.env, self.arguments[0])
        chart = self._chart()
        drawing = draw(chart, table, alt=self.options.get("alt", ""))
        caption = nodes.paragraph("", "", classes=["chart-title"])
        self.set_source_info(caption)
        text = " ".join(self.content) or chart.title
        caption += self.parse_inline(text, lineno=self.lineno)[0]
        caption.rawsource = text
        rows = chart.rows(table)
        table_shown = figures(chart, rows)
        opened = " open" if len(list(table_shown.findall(nodes.row))) <= _FEW + 1 else ""
        begin = f'<details{opened}><summary>{_("The figures")}</summary><div class="figures-wrapper" tabindex="0">'
        told = whose(table)
        if any(f"{chart.y}_q1" in row for row in rows):
            told += " " + _("Each figure is a median; the stroke through its mark spans the middle half of all values.")
        said = nodes.paragraph("", told, classes=["chart-whose"])
        end = [nodes.raw("", "</div>", format="html"), said, nodes.raw("", "</details>", format="html")]
        if not any("chart" in node["classes"] for node in self.state.document.findall(nodes.container)):
            end = [end[0], end[2], said]  # on a page, one chart says it openly
        return nodes.container(
            "",
            caption,
            nodes.raw("", drawing, format="html"),
            nodes.raw("", begin, format="html"),
            table_shown,
            *end,
            classes=["chart"],
        )

    def _chart(self) -> Chart:
        name = self.arguments[1] if len(self.arguments) > 1 else ""
        options: dict[str, Any] = {key.replace("-", "_"): value for key, value in self.options.items() if key != "alt"}
        if name:
            charts = {chart.name: chart for chart in subject(self.arguments[0]).charts}
            if name not in charts:
                raise LookupError(f"{self.arguments[0]} has no chart {name!r} but {', '.join(charts)}")
            return replace(charts[name], **options)
        missing = [option for option in ("x", "y") if option not in options]
        if missing:
            raise LookupError(f"options {', '.join(missing)} are missing: name a chart, or say what is across and up")
        return Chart(**{"title": " ".join(self.content), **options})


class MeasurementsDirective(SphinxDirective):
    """The table of all that was measured: on which machine, when and for how long, with links to the data."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        head = (_("Subject"), _("Measured on"), _("Python"), _("Machine"), _("Load"), _("Rows"), _("Took"))
        cells = []
        for name in tables(self.env, SUBJECTS):
            try:
                table = table_of(self.env, name)
            except LookupError as error:
                warn(self.state.document, "measurements", error, (self.env.docname, self.lineno))
                continue
            machine = table.machine
            where = f"{machine.processor}, {machine.cpus} CPUs, {machine.system}"
            took = shown(table.seconds, "took_s")
            load = plain(machine.load) if machine.load >= 0 else ""
            data = nodes.paragraph("", "", self._data(name))
            said = (table.date, machine.python, where, load, str(len(table.rows)), took)
            cells.append([data, *(nodes.paragraph("", text) for text in said)])
        return [nodes.container("", simple_table(head, cells, stubs=1), classes=["figures-wrapper", "measurements"])]

    def _data(self, name: str) -> addnodes.download_reference:
        """Return a link to the file of a table, which is published with the page."""
        place = f"/{self.config.spawnable_tables}/{name}.json"
        return addnodes.download_reference("", name, refdoc=self.env.docname, refdomain="", reftype="", reftarget=place)


def _style(app: Sphinx, _page: str, _template: str, _context: dict[str, Any], document: nodes.document | None) -> None:
    """Give a page with charts their style; others do without."""
    has_any = document is not None and any(
        {"chart", "measurements", "rule"} & set(node["classes"]) for node in document.findall(nodes.container)
    )
    if has_any:
        app.add_css_file("chart.css")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register what pages say of measurements: charts, rules and figures."""
    from spawnable.site.rules import RuleDirective

    app.add_directive("chart", ChartDirective)
    app.add_directive("measurements", MeasurementsDirective)
    app.add_directive("rule", RuleDirective)
    app.connect("html-page-context", _style)
    return {"version": "0.1.0", "parallel_read_safe": True, "parallel_write_safe": True}
