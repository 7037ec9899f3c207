"""Watch one run by a pipe and psutil, from its first process to its last; see `spawnable.run.portable`."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from spawnable.run.linux.leftovers import left_processes
from spawnable.run.notes import Notes
from spawnable.run.pipe import Output
from spawnable.run.scene import STACK_SIGNAL, command, environment, lay_out, prepare, shown_paths
from spawnable.run.sightings import Sightings
from spawnable.run.stacks import await_stacks
from spawnable.run.windows import interpreter
from spawnable.transcript import Leftover, Transcript

if TYPE_CHECKING:
    from spawnable.run.request import Request

if sys.platform == "win32":
    from spawnable.run.windows import Job

__all__ = ["watch"]

#: seconds between two looks at the processes, at least; a look itself may take as long
_LOOK = 0.01
#: seconds between two looks at the size of files
_LOOK_AT_FILES = 0.2
#: seconds that helpers and orphans have to end after the main process did
_GRACE = 1.5
#: seconds in which the helpers of multiprocessing remove what the others left; and where they get no processor for that
_TIDY, _TIDY_BUSY = 0.5, 5.0
#: files that are named of those left
_NAMED = 50
#: variables that programs on Windows can not do without
_WINDOWS = ("COMSPEC", "PATHEXT", "SYSTEMDRIVE", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE")


def watch(request: Request, closed: threading.Event) -> Transcript:
    """Run the script of a request to its end, or until `closed` is set, and tell what it did."""
    lay_out(request.folder)
    prepare(request)
    return _Watch(request, closed).main()


class _Watch:
    def __init__(self, request: Request, closed: threading.Event) -> None:
        self.request = request
        self.limits = request.limits
        self.closed = closed
        self.begin = time.monotonic()
        self.looked_at_files = self.begin
        self.main_process = self.start()
        assert self.main_process.stdout is not None
        self.output = Output(self.main_process.stdout, self.begin, self.limits.output)
        self.output.start()

    def start(self) -> subprocess.Popen[bytes]:
        """Start the script in a session of its own; on Windows in a job of its own, before its first step."""
        request = self.request
        variables = environment(request)
        executable = request.executable
        suspended = 0
        if sys.platform == "win32":
            executable, more = interpreter(executable)
            variables |= more | {name: os.environ[name] for name in _WINDOWS if name in os.environ}
            variables |= {"USERPROFILE": f"{request.folder}/h", "APPDATA": f"{request.folder}/h"}
            self.job = Job(2 * self.limits.processes)  # beyond the limit that the looks keep
            suspended = 0x4 | subprocess.CREATE_NEW_PROCESS_GROUP
        if not STACK_SIGNAL:
            variables["SPAWNABLE_STACK_TIME"] = str(self.begin + self.limits.time)
        process = subprocess.Popen(
            [executable, *command(request)[1:]],
            cwd=f"{request.folder}/w",
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            creationflags=suspended,
        )
        self.sightings = Sightings(process.pid, request.folder, self.begin)
        if sys.platform == "win32":
            self.job.add(process.pid)
            self.sightings.job = self.job
            psutil.Process(process.pid).resume()
        return process

    def main(self) -> Transcript:
        ended = self.follow()
        wall = time.monotonic() - self.begin
        if ended == "exit":
            ended = self.await_others()
        living = set(self.sightings.look(thoroughly=ended != "closed"))
        if ended == "stuck":
            self.ask_stacks(living)
        # what comes now is not the script's doing
        self.output.ended = True
        self.sightings.take_notes(self.notes(), living)
        left = left_processes(self.sightings.everyone, living) if ended == "exit" else []
        self.kill()
        exit_code = self.main_process.wait()
        self.output.finish()
        if ended != "stuck" and self.main_process.pid not in living:
            self.sightings.processes[self.main_process.pid].exit_code = exit_code
        if ended == "exit":
            left += self.files()
        return self.transcript(ended, exit_code if ended == "exit" else None, wall, left)

    def follow(self) -> str:
        """Look until the main process ends or a limit is passed; return what ended it."""
        while True:
            begin = time.monotonic()
            if begin - self.begin >= self.limits.time:
                return "stuck"
            over = self.look()
            # beyond its limit of processes a run was ended at once, its main process as well
            if self.main_process.poll() is not None and over != "processes":
                return "exit"
            if over:
                return over
            if self.closed.wait(max(_LOOK, time.monotonic() - begin)):
                return "closed"

    def look(self) -> str:
        """Take one reading of all processes; return the limit that is passed, or nothing."""
        living = self.sightings.look()
        if len(living) > self.limits.processes:
            self.end_group()
            return "processes"
        if self.sightings.memory(self.limits.memory) > self.limits.memory:
            return "memory"
        now = time.monotonic()
        if now - self.looked_at_files >= _LOOK_AT_FILES:
            self.looked_at_files = now
            if self.disk() > self.limits.disk:
                return "disk"
        return ""

    def disk(self) -> int:
        """Bytes that the files of the run hold."""
        total = 0
        for name in "wth":
            for path, _, files in os.walk(f"{self.request.folder}/{name}"):
                for file in files:
                    with suppress(OSError):
                        total += os.lstat(os.path.join(path, file)).st_size
        return total

    def await_others(self) -> str:
        """Give helpers and orphans the time to end; return `exit`, or the limit that they pass."""
        deadline = time.monotonic() + _GRACE
        while time.monotonic() < deadline:
            over = self.look()
            if over:
                return over
            if not self.sightings.living or self.closed.wait(_LOOK):
                break
        return "exit"

    def ask_stacks(self, living: set[int]) -> None:
        """Have each Python process print where it is, where it does not do so of itself, and keep what it printed."""
        folder = Path(self.request.folder)
        files = {pid: folder / f"stack-{pid}" for pid in living if (folder / f"stack-{pid}").exists()}
        if sys.platform != "win32" and STACK_SIGNAL:
            for pid in files:
                with suppress(OSError):
                    os.kill(pid, STACK_SIGNAL)
        await_stacks(
            lambda: [path.stat().st_size for path in files.values()],
            lambda: any(map(_runs, files)),
            self.closed.is_set,
        )
        for pid, path in files.items():
            self.sightings.processes[pid].stack = path.read_text(errors="replace")[:20_000]

    def notes(self) -> Notes:
        """Return what the Python processes noted of themselves."""
        notes = Notes(self.begin)
        notes.read(f"{self.request.folder}/log")
        return notes

    def kill(self) -> None:
        """End every process of the run: the helpers last, so that they remove what the others left."""
        deadline = time.monotonic() + _TIDY
        while any(self.sightings.kill(helpers=False)) and time.monotonic() < deadline:
            self.main_process.poll()
            time.sleep(_LOOK)
        begin = time.monotonic()
        while living := self.sightings.look():
            took = time.monotonic() - begin
            if took > _TIDY_BUSY or (took > _TIDY and not any(map(_runs, living))):
                break
            time.sleep(_LOOK)
        self.end_group()
        deadline = time.monotonic() + 5
        while any(self.sightings.kill(helpers=True)) and time.monotonic() < deadline:
            self.main_process.poll()
            time.sleep(_LOOK)
        if sys.platform == "win32":
            self.job.close()

    def end_group(self) -> None:
        """End at once all that are still where the script started."""
        if sys.platform == "win32":
            self.job.end()
        else:
            with suppress(OSError):
                os.killpg(self.main_process.pid, signal.SIGKILL)

    def files(self) -> list[Leftover]:
        """Name new files in the working directory, the temporary folder and the home."""
        found = []
        for name in "wth":
            root = Path(self.request.folder) / name
            for path in sorted(root.rglob("*")):
                shown = path.relative_to(root).as_posix()
                is_new = "__pycache__" not in path.parts and not (name == "w" and shown in self.request.files)
                if is_new and (not path.is_dir() or not any(path.iterdir())):
                    found.append(Leftover("file", shown))
        return found[:_NAMED]

    def transcript(self, ended: str, exit_code: int | None, wall: float, left: list[Leftover]) -> Transcript:
        request = self.request
        return Transcript(
            start_method=request.start_method,
            python=request.version,
            platform=f"{platform.system()}-{platform.machine()}",
            watched="portable",
            ended=ended,
            exit_code=exit_code,
            wall=round(wall, 4),
            cpu=round(sum(process.cpu for process in self.sightings.everyone), 4),
            chunks=self.output.chunks,
            processes=self.sightings.everyone,
            events=self.sightings.events,
            leftovers=left,
            dropped=self.output.dropped,
            paths=_as_written(shown_paths(request)),
            unknown=_unknown(),
        )


def _runs(pid: int) -> bool:
    """Tell whether a process wants a processor, or has one."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_RUNNING
    except psutil.Error:
        return False


def _as_written(paths: dict[str, str]) -> dict[str, str]:
    """Return the paths of a run, also as Windows writes them."""
    return {path.replace("/", os.sep): shown for path, shown in paths.items()} | paths


def _unknown() -> list[str]:
    """Say what is not observed on this system."""
    words = [
        "which process wrote a line: the system does not tell",
        "processes that lived for less than some hundredths of a second",
    ]
    if sys.platform != "win32":
        words += [
            "exit codes that no Python process of the run learned",
            "shared memory and semaphores that were left: they are not told apart from those of other programs",
        ]
    return words
