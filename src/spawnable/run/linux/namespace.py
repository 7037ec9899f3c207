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
import sys
from contextlib import suppress

from spawnable.run.linux.call import LIBRARY, call

__all__ = ["adopt_orphans", "die_with_parent", "enclose", "resize", "separate"]


_NEWNS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = 0x20000, 0x08000000, 0x10000000, 0x20000000, 0x40000000
_REC_PRIVATE, _BIND, _REMOUNT, _MOVE, _DETACH = 0x44000, 0x1000, 0x20, 0x2000, 2
_READ_ONLY, _NOSUID, _NODEV, _NOEXEC = 1, 2, 4, 8
_PDEATHSIG, _SUBREAPER = 1, 36
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _RDONLY = 442, -100, 0x8000, 1
_SIGKILL = 9
#: process ids of a run start here: a number that a script hardly prints for another reason
FIRST_PID = 21_477
#: files and folders that a run may make on each of its disks
FILES = 100_000


def die_with_parent() -> None:
    """Let the kernel end this process when the one that forked it ends."""
    call("prctl", _PDEATHSIG, _SIGKILL, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    call("prctl", _SUBREAPER, 1, 0, 0, 0)


def separate(*, network: bool) -> None:
    """Give the next child of this process namespaces of its own; raise OSError where the system refuses."""
    flags = _NEWNS | _NEWIPC | _NEWPID | (0 if network else _NEWNET)
    if os.geteuid() == 0:
        call("unshare", flags)
        return
    user, group = os.geteuid(), os.getegid()
    call("unshare", flags | _NEWUSER)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def enclose(folder: str, *, disk: int, network: bool) -> list[str]:
    """Mount what the first process of the namespaces needs; `folder` becomes its only disk.

    Returns what the system refused, in words.  Raises OSError where it refuses a mount that the
    run can not do without.
    """
    refused = []
    call("mount", None, b"/", None, _REC_PRIVATE, None)
    call("mount", b"proc", b"/proc", b"proc", _NOSUID | _NODEV | _NOEXEC, None)
    size = f"size={disk},nr_inodes={FILES}".encode()
    call("mount", b"run", folder.encode(), b"tmpfs", _NOSUID | _NODEV, size)
    with suppress(OSError), open("/proc/sys/kernel/ns_last_pid", "w") as file:
        file.write(str(FIRST_PID - 1))
    writable = [folder, "/dev/shm", "/dev/pts", "/proc"]  # noqa: S108
    writable += [name for name in ("/tmp", "/var/tmp") if _overlay(name, folder)]  # noqa: S108
    try:
        _devices(f"{folder}/.dev", size)
    except OSError as error:
        refused.append(f"whether it used the machine's devices: it had no /dev of its own ({error})")
        call("mount", b"shm", b"/dev/shm", b"tmpfs", _NOSUID | _NODEV, size)
    if not network:
        _hide_sockets(folder)
        with suppress(OSError):
            _loopback()
    refused += _protect(writable)
    return refused


def _protect(writable: list[str]) -> list[str]:
    """Make all mounts read-only but those, and what `/proc` has for the whole machine; return what was refused."""
    refused = []
    for name in ("sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi"):
        path = f"/proc/{name}".encode()
        if os.path.exists(path):
            try:
                call("mount", path, path, None, _BIND, None)
                call("mount", None, path, None, _BIND | _REMOUNT | _READ_ONLY | _NOSUID | _NODEV | _NOEXEC, None)
            except OSError as error:
                refused.append(f"whether it changed settings of the machine: /proc/{name} stayed writable ({error})")
    try:
        _attributes("/", readonly=True)
    except OSError as error:
        refused.append(f"whether it changed files of yours: they stayed writable ({error})")
    else:
        for name in writable:
            with suppress(OSError):
                _attributes(name, readonly=False, below=False)
    return refused


def _devices(folder: str, size: bytes) -> None:
    """Give the namespaces a `/dev` that has nothing of the machine's but what every program may use."""
    os.mkdir(folder)
    call("mount", b"dev", folder.encode(), b"tmpfs", _NOSUID | _NOEXEC, b"size=64k,nr_inodes=64,mode=755")
    try:
        for name in ("null", "zero", "full", "random", "urandom"):
            os.close(os.open(f"{folder}/{name}", os.O_CREAT | os.O_WRONLY, 0o666))
            call("mount", f"/dev/{name}".encode(), f"{folder}/{name}".encode(), None, _BIND, None)
        for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
            os.symlink(f"/proc/self/fd{target}", f"{folder}/{name}")
        for name in ("shm", "pts"):
            os.mkdir(f"{folder}/{name}")
        call("mount", b"shm", f"{folder}/shm".encode(), b"tmpfs", _NOSUID | _NODEV, size)
        with suppress(OSError):
            options = b"newinstance,ptmxmode=0666,mode=620"
            call("mount", b"pts", f"{folder}/pts".encode(), b"devpts", _NOSUID | _NOEXEC, options)
            os.symlink("pts/ptmx", f"{folder}/ptmx")
        call("mount", folder.encode(), b"/dev", None, _MOVE, None)
    except OSError:
        LIBRARY.umount2(folder.encode(), _DETACH)
        raise
    finally:
        os.rmdir(folder)


def _hide_sockets(folder: str) -> None:
    """Let there be none of the machine's services: their sockets lie in `/run`.

    Not where the interpreter or the run's own folder lies there too.
    """
    needed = {os.path.realpath(path) for path in (folder, sys.executable, sys.prefix, sys.base_prefix)}
    if not any(path.startswith("/run/") for path in needed) and not os.path.exists("/run/current-system"):
        with suppress(OSError):
            call("mount", b"run", b"/run", b"tmpfs", _NOSUID | _NODEV, b"size=64k,nr_inodes=64,mode=755")


def resize(folder: str, disk: int) -> None:
    """Let the files and the shared memory of the namespaces take so many bytes each."""
    for name in (folder, "/dev/shm"):  # noqa: S108
        call("mount", None, name.encode(), None, _REMOUNT, f"size={disk}".encode())


def _overlay(name: str, folder: str) -> bool:
    """Let writes below a shared temporary folder go to the run's own disk; False where the system refuses."""
    layer = f"{folder}/.layers{name.replace('/', '-')}"
    try:
        for part in ("upper", "work"):
            os.makedirs(f"{layer}/{part}")
        os.chmod(f"{layer}/upper", 0o1777)
        options = f"lowerdir={name},upperdir={layer}/upper,workdir={layer}/work"
        disk = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            call("mount", b"overlay", name.encode(), b"overlay", _NOSUID | _NODEV, options.encode())
            if folder.startswith(name + "/"):
                call("mount", f"/proc/self/fd/{disk}".encode(), folder.encode(), None, _BIND, None)
        finally:
            os.close(disk)
    except OSError:
        return False
    return True


def _attributes(name: str, *, readonly: bool, below: bool = True) -> None:
    """Make a mount, and those below it, read-only, or writable again."""
    flags = struct.pack("QQQQ", _RDONLY if readonly else 0, 0 if readonly else _RDONLY, 0, 0)
    if LIBRARY.syscall(_MOUNT_SETATTR, _AT_FDCWD, name.encode(), _AT_RECURSIVE if below else 0, flags, len(flags)):
        number = ctypes.get_errno()
        raise OSError(number, f"mount_setattr: {os.strerror(number)}")


def _loopback() -> None:
    """Bring up the namespace's own loopback interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14s", b"lo", 1, b""))
