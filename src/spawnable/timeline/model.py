"""What a timeline shows, taken from a transcript: a lane for each process, its states, its lines, its end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from spawnable.normalise import HELPERS, Line, lines, normalise
from spawnable.timeline.messages import Message, Span, messages, spans
from spawnable.timeline.scale import Scale, scale_of
from spawnable.transcript import Event, Process, Transcript

__all__ = ["MOST_LANES", "Lane", "Spell", "Timeline", "timeline"]

#: processes that have a lane; the others are counted
MOST_LANES = 24
#: seconds of running after which a process was busy all the time
_BUSY = 0.05
# a traced run's own frames are none of the script's
_OWN_FRAME = re.compile(r'^  File "[^"]*spawnable_trace\.py".*\n?', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Spell:
    """A time in which a process was in one state: `R` runs, `S` sleeps, `T` stopped, `Z` zombie, `?` not seen."""

    begin: float
    end: float
    state: str


@dataclass(slots=True)
class Lane:
    """One process."""

    process: Process
    #: its colour's class: `p0` to `p7`, or `helper`
    colour: str
    parent: Process | None
    spells: list[Spell]
    #: the numbers of the lines that it wrote, from 1, each with its moment
    written: list[tuple[int, float]] = field(default_factory=list)
    #: the last event in which somebody learned of its end
    reaped: Event | None = None
    spans: list[Span] = field(default_factory=list)

    @property
    def zombie(self) -> Spell | None:
        """The time for which it was a zombie."""
        return next((spell for spell in self.spells if spell.state == "Z"), None)

    @property
    def end(self) -> float:
        """When it was gone from the process table, or the run was ended."""
        return self.spells[-1].end


@dataclass(slots=True)
class Timeline:
    """One run."""

    transcript: Transcript
    lanes: list[Lane]
    #: processes without a lane
    omitted: int
    lines: list[Line]
    #: lines whose writer has no lane: numbers and moments
    unattributed: list[tuple[int, float]]
    kills: list[Event]
    messages: list[Message]
    end: float

    def lane(self, pid: int | None) -> Lane | None:
        """Return a process's lane."""
        return next((lane for lane in self.lanes if lane.process.pid == pid), None)

    def busy(self) -> Iterator[tuple[float, float]]:
        """Give the times in which something happened."""
        for lane in self.lanes:
            for spell in lane.spells:
                lasts = spell.state == "R" and spell.end - spell.begin > _BUSY
                yield spell.begin, spell.end if lasts else spell.begin
                yield spell.end, spell.end
            for span in lane.spans:
                yield span.begin, span.begin
                yield span.end, span.end
        for moment in (line.time for line in self.lines):
            yield moment, moment
        for message in self.messages:
            yield message.sent, message.sent
            yield message.received or message.sent, message.received or message.sent

    def scale(self) -> Scale:
        """Return the scale on which it is drawn."""
        return scale_of(self.end, self.busy())


def timeline(transcript: Transcript) -> Timeline:
    """Return what a timeline of a run shows."""
    run = normalise(transcript)
    run.processes = [replace(process, stack=_OWN_FRAME.sub("", process.stack)) for process in run.processes]
    written = lines(run)
    ends = [process.death + process.zombie for process in run.processes if process.death is not None]
    end = max([run.wall, *ends, *(line.time for line in written)])
    order = list(_tree(run))
    colours = _colours(run)
    found = [
        Lane(process, colours[process.pid], run.process(process.parent), _spells(process, run, end))
        for process in order[:MOST_LANES]
    ]
    drawn = Timeline(
        transcript=run,
        lanes=found,
        omitted=len(order) - len(found),
        lines=written,
        unattributed=[],
        kills=[event for event in run.events if event.what == "kill"],
        messages=messages(run),
        end=end,
    )
    for number, line in enumerate(written, 1):
        lane = drawn.lane(line.pid)
        (lane.written if lane else drawn.unattributed).append((number, line.time))
    for event in run.events:
        lane = drawn.lane(event.target)
        if event.what == "reap" and lane is not None:
            lane.reaped = event
    for span in spans(run, end):
        lane = drawn.lane(span.pid)
        if lane is not None:
            lane.spans.append(span)
    return drawn


def _tree(transcript: Transcript) -> Iterator[Process]:
    """Give each process behind the one that created it, and before those that were created later."""
    given: set[int] = set()

    def below(process: Process) -> Iterator[Process]:
        given.add(process.pid)
        yield process
        children = (other for other in transcript.processes if other.parent == process.pid and other.pid not in given)
        for child in sorted(children, key=lambda other: (other.birth, other.pid)):
            yield from below(child)

    for root in transcript.processes:
        if root.pid not in given:
            yield from below(root)


def _colours(transcript: Transcript) -> dict[int, str]:
    """Return the classes of the processes' colours, as beside the lines of an output."""
    main, *others = transcript.processes
    own = [main, *sorted((p for p in others if p.kind not in HELPERS), key=lambda process: process.birth)]
    found = dict.fromkeys((process.pid for process in others), "helper")
    return found | {process.pid: f"p{1 + (n - 1) % 7 if n else 0}" for n, process in enumerate(own)}


def _spells(process: Process, transcript: Transcript, end: float) -> list[Spell]:
    """Return the states of a process without a gap, from its birth until it is gone."""
    stop = end if process.death is None else max(process.death, process.birth)
    first = process.states[0][1] if process.states and process.states[0][1] != "Z" else "?"
    changes = [(process.birth, first), *((time, letter) for time, letter in process.states if letter != "Z")]
    found: list[Spell] = []
    for index, (time, letter) in enumerate(changes):
        until = changes[index + 1][0] if index + 1 < len(changes) else stop
        begin, until = max(time, process.birth), min(until, stop)
        state = letter if letter in "RTZ?" else "S"
        if found and found[-1].state == state:
            found[-1] = replace(found[-1], end=max(until, found[-1].end))
        elif until > begin or not found:
            found.append(Spell(begin, max(until, begin), state))
    if process.death is not None and (gone := _gone(process, transcript)) > process.death:
        found.append(Spell(stop, gone, "Z"))
    return found


def _gone(process: Process, transcript: Transcript) -> float:
    """Return when a process that had ended was waited for."""
    death = process.death or 0.0
    zombie = process.states and process.states[-1][1] == "Z"
    seen = death + process.zombie
    reaped = [
        event.time
        for event in transcript.events
        if event.what == "reap" and event.target == process.pid and event.pid == process.parent
    ]
    if process.zombie:
        return max(death, min([seen, *reaped]))
    return max(reaped, default=death) if zombie else death
