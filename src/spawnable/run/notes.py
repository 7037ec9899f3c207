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
#: lines whose words may be longer
_FREE = ("made", "trace", "holds")


@dataclass(slots=True)
class Note:
    """What is noted of one process."""

    birth: float
    name: str = ""
    daemon: bool = False
    parent: int | None = None
    exit_code: int | None = None
    death: float | None = None
    #: how it came to be: `python` (a program), `fork`, or `forkserver` and `resource_tracker`; empty where unknown
    kind: str = ""
    #: whether it is the server of a manager
    serves: bool = False
    #: whether it said its exit code itself, at its end
    exited: bool = False


@dataclass(slots=True)
class Notes:
    """The log of one run, read; lines that make no sense are passed over."""

    #: the clock's reading when the script started
    start: float
    processes: dict[int, Note] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    #: the process that made what has this name, or a name with this part
    made: dict[str, int] = field(default_factory=dict)

    def read(self, path: str) -> None:
        """Take in a log file; nothing where there is none."""
        for line in read_regular(path, _SIZE).decode(errors="replace").split("\n"):
            with suppress(ValueError, IndexError):
                self._take(line.split(" ", 5))

    def _take(self, words: list[str]) -> None:
        time, writer, what = round(float(words[0]) - self.start, 4), int(words[1]), words[2]
        if not isfinite(time) or any(len(word) > _DIGITS for word in words[:5] if what not in _FREE):
            return
        if what in ("kill", "killpg"):
            self._kill(time, writer, int(words[3]), words[4], group=what == "killpg")
        elif what == "holds":
            self._tell(Event(time, writer, "holds", None, f"{' '.join(words[4:])} in {words[3]}"))
        elif what == "made":
            self.made[words[3]] = writer
        elif what == "trace":
            self._tell(Event(time, writer, words[3], None, " ".join(words[4:])))
        elif what == "started":
            note = self._of(int(words[3]), time)
            note.parent, note.daemon, note.name = note.parent or writer, words[4] == "1", words[5]
        elif what == "reaped":
            self._reaped(time, writer, int(words[3]), words[4])
        else:
            self._own(self._of(writer, time), time, what, words)

    def _own(self, note: Note, time: float, what: str, words: list[str]) -> None:
        """Take in what a process says of itself."""
        if what == "born":
            note.parent, note.kind, note.birth = int(words[3]) or None, words[4], min(note.birth, time)
        elif what == "name":
            note.parent = note.parent or int(words[3]) or None
            note.daemon, note.name = words[4] == "1", words[5]
        elif what == "exit":
            note.exit_code, note.death, note.exited = int(words[3]) & 0xFF, time, True
        elif what == "serves":
            note.serves = True

    def _reaped(self, time: float, writer: int, pid: int, code: str) -> None:
        note = self._of(pid, time)
        if not note.exited or int(code) < 0:  # of two threads that wait for one process, one is told a false code
            note.exit_code = int(code)
        note.death = note.death or time
        self._tell(Event(time, writer, "reap", pid, code))

    def _kill(self, time: float, writer: int, target: int, number: str, *, group: bool) -> None:
        """Take in a signal: to a process, to the group of a process, to the sender's own group, or to all."""
        if int(number) == 0:  # it asks alone whether there is such a process
            return
        reach = "all" if target == -1 else "group" if group or target <= 0 else ""
        self._tell(
            Event(time, writer, "kill", abs(target) if target not in (0, -1) else None, f"{number} {reach}".rstrip())
        )

    def _tell(self, event: Event) -> None:
        if len(self.events) < _MOST_EVENTS:
            self.events.append(event)

    def _of(self, pid: int, time: float) -> Note:
        if len(self.processes) >= MOST_PROCESSES and pid not in self.processes:
            return Note(time)
        return self.processes.setdefault(pid, Note(time))
