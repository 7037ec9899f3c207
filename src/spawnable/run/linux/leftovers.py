"""What a run leaves behind: processes, shared memory, semaphores, files."""

from __future__ import annotations

import os
from pathlib import Path

from spawnable.run.request import Request
from spawnable.transcript import Leftover, Process

__all__ = ["left_files", "left_processes", "left_shared"]

#: files that are named of those left in one folder
_NAMED = 50


def left_processes(processes: list[Process], living: set[int]) -> list[Leftover]:
    """Name the processes that still live; the helpers of multiprocessing only where nothing else does."""
    left = [process for process in processes if process.pid in living and process.kind != "main"]
    real = [process for process in left if process.kind not in ("forkserver", "resource_tracker")]
    return [Leftover("process", process.name, process.pid) for process in real or left]


def left_shared(before: set[str]) -> list[Leftover]:
    """Name what lies in `/dev/shm` and did not before."""
    try:
        names = sorted(set(os.listdir("/dev/shm")) - before)  # noqa: S108
    except OSError:
        return []
    return [Leftover("semaphore" if name.startswith("sem.") else "shared memory", name) for name in names[:_NAMED]]


def left_files(request: Request) -> list[Leftover]:
    """Name new files in the working directory, the home, and the temporary folders of the run."""
    folder = Path(request.folder)
    found: list[Leftover] = []
    for root in (folder / "w", folder / "t", folder / "h", *sorted(folder.glob(".layers-*/upper"))):
        for path, folders, files in os.walk(root):
            folders[:] = sorted(name for name in folders if name != "__pycache__")
            for name in sorted(files) if files or folders or path == str(root) else [""]:
                shown = str((Path(path) / name).relative_to(root))
                if not (root.name == "w" and shown in request.files):
                    found.append(Leftover("file", shown))
    return found[:_NAMED]
