"""The subjects by name, imported when they are asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module

from spawnable.measure.chart import Chart
from spawnable.measure.machine import Machine
from spawnable.measure.plan import Plan
from spawnable.measure.table import Table

__all__ = ["SUBJECTS", "Subject", "subject"]

#: in the order of the pages
SUBJECTS = ("startup", "transports", "pools", "locks", "copying", "blas", "workers", "recipes")


@dataclass(frozen=True, slots=True)
class Subject:
    """One module that measures."""

    name: str
    #: what it measures, in a line
    summary: str
    #: what it measures and how, in full
    text: str
    charts: Sequence[Chart]
    _measure: Callable[[Plan], Table]

    def measure(self, plan: Plan) -> Table:
        """Measure, and say how long it took."""
        machine = Machine.this()  # the load is that before it began
        begin = time.perf_counter()
        table = self._measure(plan)
        seconds = time.perf_counter() - begin
        return replace(table, seconds=seconds, quick=plan.quick, machine=machine)


def subject(name: str) -> Subject:
    """Return the subject of that name.

    Raises LookupError where there is none.
    """
    if name not in SUBJECTS:
        raise LookupError(f"there is no subject {name!r}: there are {', '.join(SUBJECTS)}")
    module = import_module(f"spawnable.measure.{name}")
    text = (module.__doc__ or "").strip()
    return Subject(name, text.partition("\n")[0], text, module.CHARTS, module.measure)
