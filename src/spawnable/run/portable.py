"""Watch a run where the kernel does not attest writers: macOS, Windows, and Linux on demand.

Output comes through a pipe and processes are seen by psutil, so the transcript
does not say who wrote a chunk, sees no process that lives shorter than the time
between two looks, and knows the exit codes alone that somebody in the run learned.
"""

from __future__ import annotations

import codecs
import os
import platform
import shutil
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

import psutil

from spawnable.run.notes import Notes
from spawnable.run.scene import command, environment, prepare, shown_paths
from spawnable.transcript import Chunk, Leftover, Process, Transcript

if TYPE_CHECKING:
    from spawnable.run.request import Request

__all__ = ["stop", "watch"]

_LOOK = 0.01
_GRACE = 1.5
_STATES = {psutil.STATUS_ZOMBIE: "Z", psutil.STATUS_STOPPED: "T", psutil.STATUS_RUNNING: "R"}
_UNKNOWN = [
    "which process wrote a line: the system does not tell",
    "processes that lived for less than a hundredth of a second",
]


class _Output(threading.Thread):
    """Reads the pipe to its end; keeps no more than the limit."""

    def __init__(self, stream: IO[bytes], start: float, limit: int) -> None:
        super().__init__(daemon=True)
        self.stream, self.begin, self.room = stream, start, limit
        self.chunks: list[Chunk] = []
        self.dropped = 0

    def run(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        while piece := os.read(self.stream.fileno(), 1 << 16):
            self.dropped += max(0, len(piece) - self.room)
            kept = piece[: self.room]
            self.room -= len(kept)
            if text := decoder.decode(kept):
                self.chunks.append(Chunk(round(time.monotonic() - self.begin, 4), None, text.replace("\r\n", "\n")))


def watch(request: Request) -> Transcript:
    """Run the script of a request to its end and tell what it did."""
    request.folder = tempfile.mkdtemp(prefix="spawnable-")
    watched = _Watch(request)
    _running.add(watched)
    try:
        prepare(request)
        return watched.main()
    finally:
        _running.discard(watched)
        shutil.rmtree(request.folder, ignore_errors=True)


def stop() -> None:
    """Have every run that goes on in another thread ended, as if its time was up."""
    for watched in list(_running):
        watched.stopped = True


class _Watch:
    def __init__(self, request: Request) -> None:
        self.request = request
        self.stopped = False
        self.processes: dict[int, Process] = {}
        self.handles: dict[int, psutil.Process] = {}
        self.zombie_since: dict[int, float] = {}

    def main(self) -> Transcript:
        request = self.request
        self.begin = time.monotonic()
        self.popen = subprocess.Popen(
            command(request),
            cwd=f"{request.folder}/w",
            env=environment(request),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self.popen.stdout is not None
        output = _Output(self.popen.stdout, self.begin, request.limits.output)
        output.start()
        self.processes[self.popen.pid] = Process(self.popen.pid, None, "main", "main", 0.0)
        with suppress(psutil.Error):
            self.handles[self.popen.pid] = psutil.Process(self.popen.pid)
        ended = self.follow()
        wall = time.monotonic() - self.begin
        living = self.await_others() if ended == "exit" else self.look()
        notes = Notes(self.begin)
        notes.read(f"{request.folder}/log")
        self.tell(notes)
        left = [
            Leftover("process", self.processes[pid].name, pid)
            for pid in living
            if pid != self.popen.pid and self.processes[pid].kind not in ("forkserver", "resource_tracker")
        ]
        self.kill()
        exit_code = self.popen.wait() if ended == "exit" else None
        self.processes[self.popen.pid].exit_code = exit_code
        output.join(2)
        self.popen.stdout.close()
        return Transcript(
            start_method=request.start_method,
            python=request.version,
            platform=f"{platform.system()}-{platform.machine()}",
            watched="portable",
            ended=ended,
            exit_code=exit_code,
            wall=round(wall, 4),
            cpu=round(sum(process.cpu for process in self.processes.values()), 4),
            chunks=output.chunks,
            processes=list(self.processes.values()),
            events=notes.events,
            leftovers=(left if ended == "exit" else []) + self.files(),
            dropped=output.dropped,
            paths=shown_paths(request),
            unknown=list(_UNKNOWN),
        )

    def follow(self) -> str:
        """Look until the main process ends or a limit is passed; return what ended it."""
        limits = self.request.limits
        while time.monotonic() - self.begin < limits.time and not self.stopped:
            living = self.look()
            if self.popen.poll() is not None:
                return "exit"
            if len(living) > limits.processes:
                return "processes"
            if sum(self.processes[pid].memory for pid in living) > limits.memory:
                return "memory"
            time.sleep(_LOOK)
        return "stuck"

    def look(self) -> list[int]:
        """Take one reading of the run's processes; return those that live."""
        now = round(time.monotonic() - self.begin, 4)
        for handle in list(self.handles.values()):
            with suppress(psutil.Error):
                for child in handle.children(recursive=True):
                    if child.pid not in self.handles:
                        self.handles[child.pid] = child
                        self.processes[child.pid] = _born(child, now)
        living = []
        for pid, handle in self.handles.items():
            process = self.processes[pid]
            try:
                state = _STATES.get(handle.status(), "S")
                if not process.states or process.states[-1][1] != state:
                    process.states.append((now, state))
                if state == "Z":
                    self.zombie_since.setdefault(pid, now)
                    continue
                times = handle.cpu_times()
                process.cpu = max(process.cpu, times.user + times.system)
                process.memory = max(process.memory, handle.memory_info().rss)
                living.append(pid)
            except psutil.Error:
                if process.death is None:
                    process.death = now
                    process.zombie = round(now - self.zombie_since[pid], 3) if pid in self.zombie_since else 0.0
        return living

    def await_others(self) -> list[int]:
        """Give helpers and orphans the time to end; return those that did not."""
        deadline = time.monotonic() + _GRACE
        while (living := self.look()) and time.monotonic() < deadline:
            time.sleep(_LOOK)
        return living

    def tell(self, notes: Notes) -> None:
        """Add what the Python processes noted of themselves."""
        for pid, note in notes.processes.items():
            process = self.processes.setdefault(pid, Process(pid, note.parent, "?", "other", note.birth))
            if note.name:
                process.name, process.kind, process.daemon = note.name, "child", note.daemon
            process.parent = process.parent or note.parent
            if process.exit_code is None:
                process.exit_code = note.exit_code
            if process.death is None:
                process.death = note.death

    def kill(self) -> None:
        """End every process of the run."""
        for _ in range(50):
            alive = [handle for handle in self.handles.values() if handle.is_running()]
            for handle in alive:
                with suppress(psutil.Error):
                    handle.kill()
            self.popen.poll()
            if not [pid for pid in self.look() if pid != self.popen.pid]:
                return
            time.sleep(_LOOK)

    def files(self) -> list[Leftover]:
        """Name new files in the working directory and the temporary folder."""
        found = []
        for name in "wt":
            root = Path(self.request.folder) / name
            for path in sorted(root.rglob("*")):
                shown = path.relative_to(root).as_posix()
                if (
                    path.is_file()
                    and "__pycache__" not in path.parts
                    and not (name == "w" and shown in self.request.files)
                ):
                    found.append(Leftover("file", shown))
        return found


def _born(handle: psutil.Process, now: float) -> Process:
    """Describe a process that was not seen before."""
    parent, name, words = None, "?", []
    with suppress(psutil.Error):
        parent, name, words = handle.ppid(), handle.name(), handle.cmdline()
    line = " ".join(words)
    for module in ("forkserver", "resource_tracker"):
        if f"multiprocessing.{module} import main" in line:
            return Process(handle.pid, parent, module, module, now)
    return Process(handle.pid, parent, name, "child" if "--multiprocessing-fork" in words else "other", now)


_running: set[_Watch] = set()
