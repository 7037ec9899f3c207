"""Where a moment of a run lies across the drawing; long times in which nothing happens are cut short."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["LEFT", "RIGHT", "Scale", "scale_of"]

#: where a run begins and ends, in percent of the drawing's width
LEFT, RIGHT = 2.0, 97.0
#: an idle time is cut where it lasts longer than this, in seconds
_LONG = 1.0
#: and longer than this part of the run
_PART = 0.4
#: what is left of it, as a part of all that is drawn in full
_SHORT = 0.12
#: the least width of what is drawn, in seconds
_LEAST = 0.01
#: ticks that fit a narrow screen, and how near each other two of them may be, in percent
_TICKS, _APART = 6, 12.0


@dataclass(frozen=True, slots=True)
class Scale:
    """A run's seconds, drawn from left to right."""

    #: the last moment, in seconds
    end: float
    #: the idle times that are cut short, each from when to when
    cuts: tuple[tuple[float, float], ...] = ()

    @property
    def _drawn(self) -> float:
        return max(_LEAST, self.end - sum(end - begin for begin, end in self.cuts))

    def at(self, time: float) -> float:
        """Return where a moment lies, in percent of the drawing's width.

        >>> Scale(1.0).at(0.5), Scale(1.0).at(7.0)
        (49.5, 97.0)
        """
        short = _SHORT * self._drawn
        drawn = min(max(time, 0.0), self.end)
        for begin, end in self.cuts:
            if time >= end:
                drawn -= end - begin - short
            elif time > begin:
                drawn -= (time - begin) * (1 - short / (end - begin))
        return LEFT + (RIGHT - LEFT) * drawn / (self._drawn + short * len(self.cuts))

    def ticks(self) -> list[float]:
        """Return the moments, in seconds, that the axis names: none inside a cut.

        >>> Scale(0.61).ticks()
        [0.0, 0.2, 0.4, 0.6]
        >>> Scale(4.1, ((0.1, 4.0),)).ticks()
        [0.0, 0.05, 0.1, 4.05, 4.1]
        """
        step = self._step()
        count = round(self.end / step)
        ticks: list[float] = []
        for time in (round(number * step, 6) for number in range(count + 1)):
            cut = any(begin < time < end for begin, end in self.cuts)
            if time <= self.end + 1e-9 and not cut and (not ticks or self.at(time) - self.at(ticks[-1]) >= _APART):
                ticks.append(time)
        return ticks

    def _step(self) -> float:
        step = 0.001
        while True:
            for factor in (1, 2, 5):
                if self._drawn / (step * factor) < _TICKS:
                    return step * factor
            step *= 10


def scale_of(end: float, busy: Iterable[tuple[float, float]]) -> Scale:
    """Return the scale of a run that ended at `end`; `busy` are times in which something happened.

    >>> scale_of(5.0, [(0.0, 0.2), (0.1, 0.3), (4.9, 5.0)]).cuts
    ((0.3, 4.9),)
    """
    merged: list[tuple[float, float]] = [(0.0, 0.0)]
    for begin, stop in sorted([*busy, (end, end)]):
        if begin <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(stop, merged[-1][1])
        else:
            merged.append((begin, stop))
    idle = ((first[1], second[0]) for first, second in pairwise(merged))
    return Scale(end, tuple((a, b) for a, b in idle if b - a > max(_LONG, _PART * end)))
