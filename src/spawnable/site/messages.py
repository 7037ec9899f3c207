"""The directives `{messages}` and `{explained}`: every message, and where this site explains it.

A message has its entry where a cell declares it by its option `messages`, and a run of that cell
printed it.  Where no run can, a page explains it by a source:

    ```{explained} c-getvalue-mac
    :source: https://docs.python.org/3/library/multiprocessing.html
    ```
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict, cast

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

from spawnable.site.domain import Source, SpawnableDomain

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from spawnable.messages import Message

__all__ = ["Entry", "ExplainedDirective", "MessagesDirective", "entries", "fill_messages", "messages", "setup"]

#: the folder whose pages are about messages: an entry there comes before one elsewhere
FOLDER = "failures/"
#: the class of the sentences that say why no run prints some messages
EXPLAINED = "explained-by-source"
#: the name of the file in the output folder
RECORD = "messages.json"


class messages(nodes.General, nodes.Element):  # noqa: N801 - nodes are named as they are written
    """Where the tables of all messages come."""


class Entry(TypedDict):
    """Where a message is explained."""

    page: str
    anchor: str
    #: the address of the source, where no run printed it
    source: str


class MessagesDirective(SphinxDirective):
    """The tables of all messages."""

    def run(self) -> list[nodes.Node]:
        """Return the place of the tables."""
        cast("SpawnableDomain", self.env.domains["spawnable"]).matrices.add(self.env.docname)
        return [messages()]


class ExplainedDirective(SphinxDirective):
    """Why no run prints these messages, and the source that explains them."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Callable[[str], object]]] = {"source": directives.uri}

    def run(self) -> list[nodes.Node]:
        """Return the sentences."""
        from spawnable.messages import message_of

        try:
            found = [message_of(name) for name in self.arguments[0].split()]
        except LookupError as error:
            raise self.error(str(error)) from error
        if wrong := [message.id for message in found if message.reach != "source"]:
            raise self.error(f"a run can print {', '.join(wrong)}, or no user meets it: declare it in a cell")
        if not str(self.options.get("source", "")).startswith("https://"):
            raise self.error("the option source is missing: the https address of what explains the message")
        source = str(self.options["source"])
        said = " ".join(dict.fromkeys(message.reason for message in found))
        node = nodes.paragraph("", "", classes=[EXPLAINED], messages=[message.id for message in found], source=source)
        link = nodes.reference("", "the source", refuri=source, internal=False)
        node += [nodes.Text(f"No run here prints it. {said} It is known from "), link, nodes.Text(".")]
        self.set_source_info(node)
        return [node]


def note_sources(app: Sphinx, document: nodes.document) -> None:
    """Keep which messages a page explains by a source."""
    from spawnable.site.record import anchors

    found = [
        Source(message=name, anchor=next(iter(anchors(node)), ""), source=node["source"])
        for node in document.findall(nodes.paragraph)
        if EXPLAINED in node["classes"]
        for name in node["messages"]
    ]
    if found:
        _domain(app.env).sources[app.env.docname] = found


def entries(domain: SpawnableDomain) -> dict[str, Entry]:
    """Return where each message is explained, by its id; those that are not are left out."""
    found: dict[str, Entry] = {}
    pages = sorted(chain(domain.pages, domain.sources), key=lambda docname: (not docname.startswith(FOLDER), docname))
    for docname in dict.fromkeys(pages):
        for snippet in domain.pages[docname]["snippets"] if docname in domain.pages else ():
            seen = {name for run in snippet["runs"] if run["met"] for name in run["messages"]}
            for name in snippet["messages"]:
                if name in seen:
                    anchor = next(iter(snippet["sections"]), f"cell-{snippet['name']}")
                    found.setdefault(name, Entry(page=docname, anchor=anchor, source=""))
        for source in domain.sources.get(docname, ()):
            found.setdefault(source["message"], Entry(page=docname, anchor=source["anchor"], source=source["source"]))
    return found


def fill_messages(app: Sphinx, document: nodes.document, docname: str) -> None:
    """Put the tables where they belong, once all pages are read."""
    for place in list(document.findall(messages)):
        place.replace_self(_Tables(app, docname).parts())


