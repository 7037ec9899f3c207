"""The processes of one run as psutil sees them."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil

from spawnable.normalise import HELPERS
from spawnable.run.kinds import by_command, by_note
from spawnable.transcript import Event, Process

if TYPE_CHECKING:
    from spawnable.run.notes import Notes

if sys.platform == "win32":
    from spawnable.run.windows import Job

__all__ = ["Sightings"]

_STATES = {
    psutil.STATUS_ZOMBIE: "Z",
    psutil.STATUS_STOPPED: "T",
    psutil.STATUS_RUNNING: "R",
    psutil.STATUS_DISK_SLEEP: "D",
}
#: changes of state that are kept of one process
_MOST = 400


class Sightings:
    """What was seen of the processes of one run; `main` is the first, `folder` that of the run."""

    if sys.platform == "win32":
        job: Job | None = None

    def __init__(self, main: int, folder: str, start: float) -> None:
        self.processes = {main: Process(main, None, "main", "main", 0.0)}
        #: ids of those that lived when they were last looked at; a zombie does not
        self.living: list[int] = [main]
        self.events: list[Event] = []
        self._main, self._folder, self._start = main, folder, start
        #: no process of the run is older; a second for the coarse clock of the system
        self._created = time.time() - 1
        self._handles: dict[int, psutil.Process] = {}
        self._zombie_since: dict[int, float] = {}
        with suppress(psutil.Error):
            self._handles[main] = psutil.Process(main)

    @property
    def everyone(self) -> list[Process]:
        """All processes, the main one first, then by birth."""
        return sorted(self.processes.values(), key=lambda process: (process.pid != self._main, process.birth))

    def look(self, *, thoroughly: bool = False) -> list[int]:
        """Take one reading of all processes; return the ids of those that live.

        Thoroughly: also of those that left the tree between two looks.
        """
        now = round(time.monotonic() - self._start, 4)
        for handle in self._found(thoroughly=thoroughly):
            if handle.pid not in self._handles:
                self._handles[handle.pid] = handle
                self.processes[handle.pid] = _born(handle, now)
        self.living = [pid for pid, handle in self._handles.items() if self._lives(pid, handle, now)]
        return self.living

    def _found(self, *, thoroughly: bool) -> list[psutil.Process]:
        found: list[psutil.Process] = []
        living = set(self.living)
        for pid in [pid for pid in living if self.processes[pid].parent not in living]:
            with suppress(psutil.Error):
                found += self._handles[pid].children(recursive=True)
        if sys.platform == "win32":
            if self.job is not None:
                for pid in self.job.pids():
                    with suppress(psutil.Error):
                        found.append(psutil.Process(pid))
        elif thoroughly:
            young = [handle for handle in psutil.process_iter() if _created(handle) >= self._created]
            found += [handle for handle in young if _folder(handle) == self._folder]
        return found

    def _lives(self, pid: int, handle: psutil.Process, now: float) -> bool:
        process = self.processes[pid]
        if process.death is not None:
            return False
        try:
            with handle.oneshot():
                state = _STATES.get(handle.status(), "S")
                if len(process.states) < _MOST and (not process.states or process.states[-1][1] != state):
                    process.states.append((now, state))
                if state == "Z":
                    self._zombie_since.setdefault(pid, now)
                    return False
                if process.kind == "other" and state == "S":  # at first it had the command line of its parent
                    process.kind, process.name = by_command(_words(handle), process.name)
                times = handle.cpu_times()
                process.cpu = max(process.cpu, round(times.user + times.system, 4))
                process.memory = max(process.memory, handle.memory_info().rss)
        except psutil.Error:
            process.death = now
            if pid in self._zombie_since:
                process.death = self._zombie_since[pid]
                process.zombie = round(now - process.death, 3)
            if sys.platform == "win32" and self.job is not None:
                process.exit_code = self.job.exit_code(pid)
            return False
        return True

    def memory(self, limit: int) -> int:
        """Bytes that all hold together; where that may be beyond the limit, what they share is not counted again."""
        total = 0
        for part in (_resident, _own):
            total = 0
            for pid in self.living:
                with suppress(psutil.Error):
                    total += part(self._handles[pid])
            if total <= limit:
                break
        return total

    def take_notes(self, notes: Notes, living: set[int]) -> None:
        """Add what the Python processes noted of themselves; those that live have neither death nor exit code."""
        self.events = notes.events
        for pid, note in notes.processes.items():
            process = self.processes.setdefault(pid, Process(pid, note.parent, "?", "other", note.birth))
            by_note(process, note, "python")
            if note.name:
                process.birth = min(process.birth, note.birth)
            process.parent = process.parent or note.parent
            if pid not in living:
                process.exit_code = note.exit_code if process.exit_code is None else process.exit_code
                process.death = note.death if process.death is None else process.death
        self.processes[self._main].parent = None

    def kill(self, *, helpers: bool) -> list[int]:
        """End those that live, the helpers of multiprocessing only if asked; return which they were."""
        living = self.look() or (self.look(thoroughly=True) if helpers else [])
        chosen = [pid for pid in living if helpers or self.processes[pid].kind not in HELPERS]
        for pid in chosen:
            with suppress(psutil.Error):
                self._handles[pid].kill()
        return chosen


def _resident(handle: psutil.Process) -> int:
    return int(handle.memory_info().rss)


def _own(handle: psutil.Process) -> int:
    """Return the bytes that a process holds alone, with its part of what it shares where the system tells."""
    held = handle.memory_full_info()
    return int(getattr(held, "pss", held.uss))


def _created(handle: psutil.Process) -> float:
    with suppress(psutil.Error):
        return float(handle.create_time())
    return 0.0


def _folder(handle: psutil.Process) -> str:
    """Return the folder of the run to which a process says that it belongs; empty where it is of none."""
    try:
        return str(handle.environ().get("SPAWNABLE_FOLDER", ""))
    except (psutil.Error, OSError):
        return ""


def _born(handle: psutil.Process, now: float) -> Process:
    """Describe a process that was not seen before."""
    parent, name = None, "?"
    with suppress(psutil.Error):
        parent, name = handle.ppid(), handle.name()
    kind, name = by_command(_words(handle), name)
    return Process(handle.pid, parent, name, kind, now)


def _words(handle: psutil.Process) -> list[str]:
    """Return the command line of a process; empty where the system does not tell."""
    try:
        return handle.cmdline()
    except psutil.Error:
        return []
