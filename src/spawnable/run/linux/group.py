"""A bound that the kernel holds on the processes and threads of a run, where root runs it.

Root's processes are not counted by `RLIMIT_NPROC`; a control group counts them.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from pathlib import Path

__all__ = ["Group", "sweep"]

_ROOT = Path("/sys/fs/cgroup")
_NAME = "spawnable-"


class Group:
    """A control group for one run; none where the system has no such groups."""

    def __init__(self, name: str, most: int) -> None:
        """Make it, for so many processes and threads; the name begins with the process id of its warden."""
        self.folder: Path | None = None
        parent = _parent()
        if parent is not None:
            with suppress(OSError):
                folder = parent / f"{_NAME}{name}"
                folder.mkdir()
                self.folder = folder
                (folder / "pids.max").write_text(str(most))

    def enter(self) -> None:
        """Let this process, and all that it starts, be counted in it."""
        if self.folder is not None:
            with suppress(OSError):
                (self.folder / "cgroup.procs").write_text("0")

    def remove(self) -> bool:
        """Remove it; False where something that was killed is still in it."""
        if self.folder is not None:
            try:
                self.folder.rmdir()
            except FileNotFoundError:
                pass
            except OSError:
                return False
            self.folder = None
        return True


def sweep() -> None:
    """Remove the groups of wardens that were killed."""
    parent = _parent()
    for old in parent.glob(f"{_NAME}*") if parent is not None else ():
        if not os.path.exists(f"/proc/{old.name.removeprefix(_NAME).partition('-')[0]}"):
            with suppress(OSError):
                old.rmdir()


@cache
def _parent() -> Path | None:
    """Return the control group in which one that counts processes can be made, None where there is none."""
    if os.geteuid():
        return None
    try:
        lines = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    except OSError:
        return None
    for _, controllers, path in lines:
        if "pids" in controllers.split(","):
            return _ROOT / "pids" / path.lstrip("/")
    for number, _, path in lines:
        own = _ROOT / path.lstrip("/")
        for folder in (own, *own.parents) if number == "0" else ():
            with suppress(OSError):
                if "pids" in (folder / "cgroup.subtree_control").read_text().split():
                    return folder
    return None
