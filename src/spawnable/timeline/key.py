"""The key under a drawing: the signs that occur in it, each with its meaning."""

from __future__ import annotations

from html import escape

from spawnable.timeline.arrows import BUNDLE, bundles
from spawnable.timeline.layout import NARROW, width
from spawnable.timeline.model import Timeline
from spawnable.timeline.phrases import Phrases
from spawnable.timeline.scale import Scale

__all__ = ["key"]

_SIGNS = {
    "R": '<line class="r" x1="0" x2="20"/>',
    "S": '<line class="s" x1="0" x2="20"/>',
    "T": '<line class="t" x1="0" x2="20"/>',
    "?": '<line class="u" x1="0" x2="20"/>',
    "Z": '<rect class="z" width="20" y="-6" height="12"/>',
    "line": '<g class="k"><text x="10" y="4">1</text></g>',
    "end": '<line class="s" x1="0" x2="12"/><line class="e" x1="12" x2="12" y1="-7" y2="7"/>',
    "failed": '<line class="s" x1="0" x2="12"/><text class="x" x="12" y="7">×</text>',  # noqa: RUF001
    "reap": '<path class="j" d="M10 7V-5"/><path class="hd" d="M6 0 10-7 14 0z"/>',
    "message": '<path class="m" d="M0 0H16"/><path class="hd" d="M13-4 21 0 13 4z"/>',
    "messages": '<path class="m" d="M0 0H16"/><path class="hd" d="M13-4 21 0 13 4z"/>',
    "lost": '<path class="m" d="M0 0H14"/><circle class="lo" cx="17" r="3"/>',
    "wait": '<line class="w" x1="0" x2="20"/>',
    "hold": '<line class="h" x1="0" x2="20"/>',
    "cut": '<rect class="cut" width="20" y="-6" height="12"/>',
}
_ROW = 20.0


def key(run: Timeline, scale: Scale, say: Phrases, top: float) -> tuple[str, float]:
    """Return the key, which begins at `top`, and where it ends, in pixels."""
    parts, x, y = [], 4.0, top + 10
    for sign in _signs(run, scale):
        text = say.key(sign)
        if sign == "cut":
            text += ": " + ", ".join(say.ms(end - begin) for begin, end in scale.cuts)
        need = 26 + width(text) + 12
        if x > 4 and x + need > NARROW:  # noqa: PLR2004
            x, y = 4.0, y + _ROW
        parts.append(
            f'<g transform="translate({x:.0f} {y:.0f})">{_SIGNS[sign]}<text x="26" y="4">{escape(text)}</text></g>'
        )
        x += need
    return f'<g class="key p0">{"".join(parts)}</g>', y + 14


def _signs(run: Timeline, scale: Scale) -> list[str]:
    """Return the signs that occur."""
    states = {spell.state for lane in run.lanes for spell in lane.spells}
    signs = [state for state in "RST?Z" if state in states]
    signs += ["line"] if run.lines else []
    ended = [lane.process for lane in run.lanes if lane.process.death is not None]
    signs += ["end"] if any(process.exit_code == 0 for process in ended) else []
    signs += ["failed"] if any(process.exit_code != 0 for process in ended) else []
    signs += ["reap"] if any(lane.reaped for lane in run.lanes) else []
    counts = [count for *_, count in bundles(run, scale)]
    signs += ["messages" if max(counts) >= BUNDLE else "message"] if counts else []
    signs += ["lost"] if any(message.receiver is None for message in run.messages) else []
    spans = {span.what for lane in run.lanes for span in lane.spans}
    signs += [what for what in ("hold", "wait") if what in spans]
    return signs + (["cut"] if scale.cuts else [])
