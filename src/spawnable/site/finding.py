"""A Sphinx extension: what the search in the browser looks through, the sections of all pages.

`search-index.js` calls `searchIndex` with `{pages: [[address, title], …], sections: [[page, anchor, title, text], …],
messages: [[section, [exception, …], [part, …]], …]}` instead of being JSON, so that pages opened from a folder can
load it as well.  A message has the parts of its text that never differ, and leads to the section that explains it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

if TYPE_CHECKING:
    from spawnable.site.domain import SpawnableDomain

__all__ = ["INDEX", "sections", "setup"]

#: the name of the file in the output folder
INDEX = "search-index.js"
#: they are titles of parts, or hold no text to look for
_SKIPPED = (
    nodes.title,
    nodes.term,
    addnodes.desc_signature,
    nodes.comment,
    nodes.raw,
    nodes.substitution_definition,
    nodes.system_message,
    addnodes.toctree,
)
#: what a file of Python defines, by name
_DEFINED = re.compile(r"^ *(?:class|def) (\w+)", re.MULTILINE)
_Section = tuple[str, str, str]


def sections(document: nodes.document) -> Iterator[_Section]:
    """Yield anchor, title and text of each part of a page: its sections, terms and the names it documents.

    The anchor of the first is empty: it is the page.
    """
    whole = next(document.findall(nodes.section), None)
    if whole is None:
        return
    title, *parts = _parts(whole)
    yield ("", title[1], title[2])
    yield from parts


def _parts(part: nodes.Element) -> list[_Section]:
    """Return a section, then the parts inside it, which its own text does not hold."""
    inner: list[_Section] = []
    blocks: list[str] = []
    _gather(part, blocks, inner)
    anchor = next(iter(part["ids"]), "")
    return [(anchor, _title(part), "\n".join(blocks)), *inner]


def _gather(node: nodes.Element, blocks: list[str], inner: list[_Section]) -> None:
    for child in node.children:
        if isinstance(child, nodes.section | nodes.definition_list_item | addnodes.desc):
            anchor = next((name["ids"][0] for name in _names(child) if name["ids"]), None)
            if anchor is None:
                _gather(child, blocks, inner)
            else:
                (_, title, text), *others = _parts(child)
                inner += [(anchor, title, text), *others]
        elif isinstance(child, _SKIPPED) or not isinstance(child, nodes.Element):
            continue
        elif isinstance(child, nodes.literal_block) and "source" in child and child.get("language") == "python":
            # a module that is shown whole has words of many things: it is found by what it defines
            blocks.append(" ".join(_DEFINED.findall(child.astext())))
        elif isinstance(child, nodes.TextElement):
            if text := re.sub(r"[^\S\n]+", " ", child.astext()).strip():
                blocks.append(text)
        else:
            _gather(child, blocks, inner)


def _names(part: nodes.Element) -> Iterator[nodes.Element]:
    """Yield the nodes that a part can be linked by."""
    for node in part.findall(nodes.Element):
        if isinstance(node, nodes.section | nodes.term | addnodes.desc_signature):
            yield node


def _title(part: nodes.Element) -> str:
    kind = {"section": nodes.title, "definition_list_item": nodes.term, "desc": addnodes.desc_signature}[part.tagname]
    found = next(part.findall(kind), None)
    return " ".join(found.astext().split()) if found is not None else ""


def _messages(app: Sphinx, pages: list[list[str]], found: list[list[Any]]) -> Iterator[list[Any]]:
    """Yield section, exceptions and parts of each message that has an entry and a text."""
    if "spawnable" not in app.env.domains:
        return
    from spawnable.messages import GAP, known
    from spawnable.site.messages import entries

    places = {(pages[page][0], anchor): number for number, (page, anchor, *_) in enumerate(found)}
    for name, entry in entries(cast("SpawnableDomain", app.env.domains["spawnable"])).items():
        message, address = known()[name], app.builder.get_target_uri(entry["page"])
        place = places.get((address, entry["anchor"]), places.get((address, "")))
        bare = [name.rpartition(".")[2] for name in message.classes]
        names = list(dict.fromkeys([*message.classes, *bare]))
        parts = [part for part in map(str.strip, message.message.split(GAP)) if part]
        if place is not None and (names or parts):
            yield [place, names, parts]


class Index:
    """The index of one build: written where any page was read or is gone."""

    def __init__(self) -> None:
        self.changed = False

    def outdated(
        self, _app: Sphinx, _env: BuildEnvironment, _added: set[str], _changed: set[str], removed: set[str]
    ) -> list[str]:
        """Note whether pages are gone."""
        self.changed = bool(removed)
        return []

    def read(self, _app: Sphinx, _env: BuildEnvironment, docnames: Sequence[str]) -> None:
        """Note whether pages are to be read."""
        self.changed |= bool(docnames)

    def write(self, app: Sphinx, error: Exception | None) -> None:
        """Write the index into the output folder."""
        path = Path(app.outdir) / INDEX
        if error is not None or app.builder.format != "html" or (path.exists() and not self.changed):
            return
        pages: list[list[str]] = []
        found: list[list[Any]] = []
        for docname in sorted(app.env.found_docs):
            parts = list(sections(app.env.get_doctree(docname)))
            if not parts or "nosearch" in app.env.metadata.get(docname, {}):
                continue
            found += [[len(pages), *part] for part in parts]
            pages.append([app.builder.get_target_uri(docname), parts[0][1]])
        record = {"pages": pages, "sections": found, "messages": list(_messages(app, pages, found))}
        index = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        path.write_text(f"searchIndex({index})\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    index = Index()
    app.connect("env-get-outdated", index.outdated)
    app.connect("env-before-read-docs", index.read)
    app.connect("build-finished", index.write)
    return {"version": "0.1.0", "parallel_read_safe": True, "parallel_write_safe": True}