class _Tables:
    """What a page shows of the messages."""

    def __init__(self, app: Sphinx, docname: str) -> None:
        self._app, self._docname = app, docname
        self._entries = entries(_domain(app.env))

    def parts(self) -> list[nodes.Element]:
        """Return how many have an entry, a section for each group, and one for those that no user meets."""
        from spawnable.messages import GROUPS, known

        found = list(known().values())
        met = [message for message in found if message.reach != "never"]
        never = [message for message in found if message.reach == "never"]
        count = sum(message.id in self._entries for message in met)
        said = f"{count} of the {len(met)} messages that a user can meet have an entry here."
        parts: list[nodes.Element] = [nodes.paragraph(said, said, classes=["messages-summary"])]
        for key, title in GROUPS.items():
            if own := [message for message in met if message.group == key]:
                parts.append(_section(f"messages-{key}", title, self._table(own)))
        return [*parts, _section("messages-never", "Those that no user meets", self._table(never))]

    def _table(self, found: Iterable[Message]) -> nodes.container:
        """Return a table that scrolls by itself on a narrow screen, by keyboard too."""
        titles = ("Message", "Exception", "Pythons", "Explained in")
        group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in (50, 20, 10, 20)), cols=len(titles))
        group += nodes.thead("", nodes.row("", *(_entry(nodes.Text(title)) for title in titles)))
        group += nodes.tbody("", *(self._row(message) for message in found))
        begin = nodes.raw("", '<div class="messages-wrapper" tabindex="0">', format="html")
        end = nodes.raw("", "</div>", format="html")
        return nodes.container("", begin, nodes.table("", group, classes=["messages"]), end)

    def _row(self, message: Message) -> nodes.row:
        text = nodes.literal("", message.message) if message.message else nodes.emphasis("", _WORDLESS[message.kind])
        shown: nodes.Element = nodes.inline("", "", text, ids=[f"message-{message.id}"])
        where = [part for part in (message.platform, ", ".join(message.start_methods)) if part]
        notes = [f"on {' under '.join(where)}"] if message.platform else [f"under {part}" for part in where]
        if message.assertion:
            notes.append("not under python -O")
        exception: list[nodes.Node] = [nodes.literal("", message.exception)] if message.exception else []
        exception.append(nodes.Text((" " if message.exception and notes else "") + ", ".join(notes)))
        return nodes.row(
            "", _entry(shown), _entry(*exception), _entry(nodes.Text(_pythons(message.pythons))), self._where(message)
        )

    def _where(self, message: Message) -> nodes.entry:
        if message.reach == "never":
            return _entry(*_sentence(message.reason))
        if (found := self._entries.get(message.id)) is None:
            return _entry(nodes.Text("no page yet"))
        title = nodes.inline("", self._app.env.titles[found["page"]].astext())
        return _entry(make_refnode(self._app.builder, self._docname, found["page"], found["anchor"], title))


#: what stands for a message without a text
_WORDLESS = {
    "": "no text",
    "hang": "it hangs",
    "silent": "nothing is said",
    "signal": "nothing is said",
    "stderr": "text of the program",
    "warn": "no text",
    "log": "no text",
    "note": "no text",
    "cause": "no text",
}


def _pythons(rule: str) -> str:
    ends = {"+": " and later", "-": " and earlier"}
    return rule[:-1] + ends[rule[-1]] if rule[-1:] in ends else rule or "all"


def _sentence(text: str) -> list[nodes.Node]:
    """Return a sentence in which code stands between grave accents."""
    return [
        nodes.literal("", part) if number % 2 else nodes.Text(part)
        for number, part in enumerate(text.split("`"))
        if part
    ]


def _section(identifier: str, title: str, *content: nodes.Node) -> nodes.section:
    return nodes.section("", nodes.title(title, title), *content, ids=[identifier])


def _entry(*content: nodes.Node) -> nodes.entry:
    return nodes.entry("", nodes.paragraph("", "", *content))


def _domain(env: BuildEnvironment) -> SpawnableDomain:
    return cast("SpawnableDomain", env.domains["spawnable"])


def write_record(app: Sphinx, error: Exception | None) -> None:
    """Write where each message is explained into the output folder."""
    if error is None and app.builder.format == "html":
        text = json.dumps(entries(_domain(app.env)), indent=1, sort_keys=True) + "\n"
        (Path(app.outdir) / RECORD).write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.setup_extension("spawnable.site")
    app.add_node(messages)
    app.add_directive("messages", MessagesDirective)
    app.add_directive("explained", ExplainedDirective)
    app.connect("doctree-read", note_sources)
    app.connect("doctree-resolved", fill_messages)
    app.connect("build-finished", write_record)
    return {"version": "0.1.0", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
