"""What the processes of a run may not do, whatever they are: privileges that are given up before the script starts."""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

from spawnable.run.linux.call import LIBRARY, call

__all__ = ["give_up"]

_CAPBSET_DROP, _NO_NEW_PRIVS, _CAP_AMBIENT, _AMBIENT_CLEAR = 24, 38, 47, 4
_SECCOMP, _FILTER = 22, 2
_CAPABILITY_VERSION = 0x20080522
#: there are 41 capabilities on Linux 6; a later system may know more
_MOST = 64

#: numbers of system calls by machine: the audit architecture, those whose first argument
#: may not be the watcher, `setpriority`, `unshare`, `clone`, `clone3` and `userfaultfd`
_CALLS = {
    "x86_64": (0xC000003E, (302, 142, 144, 203, 314), 141, 272, 56, 435, 323),
    "aarch64": (0xC00000B7, (261, 118, 119, 122, 274), 140, 97, 220, 435, 282),
}
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000
_NEWUSER = 0x10000000
#: `setpriority` for all processes of a user
_WHOLE_USER = 2
#: calls from here on are those of another way to call the same system (x32)
_FOREIGN = 0x40000000
#: offsets in what a filter is shown of a call: its number, its architecture, the low half of its arguments
_NUMBER, _ARCHITECTURE, _FIRST, _SECOND = 0, 4, 16, 24


def give_up() -> None:
    """Give up all capabilities, for this process and all that it starts; a process of the user's own needs none.

    From then on no program gains privileges when it is started, no process makes user
    namespaces, in which it would have all capabilities again, and none changes the limits or the
    priority of the watcher, which is process 1.
    """
    for capability in range(_MOST):
        if LIBRARY.prctl(_CAPBSET_DROP, capability, 0, 0, 0):
            break
    LIBRARY.prctl(_CAP_AMBIENT, _AMBIENT_CLEAR, 0, 0, 0)
    call("prctl", _NO_NEW_PRIVS, 1, 0, 0, 0)
    LIBRARY.capset(_HEADER, bytes(24))
    if _PROGRAM is not None:
        LIBRARY.prctl(_SECCOMP, _FILTER, ctypes.byref(_PROGRAM), 0, 0)


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    """Return one instruction of a filter: what it does, its operand, and how many to pass over."""
    return struct.pack("HBBI", code, yes, no, value)


def _refuse(error: int) -> bytes:
    return _step(_RETURN, _REFUSE | error)


def _program() -> bytes:
    """Return the filter of system calls; empty where their numbers are not known."""
    if platform.machine() not in _CALLS:
        return b""
    architecture, first_is_process, setpriority, unshare, clone, clone3, userfaultfd = _CALLS[platform.machine()]
    number, refuse = _step(_LOAD, _NUMBER), _refuse(errno.EPERM)
    steps = [_step(_LOAD, _ARCHITECTURE), _step(_EQUAL, architecture, 1), refuse]
    steps += [number, _step(_AT_LEAST, _FOREIGN, 0, 1), refuse]
    # a C library that is told that there is no clone3 takes clone, whose flags a filter can see
    steps += [_step(_EQUAL, clone3, 0, 1), _refuse(errno.ENOSYS), _step(_EQUAL, userfaultfd, 0, 1), refuse]
    for one in first_is_process:
        steps += [_step(_EQUAL, one, 0, 4), _step(_LOAD, _FIRST), _step(_EQUAL, 1, 0, 1), refuse, number]
    steps += [_step(_EQUAL, setpriority, 0, 6), _step(_LOAD, _SECOND), _step(_EQUAL, 1, 2), _step(_LOAD, _FIRST)]
    steps += [_step(_EQUAL, _WHOLE_USER, 0, 1), refuse, number]
    for one in (unshare, clone):
        steps += [_step(_EQUAL, one, 0, 4), _step(_LOAD, _FIRST), _step(_ANY_BIT, _NEWUSER, 0, 1), refuse, number]
    return b"".join([*steps, _step(_RETURN, _ALLOW)])


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def _filter() -> _Filter | None:
    steps = _program()
    return _Filter(len(steps) // 8, steps) if steps else None


_HEADER = struct.pack("Ii", _CAPABILITY_VERSION, 0)
#: made when the module is imported: a run has no time for it
_PROGRAM = _filter()
