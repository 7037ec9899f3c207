"""A document as Markdown that needs no extension to be read.

>>> from docutils.core import publish_doctree
>>> print(markdown(publish_doctree("Some *code*: ``a|b``.")), end="")
Some *code*: `a|b`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from typing import Any

from docutils import nodes
from sphinx import addnodes

from spawnable.site.elements import snippet_code

__all__ = ["markdown"]

#: nothing of these is text
_SILENT = (
    nodes.comment,
    nodes.meta,
    nodes.raw,
    nodes.substitution_definition,
    nodes.system_message,
    nodes.target,
    addnodes.index,
    addnodes.toctree,
)


def markdown(document: nodes.Element) -> str:
    """Return a document, or a part of one, as Markdown."""
    return "\n\n".join(_blocks(document, 0)) + "\n"


def _blocks(node: nodes.Node, level: int) -> list[str]:
    """Return the blocks of a node, `level` headings deep."""
    if isinstance(node, _SILENT):
        return []
    for kinds, write in _WRITERS:
        if isinstance(node, kinds):
            return write(node, level)
    if isinstance(node, nodes.TextElement | nodes.Text):
        return [text] if (text := _inline(node)) else []
    return _inside(node, level)


def _inside(node: nodes.Node, level: int) -> list[str]:
    return [block for child in node.children for block in _blocks(child, level)]


def _section(node: nodes.Element, level: int) -> list[str]:
    return _inside(node, level + 1)


def _title(node: nodes.Element, level: int) -> list[str]:
    return [f"{'#' * max(level, 1)} {_inline(node)}"] if level else [f"**{_inline(node)}**"]


def _rubric(node: nodes.Element, _level: int) -> list[str]:
    return [f"**{_inline(node)}**"]


def _literal(node: nodes.Element, _level: int) -> list[str]:
    text = node.astext().rstrip("\n")
    longest = max((len(ticks) for ticks in re.findall("`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    language = node.get("language", "")
    return [f"{fence}{'' if language in ('none', 'default') else language}\n{text}\n{fence}"]


def _script(node: nodes.Element, level: int) -> list[str]:
    needs = ", ".join(f"`{file}`" for _, file in node["needs"])
    return [f"`{node['file']}`" + (f", with {needs}" if needs else "") + ":", *_inside(node, level)]


def _list(node: nodes.Element, level: int) -> list[str]:
    numbered = isinstance(node, nodes.enumerated_list)
    start = int(node.get("start", 1))
    items = []
    for number, item in enumerate(node.children, start):
        mark = f"{number}. " if numbered else "- "
        items.append(mark + _indented("\n\n".join(_inside(item, level)), len(mark)))
    return ["\n".join(items)] if items else []


def _definition(node: nodes.Element, level: int) -> list[str]:
    terms = ", ".join(_inline(term) for term in node.findall(nodes.term) if term.parent is node)
    said = [block for child in node.children if isinstance(child, nodes.definition) for block in _inside(child, level)]
    return ["- **" + terms + "**: " + _indented("\n\n".join(said), 2)]


def _signature(node: nodes.Element, _level: int) -> list[str]:
    return [f"`{' '.join(node.astext().split())}`"]


def _field(node: nodes.Element, level: int) -> list[str]:
    name, body = node.children
    return [f"**{_inline(name)}**: " + "\n\n".join(_inside(body, level))]


def _quote(node: nodes.Element, level: int) -> list[str]:
    text = "\n\n".join(_inside(node, level))
    return ["\n".join(f"> {line}".rstrip() for line in text.splitlines())]


def _admonition(node: nodes.Element, level: int) -> list[str]:
    named = [] if isinstance(node, nodes.admonition) else [f"**{node.tagname.capitalize()}**"]
    text = "\n\n".join([*named, *_inside(node, level)])
    return ["\n".join(f"> {line}".rstrip() for line in text.splitlines())]


def _table(node: nodes.Element, level: int) -> list[str]:
    head = _grid([row for part in node.findall(nodes.thead) for row in part.findall(nodes.row)], level)
    body = _grid([row for part in node.findall(nodes.tbody) for row in part.findall(nodes.row)], level)
    if not head and not body:
        return []
    widest = max(map(len, [*head, *body]))
    # Markdown has one row of titles
    titles = [" ".join(dict.fromkeys(filter(None, column))) for column in zip(*head, strict=True)]
    lines = [titles, ["---"] * widest, *body]
    return ["\n".join(f"| {' | '.join(cells + [''] * (widest - len(cells)))} |" for cells in lines)]


def _grid(rows: list[nodes.row], level: int) -> list[list[str]]:
    """Return the cells of each row; one that spans several columns or rows stands in each of them."""
    cells: dict[tuple[int, int], str] = {}
    for number, row in enumerate(rows):
        column = 0
        for entry in row.findall(nodes.entry):
            while (number, column) in cells:
                column += 1
            text = _cell(entry, level)
            for down, right in product(range(entry.get("morerows", 0) + 1), range(entry.get("morecols", 0) + 1)):
                cells[number + down, column + right] = text
    width = max((column + 1 for _, column in cells), default=0)
    return [[cells.get((number, column), "") for column in range(width)] for number in range(len(rows))]


def _cell(entry: nodes.Node, level: int) -> str:
    return " ".join("<br>".join(_inside(entry, level)).replace("|", "\\|").split())


def _transition(_node: nodes.Element, _level: int) -> list[str]:
    return ["---"]


def _indented(text: str, width: int) -> str:
    first, *others = text.split("\n")
    return "\n".join([first, *(" " * width + line if line else "" for line in others)])


def _inline(node: nodes.Node) -> str:
    """Return a piece of text with its marks."""
    if isinstance(node, _SILENT):
        return ""
    for kind, write in _MARKS:
        if isinstance(node, kind):
            return write(node)
    return _text(node)


def _text(node: nodes.Node) -> str:
    return "".join(_inline(child) for child in node.children)


def _code(text: str) -> str:
    ticks = "`" * (1 + max((len(found) for found in re.findall("`+", text)), default=0))
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{space}{' '.join(text.split())}{space}{ticks}"


def _link(node: nodes.reference, text: str) -> str:
    """Return a link: to another page of the site, to the Markdown of it."""
    if not text:
        return ""
    if "refuri" not in node:
        return text if "refid" not in node else f"[{text}](#{node['refid']})"
    address = str(node["refuri"])
    if node.get("internal"):
        address = re.sub(r"\.html(?=#|$)", ".md", address)
    return f"[{text}]({address})" if address else text


_MARKS: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (nodes.Text, lambda node: " ".join(re.split(r"\s*\n\s*", node.astext()))),
    (nodes.literal, lambda node: _code(node.astext())),
    (nodes.image, lambda node: f"![{node.get('alt', '')}]({node.get('uri', '')})"),
    (nodes.emphasis, lambda node: f"*{_text(node)}*"),
    (nodes.strong, lambda node: f"**{_text(node)}**"),
    (nodes.reference, lambda node: _link(node, _text(node))),
)
#: what has a form of its own; all else is its text, or what is inside it
_WRITERS: tuple[tuple[Any, Callable[[Any, int], list[str]]], ...] = (
    (nodes.section, _section),
    (nodes.title, _title),
    (nodes.rubric, _rubric),
    (nodes.literal_block, _literal),
    (nodes.doctest_block, _literal),
    (snippet_code, _script),
    ((nodes.bullet_list, nodes.enumerated_list), _list),
    (nodes.definition_list_item, _definition),
    (addnodes.desc_signature, _signature),
    (nodes.field, _field),
    (nodes.block_quote, _quote),
    (nodes.Admonition, _admonition),
    (nodes.table, _table),
    (nodes.transition, _transition),
)
