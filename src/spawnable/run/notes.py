"""What the Python processes of a run noted of themselves, in the log of `sitecustomize`."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from math import isfinite

from spawnable.run.regular import read_regular
from spawnable.transcript import Event

__all__ = ["MOST_PROCESSES", "Note", "Notes"]

#: bytes of the log that are read
_SIZE = 4_000_000
#: processes of one run that are told of
MOST_PROCESSES = 2000
#: events that are taken from the log
_MOST_EVENTS = 2000
#: characters of a number or a word in it
_DIGITS = 20


@dataclass(slots=True)
class Note:
    """What is noted of one process."""

    birth: float
    name: str = ""
    daemon: bool = False
    parent: int | None = None
    exit_code: int | None = None
    death: float | None = None


@dataclass(slots=True)
class Notes:
    """The log of one run, read; lines that make no sense are passed over."""

    #: the clock's reading when the script started
    start: float
    processes: dict[int, Note] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def read(self, path: str) -> None:
        """Take in a log file; nothing where there is none."""
        for line in read_regular(path, _SIZE).decode(errors="replace").split("\n"):
            with suppress(ValueError, IndexError):
                self._take(line.split(" ", 5))

    def _take(self, words: list[str]) -> None:
        time, writer, what = round(float(words[0]) - self.start, 4), int(words[1]), words[2]
        if not isfinite(time) or any(len(word) > _DIGITS for word in words[:5]):
            return
        if what == "name":
            note = self._of(writer, time)
            note.parent, note.daemon, note.name = int(words[3]) or None, words[4] == "1", words[5]
        elif what == "started":
            note = self._of(int(words[3]), time)
            note.parent, note.daemon, note.name = note.parent or writer, words[4] == "1", words[5]
        elif what == "exit":
            note = self._of(writer, time)
            note.exit_code, note.death = int(words[3]) & 0xFF, time
        elif what == "reaped":
            note = self._of(int(words[3]), time)
            note.exit_code = int(words[4])
            note.death = note.death or time
            self._tell(Event(time, writer, "reap", int(words[3]), words[4]))
        elif what == "kill":
            self._tell(Event(time, writer, "kill", int(words[3]), words[4]))

    def _tell(self, event: Event) -> None:
        if len(self.events) < _MOST_EVENTS:
            self.events.append(event)

    def _of(self, pid: int, time: float) -> Note:
        if len(self.processes) >= MOST_PROCESSES and pid not in self.processes:
            return Note(time)
        return self.processes.setdefault(pid, Note(time))
