"""What was measured, the limits that it must keep, and how both are told."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Figure", "at_least", "at_most", "cores", "line", "missed", "told", "write"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value."""

    #: names it in the JSON, as in `overhead.fork`
    key: str
    value: float
    #: `x` for a ratio, else as in `ms`
    unit: str
    #: the limit in words; empty where there is none
    limit: str = ""
    met: bool = True
    #: what the value was reckoned from
    details: dict[str, Any] = field(default_factory=dict)


def at_most(key: str, value: float, unit: str, limit: float, **details: Any) -> Figure:
    """Return a figure that must not be greater than its limit."""
    return Figure(key, value, unit, f"at most {limit:g} {unit}", value <= limit, details)


def at_least(key: str, value: float, unit: str, limit: float, **details: Any) -> Figure:
    """Return a figure that must not be less than its limit."""
    return Figure(key, value, unit, f"at least {limit:g} {unit}", value >= limit, details)


def cores() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def line(figure: Figure) -> str:
    """Return a figure as a line of text.

    >>> line(at_most("overhead.fork", 1.0312, "x", 1.05, plain_ms=71.3))
    'ok      overhead.fork             1.031 x    (at most 1.05 x)  plain_ms 71.3'
    """
    mark = "ok" if figure.limit and figure.met else "" if figure.met else "MISSED"
    limit = f"({figure.limit})" if figure.limit else ""
    details = ", ".join(f"{name} {_short(value)}" for name, value in figure.details.items())
    return f"{mark:<7} {figure.key:<25} {figure.value:.3f} {figure.unit:<4} {limit}  {details}".rstrip()


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def missed(figures: Iterable[Figure]) -> list[str]:
    """Return the keys of the figures that missed their limits."""
    return [figure.key for figure in figures if not figure.met]


def told(figures: Iterable[Figure]) -> dict[str, Any]:
    """Return the figures as they stand in the JSON, by key, with what they were measured on."""
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()}-{platform.machine()}",
        "cores": cores(),
        "figures": {
            figure.key: {
                "value": round(figure.value, 4),
                "unit": figure.unit,
                "limit": figure.limit,
                "met": figure.met,
                **{
                    name: round(value, 4) if isinstance(value, float) else value
                    for name, value in figure.details.items()
                },
            }
            for figure in figures
        },
    }


def write(file: Path, content: dict[str, Any]) -> None:
    """Write JSON, in a folder that need not be there yet."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
