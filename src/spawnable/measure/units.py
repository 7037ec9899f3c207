"""Units, as the end of a column's name tells them, and values with their unit as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spawnable.measure.shown import figure, plain
from spawnable.measure.table import Value

__all__ = ["Unit", "shown", "unit_of"]

_TIMES = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True, slots=True)
class Unit:
    """What the values of a column count."""

    #: names and how many of the column's own unit each is, the smallest first
    names: Sequence[tuple[str, float]]

    def show(self, value: float) -> str:
        """Return the value by the unit in which it is at least 1, with up to three digits."""
        if not value:
            return "0"
        name, size = self.names[0]
        for name, size in reversed(self.names):  # noqa: B007 - the last one is used where all are too great
            if abs(value) >= size * 0.9995:
                break
        text = figure(float(f"{value / size:.3g}"))
        return f"{text}{name}" if name in {"", _TIMES, "%", "/s"} else f"{text}\N{NO-BREAK SPACE}{name}"


def _times(own: str) -> Unit:
    scale = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1.0}
    return Unit([(name, size / scale[own]) for name, size in scale.items()])


_BINARY = Unit([("B", 1), ("KiB", 2**10), ("MiB", 2**20), ("GiB", 2**30)])
_UNITS = {
    "mb_s": Unit([("kB/s", 1e-3), ("MB/s", 1), ("GB/s", 1e3)]),
    "per_s": Unit([("/s", 1), ("M/s", 1e6)]),
    "ns": _times("ns"),
    "us": _times("µs"),
    "ms": _times("ms"),
    "s": _times("s"),
    "mb": Unit([("kB", 1e-3), ("MB", 1), ("GB", 1e3)]),
    "kb": Unit([("kB", 1), ("MB", 1e3), ("GB", 1e6)]),
    "bytes": _BINARY,
    "ratio": Unit([(_TIMES, 1)]),
    "percent": Unit([("%", 1)]),
}
_NONE = Unit([("", 1)])
#: ends of a column's name that tell how its values spread, in the same unit
_SPREAD = ("_q1", "_q3", "_p99")


def unit_of(column: str) -> Unit:
    r"""Return the unit of a column; one without a name where its own tells none.

    >>> unit_of("throughput_mb_s").show(1250), unit_of("latency_us_p99").show(0.75), unit_of("size").show(65536)
    ('1.25\xa0GB/s', '750\xa0ns', '64\xa0KiB')
    """
    for end in _SPREAD:
        column = column.removesuffix(end)
    if column == "size":
        return _BINARY
    for name, unit in _UNITS.items():
        if column == name or column.endswith(f"_{name}"):
            return unit
    return _NONE


def shown(value: Value, column: str) -> str:
    r"""Return a value of a column as text, with its unit; a word as it is.

    >>> shown(12.5, "latency_us"), shown("Pipe", "transport"), shown(True, "locked"), shown(4, "workers")
    ('12.5\xa0µs', 'Pipe', 'yes', '4')
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return plain(value)
    return unit_of(column).show(value)
