"""Functions that pebble calls in processes of their own: a started process finds them by the name of this module."""

from __future__ import annotations

from importlib.util import find_spec

from spawnable.measure.busy import spin

__all__ = ["LIMIT", "alone", "limited"]

#: seconds that no call takes
LIMIT = 60

if find_spec("pebble") is not None:
    from pebble import concurrent

    @concurrent.process  # type: ignore[untyped-decorator]
    def alone(loops: int) -> int:
        """Do a task in a process of its own."""
        return spin(loops)

    @concurrent.process(timeout=LIMIT)  # type: ignore[untyped-decorator]
    def limited(loops: int) -> int:
        """Do a task in a process of its own, which has a time limit."""
        return spin(loops)
