"""How much room each lane of a drawing takes, from the top down."""

from __future__ import annotations

from dataclasses import dataclass

from spawnable.normalise import HELPERS
from spawnable.timeline.layout import wrapped
from spawnable.timeline.model import Lane, Timeline
from spawnable.timeline.phrases import Phrases
from spawnable.timeline.scale import Scale
from spawnable.waits import wait_of

__all__ = ["Row", "row"]

#: pixels from the top of a lane to its bar, from the bar to what is under it, of a line of text, of a track
_ABOVE, _BELOW, _TEXT, _TRACK = 26.0, 13.0, 14.0, 14.0
#: the least time as a zombie that is told: as a part of the run, and in seconds
_TOLD, _SEEN = 0.03, 0.02


@dataclass(frozen=True, slots=True)
class Row:
    """The room of one lane, in pixels."""

    #: the middle of its bar
    y: float
    bottom: float
    #: what is said under the bar: a line of text, its base line, where it stands in percent, its anchor
    notes: list[tuple[str, float, float, str]]
    #: the locks that the process used: each has a track
    tracks: dict[str, float]


def row(lane: Lane, run: Timeline, scale: Scale, say: Phrases, top: float) -> Row:
    """Return the room of a lane that begins at `top`."""
    y = top + _ABOVE
    below = y + _BELOW
    tracks: dict[str, float] = {}
    for span in lane.spans:
        if span.name not in tracks:
            tracks[span.name] = below
            below += _TRACK
    notes: list[tuple[str, float, float, str]] = []
    for text, begin, end in _said(lane, run, say):
        parts, at, anchor = wrapped(text, scale.at(begin), scale.at(end))
        for part in parts:
            notes.append((part, below + 9, at, anchor))
            below += _TEXT
    return Row(y, below, notes, tracks)


def _said(lane: Lane, run: Timeline, say: Phrases) -> list[tuple[str, float, float]]:
    """Return what is said under a bar, each with the time of which it is said."""
    found = []
    zombie = lane.zombie
    if zombie is not None and zombie.end - zombie.begin > max(_TOLD * run.end, _SEEN):
        found.append((say.zombie(lane), zombie.begin, zombie.end))
    process = lane.process
    if process.kind not in HELPERS and process.death is None and run.transcript.ended == "stuck" and process.stack:
        words = wait_of(process, run.transcript).removeprefix(f"{process.name} ").replace("`", "")
        found.append((words, process.birth, run.end))
        lost = [item for item in run.messages if item.sender == process.pid and item.receiver is None]
        if lost:
            found.append((say.lost(len(lost), lost[0].content), process.birth, run.end))
    return found
