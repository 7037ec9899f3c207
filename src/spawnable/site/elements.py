"""The document nodes of a cell, and their HTML.

A `snippet` holds a `snippet_code` and, where the cell was run, `snippet_outputs`.
Their children are ordinary nodes, which is what text, LaTeX and the search index
see; in HTML the outputs are written as `spawnable.site.panel` made them.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util.osutil import relative_uri

from spawnable.site.language import _
from spawnable.site.markup import element
from spawnable.site.words import versions

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

__all__ = ["add_elements", "snippet", "snippet_code", "snippet_outputs"]


class snippet(nodes.General, nodes.Element):  # noqa: N801 - nodes are named as they are written
    """A cell: `name` (of its page), `full_name`, `expect` (tokens), `companion` (whether it is not run)."""


class snippet_code(nodes.General, nodes.Element):  # noqa: N801
    """The script: `name`, `file`, `script` (its path in the output folder), `needs` (places and files), `pythons`."""


class snippet_outputs(nodes.General, nodes.Element):  # noqa: N801
    """What its runs wrote and did: `html`."""


def add_elements(app: Sphinx) -> None:
    """Let every builder write the nodes of a cell."""
    plain: Any = (_pass, _pass)
    others = {"latex": plain, "text": plain, "man": plain, "texinfo": plain}
    app.add_node(snippet, html=(_visit_snippet, _depart_div), **others)
    app.add_node(snippet_code, html=(_visit_code, _depart_div), **others)
    app.add_node(snippet_outputs, html=(_visit_outputs, None), **others)


def _pass(_translator: object, _node: nodes.Element) -> None:
    """Write the children alone."""


def _visit_snippet(self: HTML5Translator, node: snippet) -> None:
    attributes = {
        "class": "snippet companion" if node["companion"] else "snippet",
        "id": f"cell-{node['name']}",
        "data-snippet": node["full_name"],
        "data-expect": node["expect"] or None,
    }
    self.body.append(element("div", "\n", attributes).removesuffix("</div>"))


def _visit_code(self: HTML5Translator, node: snippet_code) -> None:
    here = self.builder.get_target_uri(self.builder.current_docname)
    parts = [element("span", escape(node["file"]), {"class": "caption-text"})]
    if node["needs"]:
        links = ", ".join(element("a", escape(file), {"href": f"#{place}"}) for place, file in node["needs"])
        parts.append(element("span", escape(_("with %s")) % links, {"class": "snippet-needs"}))
    if node["pythons"]:
        parts.append(element("span", escape(versions(node["pythons"])), {"class": "snippet-pythons"}))
    if self.builder.name != "epub":
        link = {"class": "snippet-download", "href": relative_uri(here, node["script"]), "download": ""}
        parts.append(element("a", escape(_("Download")), link))
    anchor = {
        "class": "headerlink snippet-permalink",
        "href": f"#cell-{node['name']}",
        "title": _("Link to this script"),
    }
    parts.append(element("a", self.config.html_permalinks_icon, anchor))
    caption = element("div", "\n" + "\n".join(parts) + "\n", {"class": "snippet-caption code-block-caption"})
    self.body.append(f'<div class="snippet-code literal-block-wrapper">\n{caption}\n')


def _depart_div(self: HTML5Translator, _node: nodes.Element) -> None:
    self.body.append("</div>\n")


def _visit_outputs(self: HTML5Translator, node: snippet_outputs) -> None:
    self.body.append(node["html"])
    raise nodes.SkipNode
