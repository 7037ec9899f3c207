"""Messages between processes and their waiting for each other, where a run recorded them.

What the processes recorded is told in `spawnable/run/inject/spawnable_trace.py`.  A receive
belongs to the first send of equal bytes through the same pipe that no receive has yet: a
pipe keeps the order of its messages, and of equal ones nobody can tell which is which.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from spawnable.timeline.content import content
from spawnable.transcript import Event, Transcript

__all__ = ["Message", "Span", "messages", "recorded", "spans"]

_ENDED = ("passed", "gave-up")
#: kinds of lock that nobody holds
_UNHELD = ("Event", "Condition", "Barrier")
#: who has a lock within so many seconds did not wait for it: a drawing would say that it waited 0 ms
_AT_ONCE = 0.0005


@dataclass(frozen=True, slots=True)
class Message:
    """Something that was sent, and who received it."""

    sender: int
    sent: float
    #: None where nobody received it
    receiver: int | None
    received: float | None
    #: what it went through, as the script calls it; empty where that is not known
    channel: str = ""
    #: what was sent, where it is short and simple, or how many bytes
    content: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which a process waited for something, or held it."""

    pid: int
    begin: float
    end: float
    #: `wait` or `hold`
    what: str
    #: the lock or event, as the script calls it
    name: str
    #: whether it came to an end before the process or the run did
    over: bool = True


def recorded(transcript: Transcript) -> bool:
    """Tell whether a run recorded any message or lock."""
    return any(event.what in ("send", "recv", "wait") for event in transcript.events)


def messages(transcript: Transcript) -> list[Message]:
    """Return the messages of a run that recorded them, in the order in which they were sent."""
    events = sorted(transcript.events, key=lambda event: event.time)
    peers = _peers(events)
    names = _names(events)
    waiting: dict[tuple[str, ...], list[Event]] = defaultdict(list)
    found: list[Message] = []
    for event in events:
        channel, *told = event.detail.split(" ")
        if event.what == "send":
            waiting[channel, *told[:2]].append(event)
        elif event.what == "recv":
            ways = (peers.get(channel, channel), channel)
            sends = next((waiting[way, *told[:2]] for way in ways if waiting.get((way, *told[:2]))), None)
            if sends:
                send = sends.pop(0)
                found.append(_message(send, event, names))
    lost = (send for sends in waiting.values() for send in sends)
    found += [_message(send, None, names) for send in lost]
    found += _told(events, names)
    return sorted(found, key=lambda message: (message.sent, message.received or message.sent))


def _message(send: Event, receive: Event | None, names: dict[str, str]) -> Message:
    channel, size, _, held = send.detail.split(" ")
    what = content(bytes.fromhex(held[1:])) or f"{int(size[1:]):,} bytes"
    receiver, received = (None, None) if receive is None else (receive.pid, receive.time)
    return Message(send.pid, send.time, receiver, received, names.get(channel, ""), what)


def _told(events: list[Event], names: dict[str, str]) -> Iterator[Message]:
    """Give a message for each process that went on because another one set an event."""
    begun: dict[tuple[int, str], float] = {}
    sets: dict[str, Event] = {}
    for event in events:
        thing = event.detail.rpartition(" ")[2]
        if event.what == "wait":
            begun[event.pid, thing] = event.time
        elif event.what == "set":
            sets[thing] = event
        elif event.what == "passed" and thing in sets and sets[thing].time >= begun.get((event.pid, thing), 0.0):
            told = sets[thing]
            yield Message(told.pid, told.time, event.pid, event.time, names.get(thing, ""), "set()")


def spans(transcript: Transcript, end: float) -> list[Span]:
    """Return who waited for or held what, in a run that recorded it; `end` is when the drawing ends."""
    events = sorted(transcript.events, key=lambda event: event.time)
    names = _names(events)
    waits: dict[tuple[int, str], Event] = {}
    holds: dict[tuple[int, str], list[Event]] = defaultdict(list)
    found: list[Span] = []

    def note(pid: int, begin: float, until: float, what: str, event: Event, over: bool) -> None:
        kind, _, thing = event.detail.partition(" ")
        found.append(Span(pid, begin, until, what, names.get(thing, kind), over))

    for event in events:
        key = event.pid, event.detail
        if event.what == "wait":
            waits[key] = event
        elif event.what in ("got", *_ENDED) and key in waits:
            begun = waits.pop(key)
            if event.what != "got" or event.time - begun.time >= _AT_ONCE:
                note(event.pid, begun.time, event.time, "wait", event, over=True)
            if event.what == "got" and event.detail.partition(" ")[0] not in _UNHELD:
                holds[key].append(event)
        elif event.what == "freed" and holds.get(key):
            held = holds[key].pop()
            if not holds[key]:
                note(event.pid, held.time, event.time, "hold", event, over=True)
    left = [("wait", event) for event in waits.values()]
    left += [("hold", events[0]) for events in holds.values() if events]
    for what, event in left:
        process = transcript.process(event.pid)
        until = end if process is None or process.death is None else process.death
        note(event.pid, event.time, max(until, event.time), what, event, over=False)
    return sorted(found, key=lambda span: (span.begin, span.pid))


def _peers(events: list[Event]) -> dict[str, str]:
    """Return the other end of each end of a two-way pipe."""
    pairs = [event.detail.split(" ") for event in events if event.what == "pair"]
    return {one: other for first, second in pairs for one, other in ((first, second), (second, first))}


def _names(events: list[Event]) -> dict[str, str]:
    """Return what the script calls each pipe and lock: the name that was told first."""
    names: dict[str, str] = {}
    for event in events:
        if event.what == "called":
            thing, _, name = event.detail.partition(" ")
            names.setdefault(thing, name)
    return names
