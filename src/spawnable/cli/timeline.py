"""The processes of a run as a timeline in a terminal: a bar for each, over the time of the run."""

from __future__ import annotations

import math
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from spawnable.transcript import Process, Transcript

__all__ = ["Timeline", "bar", "end_of", "family"]

#: states in the order of the legend, each with what stands for it in a bar: where there is Unicode, and elsewhere
_SIGNS = {"running": "█#", "sleeping": "─-", "stopped": "═=", "zombie": "zz"}
#: letters of ps(1); a process that waits for the disk is at work
_LETTERS = {"R": "running", "D": "running", "S": "sleeping", "I": "sleeping", "T": "stopped", "t": "stopped"}
#: processes that are drawn; of more it is said how many
_ROWS = 40
#: columns below which the moments are left out
_NARROW = 60
#: columns of names and bars from which on names have so many
_ROOMY, _NAME = 44, 22
#: seconds from which on tenths are enough
_LONG = 10


def bar(process: Process, span: float, width: int, *, plain: bool) -> str:
    """Return a process's life from the run's start to `span` seconds, in `width` characters.

    Each stands for what the process was for the longest part of its time; blank before birth and after the end.
    """
    seconds: list[dict[str, float]] = [{} for _ in range(width)]
    step = span / width
    for begin, end, state in _stretches(process, span):
        first = max(0, min(int(begin / step), width - 1))
        for cell in range(first, max(first, min(math.ceil(end / step), width) - 1) + 1):
            share = min(end, (cell + 1) * step) - max(begin, cell * step)
            seconds[cell][state] = seconds[cell].get(state, 0.0) + max(share, step / 1e6)
    return "".join(_SIGNS[max(cell, key=cell.__getitem__)][plain] if cell else " " for cell in seconds)


def _stretches(process: Process, span: float) -> Iterator[tuple[float, float, str]]:
    """Give begin, end and state of each part of a process's life."""
    end = span if process.death is None else process.death
    changes = [(time, _LETTERS[letter]) for time, letter in process.states if letter in _LETTERS and time < end]
    begin = process.birth
    state = changes[0][1] if changes else "sleeping"
    for time, following in [*changes, (end, "")]:
        if time > begin or following == "":
            yield begin, max(time, begin), state
            begin = max(time, begin)
        state = following
    if process.zombie:
        yield end, end + process.zombie, "zombie"


def end_of(process: Process) -> str:
    """Return how a process ended: its exit code, the signal's name, or that it did not."""
    code = process.exit_code
    if code is None:
        return "alive" if process.death is None else "?"
    if code >= 0:
        return str(code)
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def family(processes: Sequence[Process]) -> list[tuple[int, Process]]:
    """Return each process below the one that created it, with how deep it is; in order of birth otherwise."""
    known = {process.pid for process in processes}
    children: dict[int | None, list[Process]] = {}
    for process in sorted(processes[1:], key=lambda process: process.birth):
        children.setdefault(process.parent if process.parent in known else processes[0].pid, []).append(process)
    found: list[tuple[int, Process]] = []
    waiting = [(0, processes[0])]
    while waiting:
        depth, process = waiting.pop()
        found.append((depth, process))
        waiting += [(depth + 1, child) for child in reversed(children.pop(process.pid, []))]
    return found


@dataclass(frozen=True, slots=True)
class Timeline:
    """The table of processes, as wide as there is room."""

    #: normalised
    transcript: Transcript
    #: the colour of each process, by id
    colours: Mapping[int, str]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Give the lines: a header, a line for each process, the legend."""
        plain, width = options.ascii_only, options.max_width
        found = family(self.transcript.processes)
        shown = found[:_ROWS]
        lives = [process for _, process in found]
        span = max([self.transcript.wall, *(_last(process) for process in lives)], default=0.0) or 1e-3
        decimals = 1 if span >= _LONG else 3
        names = [_indented(depth, process.name, plain=plain) for depth, process in shown]
        ends = [end_of(process) for _, process in shown]
        of_end = max(map(len, [*ends, "exit"]))
        moments = [
            (f"{process.birth:.{decimals}f}", "" if process.death is None else f"{process.death:.{decimals}f}")
            for _, process in shown
        ]
        of_moment = max(len(text) for pair in [*moments, ("born", "ended")] for text in pair)
        rest = width - of_end - 2 - (2 * (of_moment + 2) if width >= _NARROW else 0)
        of_name = min(max(map(len, [*names, "process"])), rest // 3 if rest < _ROOMY else max(rest // 3, _NAME))
        of_bar = max(rest - of_name - 2, 1)

        def line(name: str, drawn: str, pair: tuple[str, str], end: str, style: str) -> Text:
            text = Text(no_wrap=True, overflow="crop")
            text.append(f"{_cut(name, of_name, plain=plain):{of_name}}  {drawn:{of_bar}}", style)
            if width >= _NARROW:
                text.append(f"  {pair[0]:>{of_moment}}  {pair[1]:>{of_moment}}")
            return text.append(f"  {end:>{of_end}}")

        until = f"{span:.{2 if span < _LONG else 1}f} s"
        yield line(
            "process", f"0{until:>{of_bar - 1}}" if of_bar > len(until) + 1 else "", ("born", "ended"), "exit", "dim"
        )
        bars = [bar(process, span, of_bar, plain=plain) for _, process in shown]
        for (_, process), name, drawn, pair, end in zip(shown, names, bars, moments, ends, strict=True):
            yield line(name, drawn, pair, end, self.colours.get(process.pid, ""))
        if len(found) > len(shown):
            yield Text(f"and {len(found) - len(shown)} more", "dim")
        used = "".join(bars)
        yield Text("  ".join(f"{sign[plain]} {state}" for state, sign in _SIGNS.items() if sign[plain] in used), "dim")


def _last(process: Process) -> float:
    return (process.death or process.birth) + process.zombie


def _indented(depth: int, name: str, *, plain: bool) -> str:
    return f"{'  ' * (depth - 1)}{'- ' if plain else '└ '}{name}" if depth else name


def _cut(name: str, width: int, *, plain: bool) -> str:
    """Return a name that fits, with a sign where it was longer."""
    if len(name) <= width:
        return name
    sign = "~" if plain else "…"
    return name[: max(width - 1, 0)] + sign
