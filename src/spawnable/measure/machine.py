"""The machine that measured, as far as it says what it is."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Machine", "cpus"]


def cpus() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Machine:
    """What absolute figures belong to."""

    #: the model, as the system names it
    processor: str
    #: processors that the measurement might use
    cpus: int
    #: main memory
    memory_mb: int
    #: such as `Linux x86_64`
    system: str
    #: the release of the system's kernel
    kernel: str
    #: such as `3.14.0`
    python: str
    #: what tells it from another build of that version: compiler, free threading
    build: str
    #: processes that wished to run when the measurement began, the average of a minute; -1 where nobody knows
    load: float = -1.0

    @classmethod
    def this(cls) -> Machine:
        """Return the one that runs this."""
        free_threaded = "free threading, " if "free-threading" in sys.version else ""
        return cls(
            processor=_processor(),
            cpus=cpus(),
            memory_mb=_memory() // 1_000_000,
            system=f"{platform.system()} {platform.machine()}",
            kernel=platform.release(),
            python=platform.python_version(),
            build=f"{free_threaded}{platform.python_compiler()}",
            load=round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else -1.0,
        )


def _processor() -> str:
    if sys.platform == "linux":
        for line in _lines(Path("/proc/cpuinfo")):
            name, _, value = line.partition(":")
            if name.strip() in {"model name", "Model", "Hardware"}:
                return value.strip()
    if sys.platform == "darwin":
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout.strip()
    return platform.processor() or platform.machine()


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _memory() -> int:
    """Return the bytes of main memory."""
    if sys.platform == "linux":
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    else:  # noqa: RET505 - what only one system does is left out by the type checker on the others
        import psutil

        return int(psutil.virtual_memory().total)
