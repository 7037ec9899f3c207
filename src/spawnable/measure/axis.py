"""An axis: where a value lies on it, and the values that are written beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Axis", "axis"]

#: steps between ticks, as parts of a power of ten
_STEPS = (1.0, 2.0, 5.0, 10.0)
#: ticks of a linear axis, about
_TICKS = 4
#: how many times the least value the greatest must be for a logarithmic axis to have powers of ten alone
_WIDE = 30.0


@dataclass(frozen=True, slots=True)
class Axis:
    """From a least to a greatest value, both included."""

    low: float
    high: float
    log: bool
    ticks: Sequence[float]

    def at(self, value: float) -> float:
        """Return where a value lies: 0 at the low end, 1 at the high one.

        >>> axis([1, 100], log=True).at(10)
        0.5
        """
        if self.log:
            value = max(value, self.low)
            return (math.log(value) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        return (value - self.low) / (self.high - self.low)


def axis(values: Iterable[float], *, log: bool, from_zero: bool = False) -> Axis:
    """Return an axis with round ends that has room for all values.

    A logarithmic one begins at the power of ten, or, where it is short, at the step of 1, 2
    and 5, below the least positive value; with `from_zero` a linear one begins at 0.

    >>> axis([0.3, 7.2], log=False, from_zero=True).ticks
    (0.0, 2.0, 4.0, 6.0, 8.0)
    >>> axis([3, 2000], log=True).ticks
    (1.0, 10.0, 100.0, 1000.0, 10000.0)

    Raises ValueError where there is no value, or, for a logarithmic axis, no positive one.
    """
    found = [value for value in values if value > 0] if log else list(values)
    if not found:
        raise ValueError("no value can be drawn")
    low, high = min(found), max(found)
    if log:
        return _logarithmic(low, high)
    low = min(low, 0.0) if from_zero else low
    return _linear(low, high if high > low else low + 1)


def _linear(low: float, high: float) -> Axis:
    power = 10 ** math.floor(math.log10((high - low) / _TICKS))
    step = next(step * power for step in _STEPS if (high - low) / (step * power) <= _TICKS + 0.5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(round(number * step, 12) for number in range(first, last + 1))
    return Axis(ticks[0], ticks[-1], log=False, ticks=ticks)


def _logarithmic(low: float, high: float) -> Axis:
    steps = (1.0,) if high / low > _WIDE else (1.0, 2.0, 5.0)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    marks = [step * 10.0**power for power in powers for step in steps]
    begin = max((mark for mark in marks if mark <= low * 1.0001), default=marks[0])
    end = min((mark for mark in marks if mark >= high * 0.9999), default=marks[-1])
    end = end if end > begin else begin * 10
    ticks = tuple(mark for mark in marks if begin <= mark <= end)
    return Axis(begin, end, log=True, ticks=ticks)
