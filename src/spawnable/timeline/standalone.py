"""What a drawing needs to be a file of its own: its style, and the lines of output."""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path

from spawnable.timeline.layout import NARROW, width
from spawnable.timeline.model import Timeline

__all__ = ["listed", "style"]

#: lines of output that are listed
_MOST = 60
_ROW = 19.0


@cache
def style() -> str:
    """Return the style of a file of its own, for light and dark."""
    sheets = (Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("standalone.css", "shapes.css"))
    lines = (line.strip() for sheet in sheets for line in sheet.splitlines())
    return "".join(line for line in lines if not line.startswith("/*"))


def listed(run: Timeline, name: str, top: float) -> tuple[str, float]:
    """Return the lines of output, each linked with its mark, and how many pixels they take under `top`."""
    classes = {number: lane.colour for lane in run.lanes for number, _ in lane.written}
    parts = []
    for number, line in enumerate(run.lines[:_MOST], 1):
        y = top + 14 + _ROW * (number - 1)
        text = line.text.rstrip("\n")
        room = int(2 * NARROW / width("m")) - len(line.name)
        text = text[: room - 1] + "…" if len(text) > room else text
        parts.append(
            f'<g class="{classes.get(number, "")}" id="{name}-line-{number}" transform="translate(0 {y:.0f})">'
            f'<g class="k" aria-hidden="true"><text x="16" y="4">{number}</text></g><text x="34" y="4">'
            f'<tspan class="n">{escape(line.name, quote=False)}</tspan> {escape(text, quote=False)}</text></g>'
        )
    more = len(run.lines) - _MOST
    if more > 0:
        parts.append(f'<text class="q" x="34" y="{top + 18 + _ROW * _MOST:.0f}">… {more}</text>')
    height = _ROW * (len(parts)) + 8 if parts else 0.0
    return "".join(parts), height
