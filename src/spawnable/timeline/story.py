"""A run in sentences, and as a table of what happened when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from spawnable.timeline.model import Lane, Timeline
from spawnable.timeline.phrases import Phrases
from spawnable.waits import waits

__all__ = ["Happening", "happenings", "story"]

#: the least time as a zombie that is told, in seconds
_ZOMBIE = 0.005


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of the table."""

    time: float
    #: the process, as the page calls it; empty where nobody knows
    name: str
    colour: str
    text: str
    #: the number of the line of output that it tells of
    line: int | None = None


def story(run: Timeline, say: Phrases) -> list[str]:
    """Return what happened, in sentences."""
    told = [sentence for lane in run.lanes for sentence in _of(lane, run, say)]
    if run.transcript.ended == "stuck":
        told += [f"{text}." for text in waits(run.transcript)]
    if run.omitted:
        told.append(say._("%d more processes are not shown.") % run.omitted)
    told += _of_messages(run, say)
    return told


def _of(lane: Lane, run: Timeline, say: Phrases) -> Iterator[str]:
    process = lane.process
    values = {
        "name": process.name,
        "parent": say.parent(lane),
        "birth": say.ms(process.birth),
        "death": say.ms(process.death or 0.0),
        "end": say.exit(process.exit_code),
        "run": say.ms(run.end),
    }
    if process is run.lanes[0].process:
        if process.death is None:
            yield say._("%(name)s was still running when the run was ended, after %(run)s.") % values
        else:
            yield say._("%(name)s ended at %(death)s: %(end)s.") % values
    elif process.death is None:
        yield (
            say._("%(parent)s created %(name)s at %(birth)s, which was still running when the run was ended.") % values
        )
    else:
        yield say._("%(parent)s created %(name)s at %(birth)s, which ended at %(death)s: %(end)s.") % values
    zombie = lane.zombie
    if zombie is not None and zombie.end - zombie.begin > _ZOMBIE:
        values["time"], values["gone"] = say.ms(zombie.end - zombie.begin), say.ms(zombie.end)
        yield (
            say._("From then to %(gone)s, for %(time)s, it was a zombie: %(parent)s had not asked how it ended.")
            % values
        )
    if lane.written:
        yield say._("It wrote %s.") % say.lines([number for number, _ in lane.written])


def _of_messages(run: Timeline, say: Phrases) -> Iterator[str]:
    names = {process.pid: process.name for process in run.transcript.processes}
    counts: dict[tuple[int, int | None, str], int] = {}
    for message in run.messages:
        way = message.sender, message.receiver, message.channel
        counts[way] = counts.get(way, 0) + 1
    for (sender, receiver, channel), count in counts.items():
        values = {"sender": names.get(sender, "?"), "receiver": names.get(receiver or 0, "?"), "count": count}
        values["through"] = say._(" through %s") % channel if channel else ""
        if receiver is None:
            yield say._("Messages that %(sender)s sent%(through)s and nobody received: %(count)d.") % values
        else:
            yield say._("Messages from %(sender)s to %(receiver)s%(through)s: %(count)d.") % values


def happenings(run: Timeline, say: Phrases) -> list[Happening]:
    """Return all that happened, in order of time."""
    found = [item for lane in run.lanes for item in _in(lane, run, say)]
    found += [
        Happening(time, "", "", say._("line %(number)d: %(text)s") % _line(run, number), number)
        for number, time in run.unattributed
    ]
    lanes = {lane.process.pid: lane for lane in run.lanes}
    names = {process.pid: process.name for process in run.transcript.processes}
    for event in run.kills:
        if event.pid in lanes:
            number, _, reach = event.detail.partition(" ")
            reached = {"group": say._("a group of processes"), "all": say._("all processes")}
            target = reached.get(reach) or names.get(event.target or 0, "?")
            values = {"target": target, "signal": say.signal(int(number or 0))}
            text = say._("sends %(signal)s to %(target)s") % values
            found.append(Happening(event.time, names[event.pid], lanes[event.pid].colour, text))
    for message in run.messages:
        if message.sender in lanes:
            lane = lanes[message.sender]
            what = {"content": message.content or say._("a message"), "channel": message.channel or say._("a channel")}
            if message.received is None:
                text = say._("sends %(content)s through %(channel)s: nobody receives it") % what
            else:
                what |= {"receiver": names.get(message.receiver or 0, "?"), "time": say.ms(message.received)}
                text = say._("sends %(content)s through %(channel)s: %(receiver)s has it at %(time)s") % what
            found.append(Happening(message.sent, lane.process.name, lane.colour, text))
    return sorted(found, key=lambda item: item.time)


def _line(run: Timeline, number: int) -> dict[str, object]:
    return {"number": number, "text": run.lines[number - 1].text.rstrip("\n")[:160]}


def _in(lane: Lane, run: Timeline, say: Phrases) -> Iterator[Happening]:
    process, parent = lane.process, say.parent(lane)

    def happening(time: float, text: str, line: int | None = None) -> Happening:
        return Happening(time, process.name, lane.colour, text, line)

    if lane.parent is None:
        yield happening(process.birth, say._("starts"))
    else:
        yield happening(process.birth, say._("is created by %s") % parent)
    for number, time in lane.written:
        yield happening(time, say._("writes line %(number)d: %(text)s") % _line(run, number), number)
    for span in lane.spans:
        values = {"name": span.name, "time": say.ms(span.end - span.begin)}
        text = say._("waits %(time)s for %(name)s") if span.what == "wait" else say._("holds %(name)s for %(time)s")
        yield happening(span.begin, text % values)
    if process.death is not None:
        yield happening(process.death, say._("ends: %s") % say.exit(process.exit_code))
    zombie = lane.zombie
    if zombie is not None and zombie.end - zombie.begin > _ZOMBIE:
        yield happening(zombie.begin, say._("is a zombie for %s") % say.ms(zombie.end - zombie.begin))
    if lane.reaped is not None:
        reaper = run.transcript.process(lane.reaped.pid)
        who = reaper.name if reaper is not None else parent
        yield happening(lane.reaped.time, say._("%s learns its exit code") % who)
