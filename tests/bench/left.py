"""What runs left on the machine: processes, shared memory, files, open files of the process that asked for them."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Watcher", "memory", "unused"]

_SHARED = Path("/dev/shm")
_PROC = Path("/proc")
_OPEN = Path("/proc/self/fd")
#: seconds that what is ending may take to be gone
_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Watcher:
    """Knows what was there before: all that runs make lies in, or names, one temporary folder."""

    temporary: Path
    shared: frozenset[str]
    #: files that this process had open
    files: int

    @classmethod
    def of(cls, temporary: Path) -> Watcher:
        """Return a watcher for runs whose temporary folder this is."""
        return cls(temporary.resolve(), memory(), len(_names(_OPEN)))

    def left(self, patience: float = _PATIENCE) -> list[str]:
        """Name what is left once it has had the time to go."""
        end = time.monotonic() + patience
        while (found := self._now()) and time.monotonic() < end:
            time.sleep(0.1)
        return found

    def _now(self) -> list[str]:
        processes = self._processes()
        return [
            *(f"process {text}" for text in processes.values()),
            *(f"shared memory {name}" for name in _unused(self.shared, set(processes))),
            *(f"file {name}" for name in sorted(_names(self.temporary))),
            *(f"open file {number}" for number in range(self.files, len(_names(_OPEN)))),
        ]

    def _processes(self) -> dict[Path, str]:
        """Return the processes that have the folder in their environment, or work in it."""
        mark = os.fsencode(self.temporary / "spawnable-")
        found = {}
        for folder in _PROC.glob("[0-9]*"):
            try:
                inside = (folder / "cwd").readlink().is_relative_to(self.temporary)
                if inside or mark in (folder / "environ").read_bytes():
                    command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    found[folder] = f"{folder.name} {command.strip()}"
            except OSError:  # it has ended, or is another user's
                continue
        return found


def memory() -> frozenset[str]:
    """Return the names of what is in shared memory."""
    return frozenset(_names(_SHARED))


def unused(known: frozenset[str], patience: float = _PATIENCE) -> list[str]:
    """Name the shared memory, beyond what was known, that no other process uses once it has had the time to go."""
    end = time.monotonic() + patience
    while (found := _unused(known)) and time.monotonic() < end:
        time.sleep(0.1)
    return found


def _unused(known: frozenset[str], but: Collection[Path] = ()) -> list[str]:
    """Name what no process uses but this one, which looks, and those whose folders these are."""
    there = _files(set(_names(_SHARED)) - known)
    mapped = _mapped(set(_PROC.glob("[0-9]*")) - {_PROC / str(os.getpid()), *but}) if there else set()
    return sorted(name for name, inode in there.items() if inode not in mapped)


def _files(names: set[str]) -> dict[str, int]:
    """Return the inode of each shared memory that is still there."""
    found = {}
    for name in names:
        with contextlib.suppress(FileNotFoundError):
            found[name] = (_SHARED / name).stat().st_ino
    return found


def _mapped(folders: set[Path]) -> set[int]:
    """Return the inodes of shared memory that these processes use: it belongs to other work on this machine.

    By name a semaphore would not be found: it had another when it was mapped.
    """
    found = set()
    for folder in folders:
        try:
            lines = (folder / "maps").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        found |= {int(line.split()[4]) for line in lines if f" {_SHARED}/" in line}
    return found


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []
