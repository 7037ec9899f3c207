"""How much memory the processes of a run hold together."""

from __future__ import annotations

import os
import threading
from contextlib import suppress

__all__ = ["Count", "held", "shared"]

_BLOCK = 512


def shared() -> int:
    """Return the bytes of shared memory of the whole machine; cheap."""
    with suppress(OSError, ValueError, StopIteration), open("/proc/meminfo", "rb", buffering=0) as file:
        lines = file.read(4096).splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(b"Shmem:")) * 1024
    return 0


def held(pids: list[int]) -> int:
    """Return the bytes that processes hold together, what they share counted once; slow.

    Files that lie in memory alone (memfd) and System V shared memory count also where no process
    has them mapped.
    """
    own = mapped = 0
    files: dict[int, int] = {}
    for pid in pids:
        for thread in _threads(pid):
            sizes = _sizes(thread)
            if sizes:
                own += sizes.get(b"Pss:", 0)
                mapped += sizes.get(b"Pss_Shmem:", 0)
                _memory_files(thread, files)
                break
    return own + max(0, sum(files.values()) + _system_v() - mapped)


class Count:
    """What a run holds, counted beside the watching: a process that forks makes who counts wait."""

    def __init__(self) -> None:
        #: bytes, at the last count that was finished
        self.held = 0
        self._thread: threading.Thread | None = None

    def begin(self, pids: list[int]) -> None:
        """Count these processes, unless a count is going on."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._count, args=(pids,), daemon=True)
            self._thread.start()

    def _count(self, pids: list[int]) -> None:
        self.held = held(pids)


def _threads(pid: int) -> list[int]:
    """Return a process's threads, the first one first: of one that ended nothing can be read."""
    with suppress(OSError):
        return sorted(map(int, os.listdir(f"/proc/{pid}/task")), key=lambda thread: thread != pid)
    return []


def _sizes(thread: int) -> dict[bytes, int]:
    """Return the sizes of a process's memory in bytes; empty where it has none any more."""
    with suppress(OSError, ValueError, IndexError), open(f"/proc/{thread}/smaps_rollup", "rb") as file:
        words = [line.split() for line in file.readlines()[1:]]
        return {word[0]: int(word[1]) * 1024 for word in words}
    return {}


def _memory_files(thread: int, found: dict[int, int]) -> None:
    """Add the size in bytes of each memfd that a process has open, by its number."""
    with suppress(OSError):
        for descriptor in os.listdir(f"/proc/{thread}/fd"):
            path = f"/proc/{thread}/fd/{descriptor}"
            with suppress(OSError):
                if os.readlink(path).startswith("/memfd:"):
                    status = os.stat(path)
                    found[status.st_ino] = status.st_blocks * _BLOCK


def _system_v() -> int:
    """Return the bytes that System V shared memory of this namespace takes."""
    with suppress(OSError, ValueError, IndexError), open("/proc/sysvipc/shm", "rb") as file:
        return sum(int(line.split()[14]) for line in file.readlines()[1:])
    return 0
