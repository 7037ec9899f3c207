"""What Linux tells of a process under `/proc`."""

from __future__ import annotations

import os
from dataclasses import dataclass

__all__ = ["Stat", "alive", "catches", "children", "command", "stat", "waited_for", "waits_forever"]


_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
#: no limit of time can be given
_NONE = -1
#: system calls in which a thread sleeps: the name, its number on x86_64 and on aarch64 (None: it has none), and the
#: index of the argument that limits the time (a pointer, or milliseconds)
_CALLS = (
    ("read", 0, 63, _NONE),
    ("write", 1, 64, _NONE),
    ("open", 2, None, _NONE),
    ("openat", 257, 56, _NONE),
    ("poll", 7, None, 2),
    ("ppoll", 271, 73, 2),
    ("select", 23, None, 4),
    ("pselect6", 270, 72, 4),
    ("epoll_wait", 232, None, 3),
    ("epoll_pwait", 281, 22, 3),
    ("epoll_pwait2", 441, 441, 3),
    ("pause", 34, None, _NONE),
    ("rt_sigsuspend", 130, 133, _NONE),
    ("rt_sigtimedwait", 128, 137, 2),
    ("connect", 42, 203, _NONE),
    ("accept", 43, 202, _NONE),
    ("accept4", 288, 242, _NONE),
    ("sendto", 44, 206, _NONE),
    ("recvfrom", 45, 207, _NONE),
    ("sendmsg", 46, 211, _NONE),
    ("recvmsg", 47, 212, _NONE),
    ("wait4", 61, 260, _NONE),
    ("waitid", 247, 95, _NONE),
    ("futex", 202, 98, 3),
    ("semop", 65, 193, _NONE),
    ("msgrcv", 70, 188, _NONE),
    ("fcntl", 72, 25, _NONE),
    ("flock", 73, 32, _NONE),
)
_MILLISECONDS = ("poll", "epoll_wait", "epoll_pwait")
#: those that always end by themselves
_NAPS = {"x86_64": {35: "nanosleep", 230: "clock_nanosleep"}, "aarch64": {101: "nanosleep", 115: "clock_nanosleep"}}
_MACHINE = os.uname().machine if hasattr(os, "uname") else ""
_COLUMN = {"x86_64": 1, "aarch64": 2}.get(_MACHINE)
_SLEEPS = {row[_COLUMN]: (row[0], row[3]) for row in _CALLS} if _COLUMN else {}
_NAMES = {number: name for number, (name, _) in _SLEEPS.items()} | _NAPS.get(_MACHINE, {})
_SIGALRM = 14


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


def waited_for(pid: int) -> tuple[str, int | None]:
    """Return the system call in which the main thread of a process waits, and the process it waits for there.

    The call is `running` where it does not wait, and empty where the system does not tell.
    """
    words = _syscall(f"/proc/{pid}/syscall")
    if not words or words[0] == "running":
        return (words or [""])[0], None
    name = _NAMES.get(int(words[0]), "")
    target = int(words[1], 16) if name == "wait4" else 0
    return name, target if 0 < target < 1 << 31 else None


def catches(pid: int, number: int) -> bool:
    """Tell whether a process has a handler for a signal, and a thread that does not block it."""
    try:
        if not _mask(f"/proc/{pid}/status", b"SigCgt:") >> (number - 1) & 1:
            return False
        threads = os.listdir(f"/proc/{pid}/task")
        return any(not _mask(f"/proc/{pid}/task/{thread}/status", b"SigBlk:") >> (number - 1) & 1 for thread in threads)
    except OSError:
        return False


def waits_forever(pid: int, *, polls: bool = False) -> bool:
    """Tell whether every thread of a process sleeps in a system call without a time limit, or the process is stopped.

    `polls`: its main thread wakes now and then only to see whether it is to end, and does not count.
    False where the system does not tell, and where an alarm may be set.
    """
    try:
        reading = stat(pid)
        if reading is not None and reading.state == "T":
            return True
        for thread in os.listdir(f"/proc/{pid}/task"):
            if not (polls and thread == str(pid)) and not _sleeps(_syscall(f"/proc/{pid}/task/{thread}/syscall")):
                return False
        return not _mask(f"/proc/{pid}/status", b"SigCgt:") >> (_SIGALRM - 1) & 1
    except OSError:
        return False


def _syscall(path: str) -> list[str]:
    """Return the number and the arguments of a system call; `running` alone, or nothing where it is not known."""
    try:
        with open(path, "rb", buffering=0) as file:
            words = file.read().decode().split()
    except OSError:
        return []
    return [] if words[:1] == ["-1"] else words


def _sleeps(words: list[str]) -> bool:
    """Tell whether a system call has no limit of time."""
    if not words or words[0] == "running" or int(words[0]) not in _SLEEPS:
        return False
    name, limit = _SLEEPS[int(words[0])]
    if limit == _NONE:
        return True
    value = int(words[1 + limit], 16)
    return (value & 0xFFFFFFFF) >= 0x80000000 if name in _MILLISECONDS else value == 0  # noqa: PLR2004


def _mask(path: str, key: bytes) -> int:
    """Return a set of signals, as bits, from a `status` file; 0 where it has none."""
    with open(path, "rb", buffering=0) as file:
        for line in file.read().splitlines():
            if line.startswith(key):
                return int(line.split()[1], 16)
    return 0
