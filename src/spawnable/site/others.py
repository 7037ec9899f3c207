"""Runs of a page's scripts that this build does not make: the store has them from other Pythons and systems.

A run counts where its key begins as those of this build, so that it is of the same script, limits,
packages and runner: none is ever stale.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spawnable.snippet import Snippet
    from spawnable.store import Store
    from spawnable.transcript import Transcript

__all__ = ["known", "news", "others"]

# a final version comes after its candidates
_VERSION = re.compile(r"(3\.\d{1,3})\.(\d{1,6})(?:(a|b|rc)(\d{1,6}))?\+?")
#: digits of a key: of what was run, and in all; see `spawnable.store.job_key`
_SUBJECT, _KEY = 32, 64


def others(
    store: Store, snippet: Snippet, keys: Iterable[str], made: Iterable[tuple[str, str, str]]
) -> list[Transcript]:
    """Return the runs of a script that the store has beside those of `keys`.

    These are one for each system, version such as `3.13` and start method that the cell declares:
    that of the latest release.  `made` are those places of which this build has a run.
    """
    own = set(keys)
    taken = {(platform, python.rpartition(".")[0], method) for platform, python, method in made}
    found: dict[tuple[str, tuple[int, ...], int], tuple[tuple[object, ...], Transcript]] = {}
    for key in sorted({key for mine in own for key in store.alike(mine)} - own):
        transcript = store.read(key)
        version = _VERSION.fullmatch(transcript.python) if transcript is not None else None
        if transcript is None or version is None or transcript.start_method not in snippet.start_methods:
            continue
        if not snippet.runs_on(version[1]) or (transcript.platform, version[1], transcript.start_method) in taken:
            continue
        release = (int(version[2]), version[3] is None, version[3] or "", int(version[4] or 0), key)
        minor = tuple(map(int, version[1].split(".")))
        place = (transcript.platform, minor, snippet.start_methods.index(transcript.start_method))
        if place not in found or found[place][0] < release:
            found[place] = (release, transcript)
    return [found[place][1] for place in sorted(found)]


def known(store: Store, keys: Iterable[str]) -> dict[str, list[str]]:
    """Return what the store has of these scripts: the ends of the keys, by their common beginning."""
    first = {key[:_SUBJECT]: key for key in keys}
    return {subject: [found[_SUBJECT:] for found in store.alike(key)] for subject, key in first.items()}


def news(folder: Path, pages: Mapping[str, Mapping[str, Iterable[str]]]) -> list[str]:
    """Name the pages of whose scripts the store has runs that were not there when they were read."""
    shelves: dict[str, dict[str, set[str]]] = {}
    found = []
    for docname, subjects in pages.items():
        for subject, ends in subjects.items():
            if subject[:2] not in shelves:
                shelves[subject[:2]] = _shelf(folder / subject[:2])
            if not shelves[subject[:2]].get(subject, set()) <= set(ends):
                found.append(docname)
                break
    return found


def _shelf(folder: Path) -> dict[str, set[str]]:
    """Return the ends of the keys in a folder of the store, by their beginnings."""
    found: dict[str, set[str]] = {}
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries]
    except OSError:
        return found
    for name in names:
        if len(name) == _KEY + len(".json") and name.endswith(".json"):
            found.setdefault(name[:_SUBJECT], set()).add(name[_SUBJECT:_KEY])
    return found
