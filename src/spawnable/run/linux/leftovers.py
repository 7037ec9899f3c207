"""What a run leaves behind: processes, shared memory, semaphores, sockets, files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress

from spawnable.normalise import HELPERS
from spawnable.run.request import Request
from spawnable.transcript import Leftover, Process

__all__ = ["left_files", "left_processes", "left_shared"]

#: files that are named of those left in one folder
_NAMED = 50
_SHARED = "/dev/shm"  # noqa: S108


def left_processes(processes: list[Process], living: set[int]) -> list[Leftover]:
    """Name the processes that still live; the helpers of multiprocessing only where nothing else does."""
    left = [process for process in processes if process.pid in living and process.kind != "main"]
    known = {process.pid for process in processes}
    left += [Process(pid, None, "?", "other", 0.0) for pid in sorted(living - known)]
    real = [process for process in left if process.kind not in HELPERS]
    return [Leftover("process", process.name, process.pid) for process in real or left]


def left_shared(before: set[str], made: Mapping[str, int], *, own: bool) -> list[Leftover]:
    """Name what lies in `/dev/shm` and did not before; `made` says of a name which process made it.

    Where the folder is not the run's `own`, only what its processes noted counts, and is removed: other programs
    leave their own there.
    """
    try:
        names = sorted(set(os.listdir(_SHARED)) - before)
    except OSError:
        return []
    if not own:
        names = [name for name in names if name in made]
        for name in names:
            with suppress(OSError):
                os.remove(f"{_SHARED}/{name}")
    return [
        Leftover("semaphore" if name.startswith("sem.") else "shared memory", _text(name), made.get(name))
        for name in names[:_NAMED]
    ]


def left_files(request: Request, made: Mapping[str, int]) -> list[Leftover]:
    """Name new files in the working directory, the home, and the temporary folders of the run.

    `made` says of the random part of a name which process made it.
    """
    folder = request.folder
    layers = sorted(name for name in os.listdir(folder) if name.startswith(".layers-"))
    found: list[Leftover] = []
    for root in (f"{folder}/w", f"{folder}/t", f"{folder}/h", *(f"{folder}/{name}/upper" for name in layers)):
        own = request.files if root == f"{folder}/w" else {}
        for name in _files(root):
            if name not in own:
                found.append(Leftover(_kind(f"{root}/{name}"), _text(name), _maker(name, made)))
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


def _kind(file: str) -> str:
    """Tell a socket, by which a process could be reached, from other files."""
    with suppress(OSError):
        if stat.S_ISSOCK(os.lstat(file).st_mode):
            return "socket"
    return "file"


def _maker(shown: str, made: Mapping[str, int]) -> int | None:
    """Return the process that drew the random part of a name, of the innermost folder that has one."""
    for part in reversed(shown.split("/")):
        for length in (8, len(part)):
            for start in range(len(part) - length + 1):
                if pid := made.get(part[start : start + length]):
                    return pid
    return None
