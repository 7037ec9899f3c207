"""What Linux tells of a process under `/proc`."""

from __future__ import annotations

import os
from dataclasses import dataclass

__all__ = ["Stat", "alive", "children", "command", "stat", "waited_for", "waits_forever"]


_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
#: system calls in which a thread sleeps, and the index of the argument that limits
#: the time (a pointer, or milliseconds); -1: no limit can be given
_SLEEPS = {
    "x86_64": {
        0: -1,
        1: -1,
        42: -1,
        43: -1,
        44: -1,
        46: -1,
        72: -1,
        73: -1,
        128: 2,
        130: -1,
        288: -1,
        7: 2,
        23: 4,
        61: -1,
        202: 3,
        232: 3,
        247: -1,
        271: 2,
        281: 3,
        45: -1,
        47: -1,
        34: -1,
        270: 4,
    },
    "aarch64": {
        63: -1,
        64: -1,
        203: -1,
        202: -1,
        206: -1,
        211: -1,
        25: -1,
        32: -1,
        137: 2,
        133: -1,
        242: -1,
        73: 2,
        72: 4,
        260: -1,
        98: 3,
        22: 3,
        95: -1,
        207: -1,
        212: -1,
    },
}
_WAIT4 = {"x86_64": 61, "aarch64": 260}
_MILLISECONDS = {"x86_64": {7, 232, 281}, "aarch64": {22}}


@dataclass(slots=True)
class Stat:
    """One reading of `/proc/PID/stat`."""

    pid: int
    name: str
    state: str
    parent: int
    session: int
    #: seconds of processor time, its own
    cpu: float
    #: resident memory, in bytes
    memory: int
    #: as in `os.waitpid`; of a zombie
    status: int
    threads: int = 1


def stat(pid: int) -> Stat | None:
    """Read one process's state, or None where it is gone.

    A process whose main thread has ended lives while another thread does.
    """
    reading = _stat(pid, f"/proc/{pid}/stat")
    if reading is not None and reading.state == "Z" and reading.threads > 1:
        return next(filter(None, (_stat(pid, f"/proc/{other}/stat") for other in _others(pid))), reading)
    return reading


def _others(pid: int) -> list[str]:
    """Return the threads of a process but the main one."""
    try:
        return [name for name in os.listdir(f"/proc/{pid}/task") if name != str(pid)]
    except OSError:
        return []


def _stat(pid: int, path: str) -> Stat | None:
    """Read a thread's state as that of its process."""
    try:
        with open(path, "rb", buffering=0) as file:
            text = file.read(1024)
    except OSError:
        return None
    head, _, tail = text.rpartition(b")")
    words = tail.split()
    if len(words) < 50:  # noqa: PLR2004
        return None
    return Stat(
        pid=pid,
        name=head.partition(b"(")[2].decode(errors="replace"),
        state=words[0].decode(),
        parent=int(words[1]),
        session=int(words[3]),
        cpu=(int(words[11]) + int(words[12])) / _TICK,
        memory=int(words[21]) * _PAGE,
        status=int(words[49]),
        threads=int(words[17]),
    )


def alive() -> list[int]:
    """Return the ids of all processes that this `/proc` shows."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def children(pid: int) -> list[int]:
    """Return the descendants of a process, parents before children."""
    found = [pid]
    for parent in found:
        try:
            for thread in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{thread}/children", "rb", buffering=0) as file:
                    found += map(int, file.read().split())
        except OSError:
            continue
    return found[1:]


def command(pid: int) -> list[str]:
    """Return the command line of a process, empty where it is gone."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb", buffering=0) as file:
            return file.read().decode(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return []


def waited_for(pid: int) -> int | None:
    """Return the process for which the main thread of another one waits in `waitpid`, or None."""
    try:
        with open(f"/proc/{pid}/syscall", "rb", buffering=0) as file:
            words = file.read().split()
        target = int(words[1], 16) if int(words[0]) == _WAIT4.get(os.uname().machine) else 0
    except (OSError, ValueError, IndexError):
        return None
    return target if 0 < target < 1 << 31 else None


def waits_forever(pid: int) -> bool:
    """Tell whether every thread of a process sleeps in a system call without a time limit.

    False where the system does not tell.
    """
    machine = os.uname().machine
    sleeps = _SLEEPS.get(machine, {})
    try:
        threads = os.listdir(f"/proc/{pid}/task")
        for thread in threads:
            with open(f"/proc/{pid}/task/{thread}/syscall", "rb", buffering=0) as file:
                words = file.read().split()
            if not words or words[0] in (b"running", b"-1"):
                return False
            number = int(words[0])
            limit = sleeps.get(number)
            if limit is None:
                return False
            if limit >= 0:
                value = int(words[1 + limit], 16)
                forever = (value & 0xFFFFFFFF) >= 0x80000000 if number in _MILLISECONDS[machine] else value == 0  # noqa: PLR2004
                if not forever:
                    return False
    except (OSError, ValueError, IndexError):
        return False
    return True
