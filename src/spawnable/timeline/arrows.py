"""Arrows from each message's sender to its receiver."""

from __future__ import annotations

from collections.abc import Mapping

from spawnable.timeline.layout import percent
from spawnable.timeline.model import Timeline
from spawnable.timeline.scale import Scale

__all__ = ["BUNDLE", "arrows", "bundles"]

#: sender, receiver, where the arrow begins and ends in percent, and how many messages it stands for
Bundle = tuple[int, int, float, float, int]

#: messages from which on an arrow says how many it stands for
BUNDLE = 3
#: percent of the width within which arrows between the same two processes are drawn as one
_NEAR = 1.5


def bundles(run: Timeline, scale: Scale) -> list[Bundle]:
    """Return what is drawn as an arrow each: messages that are received between two processes."""
    found: list[Bundle] = []
    for message in run.messages:
        if message.receiver is None or message.received is None or message.receiver == message.sender:
            continue
        begin, end = scale.at(message.sent), scale.at(message.received)
        for index, (sender, receiver, left, right, count) in enumerate(found):
            same = (sender, receiver) == (message.sender, message.receiver)
            if same and abs(begin - left) < _NEAR and abs(end - right) < _NEAR:
                found[index] = sender, receiver, left, right, count + 1
                break
        else:
            found.append((message.sender, message.receiver, begin, end, 1))
    return found


def arrows(run: Timeline, scale: Scale, places: Mapping[int, float], name: str) -> str:
    """Return the arrows; `places` are the middles of the lanes in pixels, by process."""
    colours = {lane.process.pid: lane.colour for lane in run.lanes}
    parts = []
    for sender, receiver, begin, end, count in bundles(run, scale):
        if sender not in places or receiver not in places:
            continue
        top, bottom = places[sender], places[receiver]
        short = -8 if bottom > top else 8
        more = ""
        if count >= BUNDLE:
            more = f'<text class="q" x="{percent(end)}" dx="4" y="{bottom + 2 * short:.0f}">&#215;{count}</text>'
        parts.append(
            f'<line class="m {colours[sender]}" x1="{percent(begin)}" x2="{percent(end)}" y1="{top:.0f}" '
            f'y2="{bottom + short:.0f}"/>{more}'
        )
    lost = [message for message in run.messages if message.receiver is None and message.sender in places]
    parts += [
        f'<circle class="lo {colours[message.sender]}" cx="{percent(scale.at(message.sent))}" '
        f'cy="{places[message.sender] + 11:.0f}" r="3"/>'
        for message in lost
    ]
    return f'<g marker-end="url(#{name}-head)">{"".join(parts)}</g>' if parts else ""
