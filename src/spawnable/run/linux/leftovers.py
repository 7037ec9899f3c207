"""What a run leaves behind: processes, shared memory, semaphores, sockets, files."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from spawnable.run.request import Request
from spawnable.transcript import Leftover, Process

__all__ = ["left_files", "left_processes", "left_shared"]

#: files that are named of those left in one folder
_NAMED = 50
_SHARED = "/dev/shm"  # noqa: S108


def left_processes(processes: list[Process], living: set[int]) -> list[Leftover]:
    """Name the processes that still live; the helpers of multiprocessing only where nothing else does."""
    left = [process for process in processes if process.pid in living and process.kind != "main"]
    real = [process for process in left if process.kind not in ("forkserver", "resource_tracker")]
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
        Leftover("semaphore" if name.startswith("sem.") else "shared memory", name, made.get(name))
        for name in names[:_NAMED]
    ]


def left_files(request: Request, made: Mapping[str, int]) -> list[Leftover]:
    """Name new files in the working directory, the home, and the temporary folders of the run.

    `made` says of the random part of a name which process made it.
    """
    folder = Path(request.folder)
    found: list[Leftover] = []
    for root in (folder / "w", folder / "t", folder / "h", *sorted(folder.glob(".layers-*/upper"))):
        for path, folders, files in os.walk(root):
            folders[:] = sorted(name for name in folders if name != "__pycache__")
            for name in sorted(files) if files or folders or path == str(root) else [""]:
                file = Path(path) / name
                shown = str(file.relative_to(root))
                if not (root.name == "w" and shown in request.files):
                    found.append(Leftover(_kind(file), shown, _maker(shown, made)))
    return found[:_NAMED]


def _kind(file: Path) -> str:
    """Tell a socket, by which a process could be reached, from other files."""
    with suppress(OSError):
        if stat.S_ISSOCK(file.lstat().st_mode):
            return "socket"
    return "file"


def _maker(shown: str, made: Mapping[str, int]) -> int | None:
    """Return the process that drew the random part of a name, of the innermost folder that has one."""
    for part in reversed(Path(shown).parts):
        for length in (8, len(part)):
            for start in range(len(part) - length + 1):
                if pid := made.get(part[start : start + length]):
                    return pid
    return None
