"""A bound that the kernel holds on the processes and threads of a run, where root runs it.

Root's processes are not counted by `RLIMIT_NPROC`; a control group counts them.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

__all__ = ["Group"]

_ROOT = Path("/sys/fs/cgroup")
_NAME = "spawnable-"
#: hundredths of a second that processes which were killed have to be gone
_TRIES = 50


class Group:
    """The control group of a warden and all that it starts; none where the system has no such groups."""

    def __init__(self) -> None:
        """Enter a group of its own."""
        self.folder: Path | None = None
        self.most = 0
        parent = _parent() if os.geteuid() == 0 else None
        if parent is None:
            return
        for old in parent.glob(f"{_NAME}*"):  # of wardens that were killed
            with suppress(OSError):
                old.rmdir()
        folder = parent / f"{_NAME}{os.getpid()}"
        with suppress(OSError):
            folder.mkdir()
            self.folder = folder
            (folder / "cgroup.procs").write_text("0")

    def limit(self, most: int) -> None:
        """Let there be so many processes and threads in it."""
        if self.folder is not None and most != self.most:
            with suppress(OSError):
                (self.folder / "pids.max").write_text(str(most))
                self.most = most

    def leave(self) -> None:
        """Leave the group, and remove it once nothing is in it."""
        if self.folder is not None:
            with suppress(OSError):
                (self.folder.parent / "cgroup.procs").write_text("0")
            for _ in range(_TRIES):
                with suppress(OSError):
                    self.folder.rmdir()
                    return
                time.sleep(0.01)


def _parent() -> Path | None:
    """Return the control group in which one that counts processes can be made, None where there is none."""
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
