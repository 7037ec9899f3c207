"""Texts of a run as HTML: escaped, with control characters made visible, not too long for a page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

from spawnable.normalise import Line
from spawnable.site.language import _

__all__ = ["LONGEST_LINE", "MOST_LINES", "cut", "element", "output_lines", "visible"]


#: lines of an output that a page shows
MOST_LINES = 200
#: of these, how many are the last ones
_LAST = 40
#: characters of a line that a page shows
LONGEST_LINE = 2000

_PICTURES = {code: 0x2400 + code for code in range(0x20) if code not in (0x09, 0x0A)} | {0x7F: 0x2421}
# C1 controls, surrogates, direction marks, what is no character
_HIDDEN = re.compile("[\x80-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff]")


def visible(text: str) -> str:
    r"""Return a text whose control characters are signs that can be seen.

    >>> visible("\x1b[31mred\x00\r\n")
    '␛[31mred␀␍\n'
    >>> print(visible("a\u202eb"))
    a\u202eb
    """
    return _HIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text.translate(_PICTURES))


def element(name: str, content: str, attributes: Mapping[str, str | None] | None = None) -> str:
    """Return an element; `content` is HTML already, attributes are escaped, those that are None left out.

    >>> element("p", "a &lt; b", {"class": 'x"y', "id": None})
    '<p class="x&quot;y">a &lt; b</p>'
    """
    given = "".join(f' {key}="{escape(value)}"' for key, value in (attributes or {}).items() if value is not None)
    return f"<{name}{given}>{content}</{name}>"


def cut(lines: list[Line]) -> tuple[list[Line], int, list[Line]]:
    """Return the first lines, how many are left out, and the last lines."""
    if len(lines) <= MOST_LINES:
        return lines, 0, []
    first = MOST_LINES - _LAST
    return lines[:first], len(lines) - MOST_LINES, lines[-_LAST:]


def output_lines(lines: list[Line], colours: Mapping[int, str], links: Mapping[int, str] | None = None) -> str:
    """Return the lines of an output, each with its writer's colour, each turn with its writer's name.

    The text content is that of the lines, in whole, with `visible` characters.  `links` are
    elements without text that stand at the end of a line, by the line's number from 1.
    """
    first, left_out, last = cut(lines)
    html = _spans(first, colours, links or {}, 1)
    if left_out:
        html += element("span", escape(_("… %d lines are not shown …") % left_out), {"class": "cut"}) + "\n"
        html += _spans(last, colours, links or {}, 1 + len(first) + left_out)
    return html


def _spans(lines: list[Line], colours: Mapping[int, str], links: Mapping[int, str], start: int) -> str:
    html, before = "", None
    for number, line in enumerate(lines, start):
        colour = colours.get(line.pid, "") if line.pid is not None else ""
        name = line.name if line.name and (before is None or before.pid != line.pid) else None
        text = line.text.removesuffix("\n")
        if len(text) > LONGEST_LINE:
            text = text[:LONGEST_LINE] + _(" … %d more characters") % (len(text) - LONGEST_LINE)
        html += element(
            "span",
            escape(visible(text), quote=False) + links.get(number, ""),
            {"class": f"line {colour}".rstrip(), "data-process": None if name is None else visible(name)},
        )
        html += "\n" if line.text.endswith("\n") else ""
        before = line
    return html
