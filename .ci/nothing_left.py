"""Tell what a program left on a machine: processes, shared memory, files.

    nothing_left.py before STATE           writes down what is there
    nothing_left.py after STATE TMP MARK   lists what is new, and fails if anything is

TMP is the program's own temporary folder, MARK a word in the environment of its
processes.  Run in a checkout; what git calls changed counts too.  Processes and shared
memory are told on Linux alone.  NOTHING_LEFT_GRACE sets the seconds it waits.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
PROC = Path("/proc")
#: seconds that what is ending may take to be gone
GRACE = float(os.environ.get("NOTHING_LEFT_GRACE", "10"))
#: folders that nox, pip and uv keep for themselves
TOOLS = ("nox-", "pip-", "uv-", ".tmpuv")


def state() -> dict[str, list[str]]:
    """Return the names in shared memory and the lines of `git status`."""
    shared = sorted(path.name for path in SHARED_MEMORY.iterdir()) if SHARED_MEMORY.is_dir() else []
    git = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, check=False)
    return {"shared memory": shared, "changed in the checkout": git.stdout.splitlines()}


def processes(temporary: Path, mark: str) -> list[str]:
    """Return the processes that have the mark in their environment, or work in the temporary folder."""
    found = []
    for folder in PROC.glob("[0-9]*"):
        if folder.name == str(os.getpid()):
            continue
        try:
            marked = mark.encode() in (folder / "environ").read_bytes()
            inside = (folder / "cwd").readlink().is_relative_to(temporary)
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:  # it has ended, or is another user's
            continue
        if marked or inside:
            found.append(f"{folder.name} {command}")
    return sorted(found)


def files(temporary: Path) -> list[str]:
    """Return what lies in the temporary folder, without the tools' folders and pytest's empty ones."""
    found = []
    for entry in sorted(temporary.iterdir()):
        if entry.name.startswith(TOOLS):
            continue
        if entry.name.startswith("pytest-of-") and not any(path.is_file() for path in entry.rglob("*")):
            continue
        found.append(entry.name)
    return found


def left(before: dict[str, list[str]], temporary: Path, mark: str) -> dict[str, list[str]]:
    """Return what is there and was not before, by kind."""
    now = {kind: [name for name in names if name not in before[kind]] for kind, names in state().items()}
    return {"processes": processes(temporary, mark), **now, "temporary files": files(temporary)}


def main(order: str, file: str, *rest: str) -> int:
    """Return 1 if something is left."""
    if order == "before":
        Path(file).write_text(json.dumps(state()), encoding="utf-8")
        return 0
    before = json.loads(Path(file).read_text(encoding="utf-8"))
    temporary, mark = Path(rest[0]).resolve(), rest[1]
    end = time.monotonic() + GRACE
    while any((found := left(before, temporary, mark)).values()) and time.monotonic() < end:
        time.sleep(0.5)
    for kind, names in found.items():
        for name in names:
            print(f"left behind, {kind}: {name}")
    if any(found.values()):
        return 1
    print("nothing left behind: no process, no shared memory, no file, no change in the checkout")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
