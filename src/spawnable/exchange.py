"""Transcripts on their way from one store to another: a compressed line each.

What comes from elsewhere is read as if it were meant to do harm: bounded in size,
and each transcript checked to its last field.
"""

from __future__ import annotations

import hashlib
import json
import re
import types
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from gzip import GzipFile
from pathlib import Path
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from spawnable.transcript import Transcript, TranscriptError

__all__ = ["LONGEST_LINE", "MOST_BYTES", "Item", "Merged", "encoded", "from_file", "to_line"]

#: bytes of one line that are read
LONGEST_LINE = 32_000_000
#: bytes that are read altogether, unpacked
MOST_BYTES = 2_000_000_000
#: no number of a transcript is as large; not a number is not smaller
_LARGEST = 1e18

_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(slots=True)
class Merged:
    """What became of a file's lines."""

    #: transcripts that are now held
    taken: int = 0
    #: transcripts that were held before
    known: int = 0
    #: lines that were refused, by reason
    refused: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        parts = [f"{self.taken} taken", f"{self.known} known before"]
        parts += [f"{count} refused: {reason}" for reason, count in self.refused.most_common()]
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Item:
    """One transcript and its key."""

    key: str
    transcript: Transcript


def encoded(transcript: Transcript) -> bytes:
    """Return a transcript's JSON as bytes; `Transcript.from_json` reads it, lone surrogates too."""
    return transcript.to_json().encode("utf-8", "surrogatepass")


def to_line(key: str, transcript: Transcript) -> bytes:
    """Return a transcript as a line of JSON with its key and its checksum."""
    body = encoded(transcript)
    head = json.dumps({"key": key, "sha256": hashlib.sha256(body).hexdigest()}).encode()
    return head[:-1] + b', "transcript": ' + body + b"}\n"


def from_file(path: Path, merged: Merged) -> Iterator[Item]:
    """Give what a file holds; count what is refused in `merged`.

    Raises OSError where the file can not be opened.
    """
    with path.open("rb") as raw, GzipFile(fileobj=raw) as file:
        total = 0
        while True:
            try:
                line = file.readline(LONGEST_LINE + 1)
            except (OSError, EOFError, zlib.error):
                merged.refused["the file is cut off, damaged or no gzip file"] += 1
                return
            if not line:
                return
            total += len(line)
            if total > MOST_BYTES:
                merged.refused["the file is too large"] += 1
                return
            if len(line) > LONGEST_LINE and not line.endswith(b"\n"):
                merged.refused["the file has a line that is too long"] += 1
                return
            try:
                yield _item(line)
            except TranscriptError as error:
                merged.refused[str(error)] += 1


def _item(line: bytes) -> Item:
    """Read a line; raise TranscriptError with one of few reasons."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise TranscriptError("not JSON") from None
    if not isinstance(record, dict) or record.keys() != {"key", "sha256", "transcript"}:
        raise TranscriptError("not a record of key, sha256 and transcript")
    key = record["key"]
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise TranscriptError("not a key")
    try:
        transcript = Transcript.from_json(json.dumps(record["transcript"]))
        sound = _is(transcript, Transcript)
    except (TranscriptError, RecursionError):
        sound = False
    if not sound:
        raise TranscriptError("not a transcript")
    if hashlib.sha256(encoded(transcript)).hexdigest() != record["sha256"]:
        raise TranscriptError("not the transcript that its checksum tells of")
    return Item(key, transcript)


def _is(value: object, kind: Any) -> bool:
    """Tell whether a value is of the type that a record's field declares, to its last part."""
    origin, parts = get_origin(kind) or kind, get_args(kind)
    if origin in (Union, types.UnionType):
        return any(_is(value, part) for part in parts)
    if origin is float and isinstance(value, int | float):
        return not isinstance(value, bool) and abs(value) < _LARGEST
    return type(value) is origin and _holds(value, parts)


def _holds(value: object, parts: tuple[Any, ...]) -> bool:
    """Tell whether what a value holds is of the types that stand for its parts."""
    if is_dataclass(value):
        return all(_is(getattr(value, name), kind) for name, kind in _hints(cast("type", type(value))).items())
    if isinstance(value, list):
        return all(_is(item, parts[0]) for item in value)
    if isinstance(value, tuple):
        return len(value) == len(parts) and all(map(_is, value, parts))
    return not isinstance(value, dict) or all(_is(k, parts[0]) and _is(v, parts[1]) for k, v in value.items())


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {item.name: hints[item.name] for item in fields(kind)}
