"""What a run did: who wrote what and when, who lived when, how it ended, what it left.

A transcript holds what was observed, in raw process ids and unmasked text;
`spawnable.normalise` makes it comparable.  Times are seconds since the start of the
script.  `Transcript.to_json` and `Transcript.from_json` are inverse to each other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

__all__ = ["Chunk", "Event", "Leftover", "Process", "Transcript", "TranscriptError", "raw_of"]


class TranscriptError(ValueError):
    """Text that is no transcript; the message says why."""


@dataclass(slots=True)
class Chunk:
    """Output that one process wrote at once."""

    time: float
    #: the writer, attested by the kernel; None where the system does not tell
    pid: int | None
    text: str


@dataclass(slots=True)
class Process:
    """One process of the tree."""

    pid: int
    #: the process that created it
    parent: int | None
    #: `main`, or as multiprocessing names it (`Process-1`), or what it runs (`sleep`)
    name: str
    #: `main`, `child`, `forkserver`, `resource_tracker`, `other`
    kind: str
    birth: float
    #: None where it was still alive when the run was ended
    death: float | None = None
    #: negative for a signal; None where nobody could tell
    exit_code: int | None = None
    #: (time, letter) of each change of state that was seen: R, S, D, T, Z as in ps(1)
    states: list[tuple[float, str]] = field(default_factory=list)
    #: seconds for which it was a zombie
    zombie: float = 0.0
    #: seconds of processor time, user and system
    cpu: float = 0.0
    #: the greatest resident memory seen, in bytes
    memory: int = 0
    #: whether it left the session of the run (`setsid`)
    detached: bool = False
    #: whether the process that created it ended first
    orphan: bool = False
    #: the Python stack of each of its threads, where it was stuck
    stack: str = ""
    daemon: bool = False


@dataclass(slots=True)
class Event:
    """Something that a process did, or that became of it.

    `kill`: it sent the signal whose number is the detail, to another process, to a whole `group` or to `all`;
    `reap`: it learned the exit code of its child, the detail; `holds`: it wanted to end, and stayed for a thread that
    is no daemon, whose name and function are the detail; `waits`: when the run was ended as stuck, its main thread
    was in the system call that is the detail, and waited there for the target, if any.
    """

    time: float
    pid: int
    what: str
    target: int | None = None
    detail: str = ""


@dataclass(slots=True)
class Leftover:
    """Something that outlived the script's main process and its own clean-up."""

    #: one of `spawnable.expectation.LEFTOVER_KINDS`
    kind: str
    #: its name: a process's, a file's, a segment's
    what: str
    #: the process that made it, or that it is; None where unknown
    pid: int | None = None


@dataclass(slots=True)
class Transcript:
    """Everything that one run of one script did."""

    start_method: str
    #: full version, such as `3.13.0`
    python: str
    #: such as `Linux-x86_64`
    platform: str
    #: `namespace` (Linux, own process id namespace), `subreaper` (Linux) or `portable`
    watched: str
    #: `exit`, `stuck` (time limit), or the limit that ended it: `memory`, `processes`, `disk`
    ended: str
    #: of the main process; negative for a signal; None where it was still running
    exit_code: int | None
    #: seconds from start to the end of the main process, or to the limit
    wall: float
    #: seconds of processor time of the whole tree
    cpu: float
    chunks: list[Chunk] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    leftovers: list[Leftover] = field(default_factory=list)
    #: bytes of output that were written beyond the limit and dropped
    dropped: int = 0
    #: the script's path as it was run, so that it can be shortened in tracebacks
    paths: dict[str, str] = field(default_factory=dict)
    #: what could not be observed, in words
    unknown: list[str] = field(default_factory=list)

    @property
    def main(self) -> Process:
        """The main process."""
        return self.processes[0]

    @property
    def text(self) -> str:
        """All output, in the order in which it was written."""
        return "".join(chunk.text for chunk in self.chunks)

    def process(self, pid: int | None) -> Process | None:
        """Return the process of that id, or None."""
        return next((process for process in self.processes if process.pid == pid), None)

    def to_json(self) -> str:
        """Return the transcript as one line of JSON."""
        return json.dumps(raw_of(self), default=raw_of, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Transcript:
        """Read a transcript.

        Raises TranscriptError where the text is not one.
        """
        try:
            raw = json.loads(text)
            known = {item.name for item in fields(cls)}
            if not isinstance(raw, dict) or set(raw) != known:
                raise TranscriptError("the fields are not those of a transcript")
            return cls(**{**raw, **_parts(raw)})
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise TranscriptError(f"not a transcript: {error}") from error


def raw_of(record: Any) -> dict[str, Any]:
    """Return the fields of a record as they are: for JSON, where `dataclasses.asdict` would copy all of them first."""
    return {name: getattr(record, name) for name in _names(record.__class__)}


@cache
def _names(kind: type) -> list[str]:
    return [item.name for item in fields(kind)]


def _parts(raw: dict[str, Any]) -> dict[str, Any]:
    """Return the nested records of a transcript's JSON, as objects."""
    processes = [
        Process(**{**item, "states": [(float(time), str(letter)) for time, letter in item["states"]]})
        for item in raw["processes"]
    ]
    if not processes:
        raise TranscriptError("no process")
    return {
        "chunks": [Chunk(**item) for item in raw["chunks"]],
        "processes": processes,
        "events": [Event(**item) for item in raw["events"]],
        "leftovers": [Leftover(**item) for item in raw["leftovers"]],
    }
