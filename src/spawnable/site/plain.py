"""A Sphinx extension: each page as plain Markdown beside its HTML, and `llms.txt`, which lists them.

The copies hold what a page holds: its text, every script, and what each run of it wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from spawnable.site.markdown import markdown

__all__ = ["LIST", "description", "setup"]

#: the name of the list in the output folder
LIST = "llms.txt"


def description(document: nodes.document | None) -> str:
    """Return what a page's front matter says it is about, or nothing."""
    for node in document.findall(nodes.meta) if document is not None else ():
        if node.get("name") == "description":
            return str(node["content"])
    return ""


def _write(app: Sphinx, document: nodes.document, docname: str) -> None:
    """Write the copy of a page; its claims, links and values are there already."""
    if app.builder.name != "html":
        return
    path = Path(app.outdir) / f"{docname}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(markdown(document), encoding="utf-8")


def _link(app: Sphinx, pagename: str, _template: str, context: dict[str, Any], document: nodes.document | None) -> None:
    """Tell the templates where the copy of a page is, and what the page is about."""
    context["page_description"] = description(document)
    copied = document is not None and app.builder.name == "html"
    context["plain_copy"] = f"{PurePosixPath(pagename).name}.md" if copied else None


def _ordered(env: BuildEnvironment) -> Iterator[str]:
    """Yield all pages in the order of the site's contents, then those that no contents name."""
    seen: dict[str, None] = {}

    def walk(docname: str) -> None:
        if docname not in seen and docname in env.found_docs:
            seen[docname] = None
            for child in env.toctree_includes.get(docname, ()):
                walk(child)

    walk(env.config.root_doc)
    yield from seen
    yield from sorted(env.found_docs - set(seen))


def _list(app: Sphinx, error: Exception | None) -> None:
    """Write the list of all copies, by section."""
    if error is not None or app.builder.name != "html":
        return
    base = app.config.html_baseurl
    about = description(app.env.get_doctree(app.config.root_doc))
    text = f"# {app.config.project}\n\n" + (f"> {about}\n\n" if about else "")
    section = None
    for docname in _ordered(app.env):
        if (parent := PurePosixPath(docname).parent.name) != section:
            section = parent
            text += f"\n## {section.capitalize()}\n\n" if section else ""
        title = app.env.titles[docname].astext()
        said = description(app.env.get_doctree(docname))
        text += f"- [{title}]({base}{docname}.md)" + (f": {said}" if said else "") + "\n"
    (Path(app.outdir) / LIST).write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension; copies are written once all else has changed a page."""
    app.connect("doctree-resolved", _write, priority=900)
    app.connect("html-page-context", _link)
    app.connect("build-finished", _list)
    return {"version": "0.1.0", "parallel_read_safe": True, "parallel_write_safe": True}
