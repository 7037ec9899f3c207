"""A run's own world on Linux: its process ids, `/dev/shm`, files and network.

Nothing in it can signal a process outside or change a file outside, and all of it
ends with its first process.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
from contextlib import suppress

__all__ = ["adopt_orphans", "die_with_parent", "enclose", "resize", "separate"]


_NEWNS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = 0x20000, 0x08000000, 0x10000000, 0x20000000, 0x40000000
_REC_PRIVATE, _BIND, _REMOUNT = 0x44000, 0x1000, 0x20
_PDEATHSIG, _SUBREAPER = 1, 36
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _RDONLY = 442, -100, 0x8000, 1
_SIGKILL = 9
#: process ids of a run start here: a number that a script hardly prints for another reason
FIRST_PID = 21_477

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: object) -> None:
    """Call a function of the C library; raise OSError where it fails."""
    if getattr(_libc, name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def die_with_parent() -> None:
    """Let the kernel end this process when the one that forked it ends."""
    _call("prctl", _PDEATHSIG, _SIGKILL, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    _call("prctl", _SUBREAPER, 1, 0, 0, 0)


def separate(*, network: bool) -> bool:
    """Give the next child of this process namespaces of its own; False where the system refuses."""
    flags = _NEWNS | _NEWIPC | _NEWPID | (0 if network else _NEWNET)
    try:
        if os.geteuid() == 0:
            _call("unshare", flags)
        else:
            user, group = os.geteuid(), os.getegid()
            _call("unshare", flags | _NEWUSER)
            for name, text in (
                ("setgroups", "deny"),
                ("uid_map", f"{user} {user} 1"),
                ("gid_map", f"{group} {group} 1"),
            ):
                with open(f"/proc/self/{name}", "w") as file:
                    file.write(text)
    except OSError:
        return False
    return True


def enclose(folder: str, *, disk: int, network: bool) -> None:
    """Mount what the first process of the namespaces needs; `folder` becomes its only disk.

    Raises OSError where the system refuses a mount that the run can not do without.
    """
    _call("mount", None, b"/", None, _REC_PRIVATE, None)
    _call("mount", b"proc", b"/proc", b"proc", 0, None)
    size = f"size={disk}".encode()
    _call("mount", b"shm", b"/dev/shm", b"tmpfs", 0, size)
    _call("mount", b"run", folder.encode(), b"tmpfs", 0, size)
    with suppress(OSError), open("/proc/sys/kernel/ns_last_pid", "w") as file:
        file.write(str(FIRST_PID - 1))
    for name in ("/tmp", "/var/tmp"):  # noqa: S108
        _overlay(name, folder)
    with suppress(OSError):
        _attributes("/", readonly=True)
        for name in (folder, "/dev/shm", "/dev", "/proc", "/tmp", "/var/tmp"):  # noqa: S108
            with suppress(OSError):
                _attributes(name, readonly=False)
    if not network:
        with suppress(OSError):
            _loopback()


def resize(folder: str, disk: int) -> None:
    """Let the files and the shared memory of the namespaces take so many bytes each."""
    for name in (folder, "/dev/shm"):  # noqa: S108
        _call("mount", None, name.encode(), None, _REMOUNT, f"size={disk}".encode())


def _overlay(name: str, folder: str) -> None:
    """Let writes below a shared temporary folder go to the run's own disk."""
    layer = f"{folder}/.layers{name.replace('/', '-')}"
    with suppress(OSError):
        for part in ("upper", "work"):
            os.makedirs(f"{layer}/{part}")
        os.chmod(f"{layer}/upper", 0o1777)
        options = f"lowerdir={name},upperdir={layer}/upper,workdir={layer}/work"
        disk = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _call("mount", b"overlay", name.encode(), b"overlay", 0, options.encode())
            if folder.startswith(name + "/"):
                _call("mount", f"/proc/self/fd/{disk}".encode(), folder.encode(), None, _BIND, None)
        finally:
            os.close(disk)


def _attributes(name: str, *, readonly: bool) -> None:
    """Make a mount and those below it read-only, or writable again."""
    flags = struct.pack("QQQQ", _RDONLY if readonly else 0, 0 if readonly else _RDONLY, 0, 0)
    if _libc.syscall(_MOUNT_SETATTR, _AT_FDCWD, name.encode(), _AT_RECURSIVE, flags, len(flags)):
        number = ctypes.get_errno()
        raise OSError(number, f"mount_setattr: {os.strerror(number)}")


def _loopback() -> None:
    """Bring up the namespace's own loopback interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14s", b"lo", 1, b""))
