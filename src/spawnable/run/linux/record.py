"""What is known of a run while it goes on: processes as they are seen, events as they are told.

`Record` gathers from three witnesses: `/proc`, read again and again; the
waiting for orphans; and the log to which each Python process of the run writes.
"""

from __future__ import annotations

import fcntl
import os
import select
import struct
from contextlib import suppress
from dataclasses import dataclass, field

from spawnable.normalise import HELPERS
from spawnable.run.kinds import by_command, by_note
from spawnable.run.linux import procfs
from spawnable.run.notes import MOST_PROCESSES, Note, Notes
from spawnable.transcript import Event, Process

__all__ = ["Record"]


#: changes of state that are kept of one process
_STATES = 400
#: processes whose end the kernel is asked about at once: each takes a descriptor
_HANDLES = 400
#: seconds after which the log of a run that goes on is read anew
_REREAD = 0.25
_GET_INFO, _INFO_EXIT = 0xC040FF0B, 1 << 3


@dataclass(slots=True)
class _Sighting:
    process: Process
    handle: int | None
    #: the name that the kernel gives the program
    program: str = "?"
    zombie_since: float | None = None

    def close(self) -> None:
        """Give the handle back."""
        if self.handle is not None:
            os.close(self.handle)
            self.handle = None


@dataclass(slots=True)
class Record:
    """The processes of one run, and what they did to each other."""

    #: the clock's reading when the script started
    start: float
    main: int
    seen: dict[int, _Sighting] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    #: the process that made what has this name, or a name with this part
    made: dict[str, int] = field(default_factory=dict)
    #: those that were there at the last look
    present: set[int] = field(default_factory=set)
    _notes: dict[int, Note] = field(default_factory=dict)
    _reread: float = 0.0
    #: can be read from when a process ended since the last look
    ends: select.epoll = field(default_factory=select.epoll)

    def look(self, pids: list[int], now: float) -> list[procfs.Stat]:
        """Take one reading of the processes; return those that live, zombies too."""
        readings = []
        for pid in pids:
            reading = procfs.stat(pid)
            if reading is None or reading.state == "X":
                continue
            readings.append(reading)
            sighting = self.seen.get(pid)
            if sighting is None and len(self.seen) < MOST_PROCESSES:
                sighting = self._born(reading, now)
            if sighting is not None:
                self._saw(sighting, reading, now)
        present = {reading.pid for reading in readings if reading.pid in self.seen}
        for pid in self.present - present:
            self._gone(self.seen[pid], now)
        self.present = present
        return readings

    def _born(self, reading: procfs.Stat, now: float) -> _Sighting:
        handle = None
        if len(self.present) < _HANDLES:
            with suppress(OSError, AttributeError):
                handle = os.pidfd_open(reading.pid)
                self.ends.register(handle, select.EPOLLIN)
        name, kind = ("main", "main") if reading.pid == self.main else (reading.name, "other")
        process = Process(reading.pid, reading.parent, name, kind, round(now - self.start, 4))
        self.seen[reading.pid] = sighting = _Sighting(process, handle, reading.name)
        return sighting

    def _saw(self, sighting: _Sighting, reading: procfs.Stat, now: float) -> None:
        process, time = sighting.process, round(now - self.start, 4)
        if process.kind == "other" and reading.state == "S":
            # not while it runs: a process that forks holds what a reader of its command line would wait for
            process.kind, process.name = self._kind(reading)
        process.cpu = max(process.cpu, reading.cpu)
        process.memory = max(process.memory, reading.memory)
        if process.kind != "main":
            process.orphan = process.orphan or reading.parent != process.parent
            process.detached = process.detached or reading.session != self.main
        letter = "S" if reading.state == "I" else reading.state.upper()
        if (not process.states or process.states[-1][1] != letter) and len(process.states) < _STATES:
            process.states.append((time, letter))
        if letter == "Z":
            sighting.zombie_since = sighting.zombie_since or now
            process.exit_code = os.waitstatus_to_exitcode(reading.status)
            process.death = time if process.death is None else process.death
            sighting.close()

    def _kind(self, reading: procfs.Stat) -> tuple[str, str]:
        """Tell what a process is; a fork of the fork server is a child that has not said its name yet."""
        kind, name = by_command(procfs.command(reading.pid), reading.name)
        parent = self.seen.get(reading.parent)
        if kind == "forkserver" and parent is not None and parent.process.kind == "forkserver":
            return "child", "?"
        if kind == "child" and parent is not None and parent.process.kind == "child":
            return "other", reading.name  # a fork of one that was spawned, until it or its parent says otherwise
        return kind, name

    def _gone(self, sighting: _Sighting, now: float) -> None:
        """Note that a process is no more: it ended, and was waited for."""
        process = sighting.process
        process.death = round(now - self.start, 4) if process.death is None else process.death
        self._end_zombie(sighting, now)
        if process.exit_code is None and sighting.handle is not None:
            process.exit_code = _exit_code(sighting.handle)
        sighting.close()

    def reaped(self, pid: int, status: int, cpu: float, now: float) -> None:
        """Note that this process ended and was waited for by the watcher."""
        sighting = self.seen.get(pid)
        if sighting is None:
            if len(self.seen) >= MOST_PROCESSES:
                return
            sighting = self.seen[pid] = _Sighting(Process(pid, None, "?", "other", round(now - self.start, 4)), None)
        process = sighting.process
        process.exit_code = os.waitstatus_to_exitcode(status)
        process.cpu = max(process.cpu, cpu)
        self._gone(sighting, now)

    def _end_zombie(self, sighting: _Sighting, now: float) -> None:
        if sighting.zombie_since is not None:
            sighting.process.zombie = round(now - sighting.zombie_since, 3)
            sighting.zombie_since = None

    def settle(self, now: float, ended: set[int]) -> None:
        """End the intervals of zombies and ask the kernel for exit codes that nobody told.

        `ended` are the processes that lived until the run was ended: they have neither death nor exit code.
        """
        for pid, sighting in self.seen.items():
            self._gone(sighting, now)
            if pid in ended:
                sighting.process.death = sighting.process.exit_code = None
            if sighting.process.kind in HELPERS:  # they are meant to outlive who started them
                sighting.process.orphan = sighting.process.detached = False

    def read_log(self, path: str) -> None:
        """Take in what the Python processes of the run noted of themselves."""
        notes = Notes(self.start)
        notes.read(path)
        self.events += notes.events
        self.made = notes.made
        for pid, note in notes.processes.items():
            unseen = pid not in self.seen
            if unseen:
                if len(self.seen) >= MOST_PROCESSES:
                    continue
                self.seen[pid] = _Sighting(Process(pid, note.parent, "?", "other", note.birth), None)
            process = self.seen[pid].process
            _tell(process, note, self.seen[pid].program)
            if unseen and process.death is None:  # it lived between two looks
                process.death = note.birth

    def servers(self, path: str, now: float) -> set[int]:
        """Return the processes that serve a manager, as the log said lately."""
        return {pid for pid, note in self._noted(path, now).items() if note.serves}

    def helpers_run(self, path: str, now: float) -> bool:
        """Tell whether a fork server or a resource tracker runs, on its way to its end, or a program that just began.

        A helper that got no processor since it was started has not said yet that it is one.
        """
        noted = self._noted(path, now)
        running = (pid for pid in self.present if self.seen[pid].process.states[-1][1] in "RD")
        return any(pid not in noted or noted[pid].kind in HELPERS for pid in running)

    def _noted(self, path: str, now: float) -> dict[int, Note]:
        """Return what the processes noted of themselves, read anew now and then."""
        if now >= self._reread:
            self._reread = now + _REREAD
            notes = Notes(self.start)
            notes.read(path)
            self._notes = notes.processes
        return self._notes

    @property
    def processes(self) -> list[Process]:
        """All processes, the main one first, then by birth."""
        everyone = [sighting.process for sighting in self.seen.values()]
        return sorted(everyone, key=lambda process: (process.pid != self.main, process.birth, process.pid))


def _tell(process: Process, note: Note, program: str) -> None:
    """Add to what was seen of a process what it noted itself, and others of it."""
    by_note(process, note, program)
    if note.name or note.kind:
        process.birth = min(process.birth, note.birth)
    if note.kind == "fork" and process.kind != "main" and process.parent != note.parent:
        process.parent, process.orphan = note.parent, True  # it was first seen when its parent had ended
    process.parent = process.parent or note.parent
    process.exit_code = note.exit_code if process.exit_code is None else process.exit_code
    process.death = note.death if process.death is None else process.death


def _exit_code(handle: int) -> int | None:
    """Ask the kernel how the process of a handle ended; None where it does not tell (before Linux 6.15)."""
    info = bytearray(64)
    struct.pack_into("Q", info, 0, _INFO_EXIT)
    try:
        fcntl.ioctl(handle, _GET_INFO, info)
    except OSError:
        return None
    mask, status = struct.unpack_from("Q", info)[0], struct.unpack_from("i", info, 60)[0]
    return os.waitstatus_to_exitcode(status) if mask & _INFO_EXIT else None
