"""What the Python processes of a run noted of themselves, in the log of `sitecustomize`."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from spawnable.transcript import Event

__all__ = ["Note", "Notes"]

#: bytes of the log that are read
_SIZE = 4_000_000


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
        try:
            with open(path, "rb") as file:
                lines = file.read(_SIZE).decode(errors="replace").splitlines()
        except OSError:
            return
        for line in lines:
            with suppress(ValueError, IndexError):
                self._take(line.split(" ", 5))

    def _take(self, words: list[str]) -> None:
        time, writer, what = round(float(words[0]) - self.start, 4), int(words[1]), words[2]
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
            self.events.append(Event(time, writer, "reap", int(words[3]), words[4]))
        elif what == "trace":
            self.events.append(Event(time, writer, words[3], None, " ".join(words[4:])))
        elif what == "kill":
            self.events.append(Event(time, writer, "kill", int(words[3]), words[4]))

    def _of(self, pid: int, time: float) -> Note:
        return self.processes.setdefault(pid, Note(time))
