"""The directive `{names}`: the public names of a library, and the scripts of this site that use each.

The names are those of the file `spawnable_names`; which script uses which, the types of its
expressions tell: see `spawnable.names`.
"""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

from spawnable.names import NamesError, exercised
from spawnable.site.domain import SpawnableDomain
from spawnable.site.official import OFFICIAL

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = ["NamesDirective", "fill_names", "names", "setup", "told", "used"]

_log = logging.getLogger(__name__)


class names(nodes.General, nodes.Element):  # noqa: N801 - nodes are named as they are written
    """Where the list of names comes."""


class NamesDirective(SphinxDirective):
    """The list of all names, each with the scripts that use it."""

    def run(self) -> list[nodes.Node]:
        """Return the place of the list."""
        self.env.note_dependency(str(Path(self.env.app.confdir, self.config.spawnable_names)))
        cast("SpawnableDomain", self.env.domains["spawnable"]).matrices.add(self.env.docname)
        return [names()]


def used(pages: dict[str, Any], wanted: list[str]) -> dict[str, list[tuple[str, str]]]:
    """Return for each name the page and the cell of each script that uses it and did, in each run, as declared."""
    scripts: dict[str, str] = {}
    places: dict[str, tuple[str, str]] = {}
    for docname in sorted(pages):
        for snippet in pages[docname]["snippets"]:
            if snippet["runs"] and all(run["met"] for run in snippet["runs"]):
                scripts[snippet["file"]] = pages[docname]["files"][snippet["file"]]
                places[snippet["file"]] = (docname, str(snippet["name"]))
    return {name: [places[key] for key in keys] for name, keys in exercised(wanted, scripts).items()}


def fill_names(app: Sphinx, document: nodes.document, docname: str) -> None:
    """Put the list where it belongs, once all pages are read."""
    for place in list(document.findall(names)):
        known = json.loads(Path(app.confdir, app.config.spawnable_names).read_text(encoding="utf-8"))["names"]
        try:
            found = used(cast("SpawnableDomain", app.env.domains["spawnable"]).pages, [item["name"] for item in known])
        except NamesError as error:
            _log.warning("names: %s", error, location=docname, type="spawnable", subtype="names")
            continue
        place.replace_self(_List(app, docname, found).parts(known))


class _List:
    """What a page shows of the names."""

    def __init__(self, app: Sphinx, docname: str, found: dict[str, list[tuple[str, str]]]) -> None:
        self._app, self._docname, self._found = app, docname, found

    def parts(self, known: list[dict[str, Any]]) -> list[nodes.Element]:
        """Return how many are used, and a section for each module."""
        shown = sum(bool(self._found[item["name"]]) for item in known)
        said = f"{shown} of {len(known)} names are used by scripts that ran here."
        parts: list[nodes.Element] = [nodes.paragraph(said, said, classes=["names-summary"])]
        for module, items in groupby(sorted(known, key=_order), key=lambda item: item["module"]):
            section = nodes.section("", nodes.title(module, module), ids=[f"names-{module.replace('.', '-')}"])
            section += nodes.definition_list("", *(self._item(item) for item in items), classes=["names"])
            parts.append(section)
        return parts

    def _item(self, item: dict[str, Any]) -> nodes.definition_list_item:
        name = item["name"]
        short = name.removeprefix(f"{item['module']}.")
        code = nodes.literal(short, short + item.get("signature", ""))
        term = nodes.term("", "", ids=[f"name-{name}"])
        if "link" in item:
            term += nodes.reference("", "", code, refuri=OFFICIAL + item["link"], internal=False)
        else:
            term += code
        line = nodes.paragraph("", told(item))
        line += self._scripts(self._found[name])
        return nodes.definition_list_item("", term, nodes.definition("", line))

    def _scripts(self, places: list[tuple[str, str]]) -> list[nodes.Node]:
        """Return links to a few scripts, of as many pages as there are."""
        if not places:
            return [nodes.Text("No script here uses it yet.")]
        first: dict[str, tuple[str, str]] = {}
        for docname, cell in places:
            first.setdefault(docname, (docname, cell))
        chosen = list(first.values())[:_LINKS]
        said: list[nodes.Node] = [nodes.Text("Used in ")]
        for number, (docname, cell) in enumerate(chosen):
            shown = nodes.literal("", cell)
            said += [nodes.Text(", ")] if number else []
            said.append(make_refnode(self._app.builder, self._docname, docname, f"cell-{cell}", shown, docname))
        more = len(places) - len(chosen)
        return [*said, nodes.Text(f" and {more} more." if more > 0 else ".")]


def told(item: dict[str, Any]) -> str:
    """Return what the list says of a name beside its scripts, with a blank at its end.

    >>> told({"kind": "function", "parameters": {"on_error": "3.15"}, "note": "Not on Windows."})
    'function, on_error= from Python 3.15, not in the official documentation. Not on Windows. '
    """
    facts = [item["kind"]]
    if "since" in item:
        facts.append(f"from Python {item['since']}")
    facts += [f"{parameter}= from Python {version}" for parameter, version in item.get("parameters", {}).items()]
    if "link" not in item:
        facts.append("not in the official documentation")
    elif item["link"].startswith(_CLONED):
        facts.append("documented as that of threading")
    return ", ".join(facts) + ". " + (f"{item['note']} " if "note" in item else "")


#: where members are described that multiprocessing clones
_CLONED = "library/threading.html"
#: scripts that are linked for each name
_LINKS = 4


def _order(item: dict[str, Any]) -> tuple[str, str]:
    return item["module"], item["name"].lower()


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.setup_extension("spawnable.site")
    app.add_config_value("spawnable_names", "", "env", types=(str,))
    app.add_node(names)
    app.add_directive("names", NamesDirective)
    app.connect("doctree-resolved", fill_names)
    return {"version": "0.1.0", "parallel_read_safe": True, "parallel_write_safe": True}
