"""The services of this machine: their sockets lie among its files, where a script could find them.

A socket in an abstract name is out of reach in a network of one's own; one that has a path is not.
The kernel lists the paths, as its servers gave them: one given relative to a folder, or bound once a
run has begun, is not found here.
"""

from __future__ import annotations

import errno
import os

from spawnable.run.linux.call import call

__all__ = ["hide", "table"]

_READ = 1 << 16
_BIND = 0x1000
#: the fields of a line; the last is the path, with its spaces
_FIELDS = 8
#: a path that is none in the namespaces of the run, or that its user can not reach, needs no cover
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.EACCES)


def table() -> int | None:
    """Open the list of the sockets of this process's network, to be read when it is needed; None where there is none.

    It stays the list of that network when the process enters another.
    """
    try:
        return os.open("/proc/self/net/unix", os.O_RDONLY)
    except OSError:
        return None


def hide(sockets: int) -> list[str]:
    """Cover every socket that has a path by an empty device; return what was refused, in words."""
    refused = []
    for path in sorted(_paths(sockets)):
        try:
            call("mount", b"/dev/null", path, None, _BIND, None)
        except OSError as error:
            if error.errno not in _ABSENT:
                name = os.fsdecode(path)
                refused.append(f"whether it used the service at {name}: its socket could not be hidden ({error})")
    return refused


def _paths(sockets: int) -> set[bytes]:
    """Return the paths in the list."""
    os.lseek(sockets, 0, os.SEEK_SET)
    text = b""
    while piece := os.read(sockets, _READ):
        text += piece
    lines = (line.split(None, _FIELDS - 1) for line in text.splitlines())
    return {fields[-1] for fields in lines if len(fields) == _FIELDS and fields[-1].startswith(b"/")}
