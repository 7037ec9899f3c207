"""What a forked child copies of its parent's memory, by what it does with it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from spawnable.measure.memory import private_mb
from spawnable.measure.plan import Plan
from spawnable.measure.sampling import in_turns, spread
from spawnable.measure.table import Row

__all__ = ["copy_on_write"]

#: bytes of a float and of its place in a list
_FLOAT = 32


def copy_on_write(size_mb: int, plan: Plan) -> Iterator[Row]:
    """Give a row for what a child does with an array, or a list, of its parent's; there must be `fork` and NumPy."""
    import numpy as np

    things: dict[str, Any] = {
        "NumPy array": np.random.default_rng(1).random(size_mb * 1_000_000 // 8),
        "list of floats": [float(number) for number in range(size_mb * 1_000_000 // _FLOAT)],
    }
    actions = {"left alone": _leave, "read": _read, "written": _write}
    cases = {
        (what, action): partial(_copied_mb, thing, do)
        for what, thing in things.items()
        for action, do in actions.items()
    }
    for (what, action), copied in in_turns(cases, plan, warm_up=0).items():
        yield {"part": "copy-on-write", "what": what, "action": action, **spread("copied_mb", copied)}


def _copied_mb(thing: Any, do: Callable[[Any], None]) -> float:
    """Fork a process that does that; return by how much the memory grew that is its own alone."""
    context: Any = multiprocessing.get_context("fork")  # which Windows does not have
    mine, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_do, args=(thing, do, theirs))
    process.start()
    theirs.close()
    copied = float(mine.recv())
    mine.close()
    process.join()
    return copied


def _do(thing: Any, do: Callable[[Any], None], end: Connection) -> None:
    before = private_mb()
    do(thing)
    end.send(private_mb() - before)
    end.close()


def _leave(thing: Any) -> None:
    del thing


def _read(thing: Any) -> None:
    if isinstance(thing, list):
        for _ in thing:  # for a moment, there is one reference more to each, which is written into it
            pass
    else:
        thing.sum()


def _write(thing: Any) -> None:
    if isinstance(thing, list):
        for place in range(len(thing)):
            thing[place] += 1.0
    else:
        thing += 1
