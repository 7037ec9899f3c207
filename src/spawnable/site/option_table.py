"""The directive `{cell-options}`: a table of what a cell may say, made from the code that reads it."""

from __future__ import annotations

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from spawnable.site.language import _
from spawnable.site.options import described

__all__ = ["CellOptionsDirective"]


class CellOptionsDirective(SphinxDirective):
    """The table of the options of a cell."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        titles = (_("Option"), _("Value"), _("Default"), _("What it does"))
        group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in (14, 26, 12, 48)), cols=len(titles))
        group += nodes.thead("", self._row(titles))
        group += nodes.tbody("", *(self._row(option) for option in described()))
        table = nodes.table("", group, classes=["cell-options"])
        self.set_source_info(table)
        return [table]

    def _row(self, texts: tuple[str, ...]) -> nodes.row:
        row = nodes.row("")
        for text in texts:
            paragraph = nodes.paragraph(text, "", *self.parse_inline(text, lineno=self.lineno)[0])
            self.set_source_info(paragraph)
            row += nodes.entry("", paragraph)
        return row
