"""A run as a drawing: who lived when, in which state, who wrote which line, who sent what to whom.

::

    Transcript ──▶ model ──▶ draw  ──▶ SVG
                     │         ▲
                     │       scale, layout, rows, key, arrows
                     └─────▶ story ──▶ sentences and a table

Everything is taken from the transcript; nothing is drawn by hand.
"""

from __future__ import annotations

from spawnable.timeline.draw import common_scale, draw, marks, sheet
from spawnable.timeline.messages import Message, Span
from spawnable.timeline.model import Lane, Spell, Timeline, timeline
from spawnable.timeline.phrases import Phrases
from spawnable.timeline.scale import Scale
from spawnable.timeline.story import Happening, happenings, story

__all__ = [
    "Happening",
    "Lane",
    "Message",
    "Phrases",
    "Scale",
    "Span",
    "Spell",
    "Timeline",
    "common_scale",
    "draw",
    "happenings",
    "marks",
    "sheet",
    "story",
    "timeline",
]
