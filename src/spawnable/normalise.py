"""Make transcripts comparable: process ids, paths of the machine and memory addresses.

Nothing else is changed, and the site says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, count

from spawnable.transcript import Chunk, Process, Transcript

__all__ = ["FIRST_HELPER", "FIRST_PID", "Line", "lines", "normalise"]

#: the main process's id, once normalised
FIRST_PID = 1001
#: the id of the first process that multiprocessing started for its own use
FIRST_HELPER = 1901
#: kinds of these processes
HELPERS = ("forkserver", "resource_tracker")
#: the least number that is taken for a process id where a text mentions it
LEAST_MENTIONED = 1000

_MASK = "0x00000000"
# `at 0x…` in any repr; a number of 12 digits, or of 16 that begins with zeros, is one anywhere
_ADDRESS = re.compile(r"(?<=\bat )0x[0-9a-fA-F]{6,16}\b|\b0x(?:0000[0-9a-fA-F]{12}|[0-9a-fA-F]{12})\b")
# a whole number: no part of a word, of a number with a point, of a hexadecimal number
_NUMBER = re.compile(r"(?<![0-9A-Za-z])(?<!\d\.)[1-9]\d{3,}(?![0-9A-Za-z])(?!\.\d)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of output, or the part of it that one process wrote before another went on."""

    #: who wrote it; None where the system does not tell
    pid: int | None
    #: the writer's name; empty where unknown
    name: str
    #: with its newline, if that was written: all lines' texts joined are the transcript's text
    text: str
    #: when its first character was written
    time: float


def normalise(transcript: Transcript) -> Transcript:
    """Return the same transcript as any machine could have recorded it.

    Processes are numbered from 1001 in order of birth, those that multiprocessing
    starts for itself from 1901, also where a text mentions one of them as a whole
    number of four digits or more; `transcript.paths` are shortened; addresses are
    masked.  Normalised twice is normalised once.
    """
    mask = _Mask(transcript)
    return replace(
        transcript,
        chunks=[replace(chunk, pid=mask.pid(chunk.pid), text=mask.text(chunk.text)) for chunk in _joined(transcript)],
        processes=[mask.process(process) for process in transcript.processes],
        events=[
            replace(event, pid=mask.numbers[event.pid], target=mask.pid(event.target), detail=mask.text(event.detail))
            for event in transcript.events
        ],
        leftovers=[
            replace(leftover, pid=mask.pid(leftover.pid), what=mask.text(leftover.what))
            for leftover in transcript.leftovers
        ],
        paths={},
        unknown=[mask.text(text) for text in transcript.unknown],
    )


def lines(transcript: Transcript) -> list[Line]:
    """Return the output, line by line, each with its writer."""
    names = {process.pid: process.name for process in transcript.processes}
    found: list[Line] = []
    for chunk in _joined(transcript):
        for text in re.findall(r"[^\n]*\n|[^\n]+", chunk.text):
            name = names.get(chunk.pid, "") if chunk.pid is not None else ""
            found.append(Line(chunk.pid, name, text, chunk.time))
    return found


def _joined(transcript: Transcript) -> Iterator[Chunk]:
    """Give the chunks; one that ends within a line is joined with the next of its writer."""
    held: Chunk | None = None
    parts: list[str] = []
    for chunk in transcript.chunks:
        if held is not None and held.pid == chunk.pid and not parts[-1].endswith("\n"):
            parts.append(chunk.text)
            continue
        if held is not None:
            yield replace(held, text="".join(parts))
        held, parts = chunk, [chunk.text]
    if held is not None:
        yield replace(held, text="".join(parts))


class _Mask:
    """What the ids, paths and addresses of one transcript become."""

    def __init__(self, transcript: Transcript) -> None:
        self.numbers = _numbers(transcript)
        shown = dict(transcript.paths)
        # as repr shows the paths of Windows
        shown |= {real.replace("\\", "\\\\"): text.replace("\\", "\\\\") for real, text in shown.items()}
        self._shown = {real: text for real, text in shown.items() if real}
        longest = sorted(self._shown, key=len, reverse=True)
        self._paths = re.compile("|".join(map(_whole, longest)) or r"(?!)")

    def pid(self, pid: int | None) -> int | None:
        return None if pid is None else self.numbers[pid]

    def text(self, text: str) -> str:
        text = self._paths.sub(lambda match: self._shown[match[0]], text)
        return _NUMBER.sub(self._mention, _ADDRESS.sub(_MASK, text))

    def process(self, process: Process) -> Process:
        return replace(
            process,
            pid=self.numbers[process.pid],
            parent=None if process.parent is None else self.numbers.get(process.parent),
            name=self.text(process.name),
            stack=self.text(process.stack),
        )

    def _mention(self, match: re.Match[str]) -> str:
        pid = int(match[0]) if len(match[0]) < 12 else 0  # noqa: PLR2004 - no process id is longer
        return str(self.numbers[pid]) if pid >= LEAST_MENTIONED and pid in self.numbers else match[0]


def _whole(path: str) -> str:
    """Return the pattern of a path, up to the end of a folder's or a file's name."""
    return rf"(?<!\w){re.escape(path)}" + ("" if path.endswith(("/", "\\")) else r"(?![-\w])")


def _numbers(transcript: Transcript) -> dict[int, int]:
    """Return the number of each process that the transcript knows: by birth, then those that are only mentioned."""
    main, *others = transcript.processes
    born = [main, *sorted(others, key=lambda process: process.birth)]
    free = chain(range(FIRST_PID, FIRST_HELPER), count(10 * FIRST_PID))
    helpers = iter(count(FIRST_HELPER))
    numbers: dict[int, int] = {}
    for process in born:
        if process.pid not in numbers:
            numbers[process.pid] = next(helpers if process.kind in HELPERS else free)
    mentioned = chain(
        (chunk.pid for chunk in transcript.chunks),
        *((event.pid, event.target) for event in transcript.events),
        (leftover.pid for leftover in transcript.leftovers),
    )
    for pid in mentioned:
        if pid is not None and pid not in numbers:
            numbers[pid] = next(free)
    return numbers
