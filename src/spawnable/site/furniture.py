"""A Sphinx extension: what stands around a page: tool tips of terms, and the list of pages for search engines.

What does not: the style sheet of MyST-NB's own outputs, as all outputs are those of `spawnable.site`; and, in the
navigation beside a page, the pages of sections that the page is not in.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

__all__ = ["SITEMAP", "setup"]

#: the name of the list in the output folder
SITEMAP = "sitemap.xml"


class Terms:
    """What each term of the glossary means, looked up once a build."""

    def __init__(self) -> None:
        self.known: dict[str, str] | None = None

    def meaning(self, env: BuildEnvironment, anchor: str) -> str:
        """Return the first sentence of a term's definition, or nothing where the anchor is that of no term."""
        if self.known is None:
            self.known = {}
            where = {
                docname for (kind, _), (docname, _) in env.domains.standard_domain.objects.items() if kind == "term"
            }
            for docname in sorted(where):
                for item in env.get_doctree(docname).findall(nodes.definition_list_item):
                    self._note(item)
        return self.known.get(anchor, "")

    def _note(self, item: nodes.definition_list_item) -> None:
        paragraph = next(item.findall(nodes.paragraph), None)
        if self.known is None or paragraph is None:
            return
        first, stop, _ = " ".join(paragraph.astext().split()).partition(". ")
        for term in item.findall(nodes.term):
            self.known |= dict.fromkeys(term["ids"], first + stop.strip())

    def explain(self, app: Sphinx, document: nodes.document, _docname: str) -> None:
        """Give each link to a term its meaning as a tool tip."""
        if app.builder.format != "html":
            return
        for link in document.findall(nodes.reference):
            anchor = str(link.get("refid") or link.get("refuri", "")).rpartition("#")[2]
            if anchor.startswith("term-") and (said := self.meaning(app.env, anchor)):
                link["reftitle"] = said


def _sitemap(app: Sphinx, error: Exception | None) -> None:
    """List all pages by their addresses, where the site has one."""
    base = app.config.html_baseurl
    if error is not None or app.builder.name != "html" or not base:
        return
    pages = sorted(base + app.builder.get_target_uri(docname) for docname in app.env.found_docs)
    urls = "".join(f"<url><loc>{escape(page)}</loc></url>\n" for page in pages)
    text = f'<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n'
    (Path(app.outdir) / SITEMAP).write_text(text, encoding="utf-8")


def _without_unused_style(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _document: nodes.document | None
) -> None:
    """Leave MyST-NB's style sheet out of a page: readers would wait for it, and no element has its classes."""
    context["css_files"] = [
        sheet for sheet in context["css_files"] if "mystnb." not in str(getattr(sheet, "filename", sheet))
    ]


def _navigate_section(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _document: nodes.document | None
) -> None:
    """Let the theme list the pages of the page's own section alone, and not on each page all that there are."""
    if whole := context.get("toctree"):
        context["toctree"] = lambda **options: whole(**{**options, "collapse": True})


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("doctree-resolved", Terms().explain)
    app.connect("html-page-context", _without_unused_style)
    app.connect("html-page-context", _navigate_section, priority=400)  # the theme makes its tree at 500
    app.connect("build-finished", _sitemap)
    return {"version": "0.1.0", "parallel_read_safe": True, "parallel_write_safe": True}
