"""Which runs did the same, so that a page shows them once."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from typing import TypeVar

from spawnable.normalise import Line, lines, normalise
from spawnable.transcript import Transcript
from spawnable.verdict import outcomes

__all__ = ["groups", "signature"]

Key = TypeVar("Key")

# what two runs of one script never share
_MASKS = (
    # seconds, and the time of day
    (re.compile(r"\b\d+(?:\.\d+)?(?:e-?\d+)?(?= ?(?:s|ms|us|µs|ns|sec|secs|second|seconds|milliseconds)\b)"), "TIME"),
    (re.compile(r"\b\d{1,2}:\d\d:\d\d(?:[.,]\d+)?"), "TIME"),
    # ids of threads, and the moment in seconds or more finely since 1970 or since the machine's start
    (re.compile(r"\b\d{12,}\b"), "ID"),
    (re.compile(r"\b\d{10}\.\d+\b"), "TIME"),
    # names that the standard library draws by lot
    (re.compile(r"\b(psm_|wnsm_|pymp-|listener-|mp-|tmp)[0-9a-z_]{8}\b"), r"\1ID"),
)
# `ForkPoolWorker-1` and `SpawnPoolWorker-1` are the same writer
_METHOD = re.compile(r"^(?:ForkServer|Fork|Spawn)(?=[A-Z])")


def signature(transcript: Transcript, unordered: bool = False, frames: bool = True) -> Hashable:
    """Return what two runs that did the same share, and no others.

    That is who wrote what, in which order unless `unordered`, and what is true of
    the run; times, process ids and names drawn by lot do not count, nor, if so asked, the `frames` of tracebacks,
    which differ between Pythons.
    """
    shared = normalise(transcript)
    shown = lines(shared)
    counted = shown if frames else _without_frames(shown)
    written = [(_METHOD.sub("", line.name), _masked(line.text)) for line in counted]
    return tuple(sorted(written) if unordered else written), tuple(str(outcome) for outcome in outcomes(transcript))


def _without_frames(written: list[Line]) -> Iterator[Line]:
    """Pass on all lines but the indented ones of each process's tracebacks: they differ between Pythons."""
    inside: set[int | None] = set()
    for line in written:
        if line.pid in inside and line.text.startswith("  "):
            continue
        inside.discard(line.pid)
        if line.text.startswith("Traceback (most recent call last):"):
            inside.add(line.pid)
        yield line


def groups(transcripts: Mapping[Key, Transcript], unordered: bool = False, frames: bool = True) -> list[list[Key]]:
    """Return the keys whose runs did the same, together, in order of the first of each."""
    found: dict[Hashable, list[Key]] = {}
    for key, transcript in transcripts.items():
        found.setdefault(signature(transcript, unordered, frames), []).append(key)
    return list(found.values())


def _masked(text: str) -> str:
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return text
