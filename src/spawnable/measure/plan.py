"""How long a subject may take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Plan"]

#: seconds of a subject, in full and as a trial
_FULL, _QUICK = 100.0, 2.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a measurement may take: time above all."""

    #: the whole subject's, all its parts and rounds together
    seconds: float = _FULL
    #: whether it is to be seen that the parts work, not what they cost: small sizes, few rounds
    quick: bool = False
    #: rounds of each part, however much time is left; None for as many as fit
    repeats: int | None = None

    @classmethod
    def trial(cls) -> Plan:
        """Return a plan of some seconds."""
        return cls(seconds=_QUICK, quick=True, repeats=2)

    def part(self, share: float) -> Plan:
        """Return the plan of a part that has this share of the time.

        >>> Plan(seconds=90).part(1 / 3).seconds
        30.0
        """
        return Plan(self.seconds * share, self.quick, self.repeats)

    def rounds(self, *, least: int = 2, most: int = 1_000) -> Iterator[int]:
        """Give the numbers of rounds from 0, while one more fits into the time.

        There are at least `least`, or else no spread is known, and at most `most`; with
        `repeats`, just as many as that.

        >>> list(Plan(seconds=0).rounds()), list(Plan(repeats=3).rounds())
        ([0, 1], [0, 1, 2])
        """
        begin = time.perf_counter()
        if self.repeats is not None:
            least = most = self.repeats
        for number in range(most):
            spent = time.perf_counter() - begin
            if number >= least and spent + spent / number > self.seconds:
                return
            yield number
