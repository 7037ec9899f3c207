"""What a run leaves behind: processes, shared memory, semaphores, files."""

from __future__ import annotations

import os
from collections.abc import Iterator

from spawnable.run.request import Request
from spawnable.transcript import Leftover, Process

__all__ = ["left_files", "left_processes", "left_shared"]

#: files that are named of those left in one folder
_NAMED = 50


def left_processes(processes: list[Process], living: set[int]) -> list[Leftover]:
    """Name the processes that still live; the helpers of multiprocessing only where nothing else does."""
    left = [process for process in processes if process.pid in living and process.kind != "main"]
    known = {process.pid for process in processes}
    left += [Process(pid, None, "?", "other", 0.0) for pid in sorted(living - known)]
    real = [process for process in left if process.kind not in ("forkserver", "resource_tracker")]
    return [Leftover("process", process.name, process.pid) for process in real or left]


def left_shared(before: set[str]) -> list[Leftover]:
    """Name what lies in `/dev/shm` and did not before."""
    try:
        names = sorted(set(os.listdir("/dev/shm")) - before)  # noqa: S108
    except OSError:
        return []
    return [
        Leftover("semaphore" if name.startswith("sem.") else "shared memory", _text(name)) for name in names[:_NAMED]
    ]


def left_files(request: Request) -> list[Leftover]:
    """Name new files in the working directory, the home, and the temporary folders of the run."""
    folder = request.folder
    layers = sorted(name for name in os.listdir(folder) if name.startswith(".layers-"))
    found: list[Leftover] = []
    for root in (f"{folder}/w", f"{folder}/t", f"{folder}/h", *(f"{folder}/{name}/upper" for name in layers)):
        own = request.files if root == f"{folder}/w" else {}
        for name in _files(root):
            if name not in own:
                found.append(Leftover("file", _text(name)))
            if len(found) >= _NAMED:
                return found
    return found


def _files(root: str) -> Iterator[str]:
    """Name the files below a folder, and its empty folders, without following links."""
    todo = [""]
    while todo:
        folder = todo.pop()
        try:
            os.chmod(f"{root}/{folder}", 0o700, follow_symlinks=True)  # a script may have closed it to itself
            with os.scandir(f"{root}/{folder}") as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            if folder:
                yield folder.rstrip("/")
            continue
        folders = [entry.name for entry in inside if entry.is_dir(follow_symlinks=False)]
        todo += [f"{folder}{name}/" for name in reversed(folders) if name != "__pycache__"]
        yield from (f"{folder}{entry.name}" for entry in inside if entry.name not in folders)
        if folder and not inside:
            yield folder.rstrip("/")


def _text(name: str) -> str:
    """Return a file name as text that can be written anywhere."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")
