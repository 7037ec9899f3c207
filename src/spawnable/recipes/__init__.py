# SPDX-License-Identifier: 0BSD
"""Modules to copy into a program, a file each, under 0BSD.

They need the standard library alone, but for `shared_array`,
which needs NumPy; a program has its own copy.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["file_of", "names"]

_FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Return the names of all recipes, sorted.

    >>> "result" in names()
    True
    """
    return sorted(path.stem for path in _FOLDER.glob("[a-z]*.py"))


def file_of(name: str) -> Path:
    """Return the file of a recipe, which you may copy.

    Raises LookupError where there is none of that name; its text
    tells which there are.

    >>> file_of("result").name
    'result.py'
    """
    if name not in names():
        known = ", ".join(names())
        text = f"no recipe {name!r}: expected one of {known}"
        raise LookupError(text)
    return _FOLDER / f"{name}.py"
