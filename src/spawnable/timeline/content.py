"""What a short pickle says, read without running anything in it."""

from __future__ import annotations

import pickletools
from typing import Any

__all__ = ["content"]

_VALUES: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": (), "EMPTY_LIST": []}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_PASSED = ("PROTO", "FRAME", "MEMOIZE", "STOP", "BINPUT")
#: characters of a message that are shown
_LONGEST = 40


def content(pickled: bytes) -> str:
    r"""Return what was pickled, as `repr` shows it; empty where it is not made of numbers, texts and tuples alone.

    >>> import pickle
    >>> content(pickle.dumps((3, "tickets", None)))
    "(3, 'tickets', None)"
    >>> content(pickle.dumps(print)), content(b"\x00 no pickle")
    ('', '')
    """
    stack: list[Any] = []
    try:
        for code, argument, _ in pickletools.genops(pickled):
            if code.name in _TUPLES:
                count = _TUPLES[code.name]
                stack[-count:] = [tuple(stack[-count:])]
            elif code.name in _VALUES:
                stack.append(_VALUES[code.name])
            elif isinstance(argument, int | float | str) and code.stack_after and not code.stack_before:
                stack.append(argument)
            elif code.name not in _PASSED:
                return ""
    except (ValueError, IndexError, KeyError, UnicodeDecodeError):
        return ""
    if len(stack) != 1:
        return ""
    said = repr(stack[0])
    return said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"
