"""Start the script of a run on Linux, within its limits."""

from __future__ import annotations

import fcntl
import os
import platform
import re
import resource
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from spawnable.run.linux.privileges import give_up
from spawnable.run.scene import environment

if TYPE_CHECKING:
    from spawnable.run.request import Request

__all__ = ["start"]

_KERNEL = tuple(int(part) for part in re.findall(r"\d+", platform.release())[:2])
#: from this Linux on a user's processes are counted in each user namespace on its own
_OWN_COUNT = (5, 14)
#: a limit of one byte, unlike one of zero, also keeps a core dump from a program that the machine has for them
_NO_CORE = 1
#: descriptors that the watcher may have open
_DESCRIPTORS = 1 << 16


def start(request: Request, output: int, most: int, *, niceness: int, contained: bool) -> tuple[int, int]:
    """Start the script in a new session, with `output` as its standard output and error.

    Returns its id, and a descriptor from which can be read why it could not be started: nothing
    where it could.  `most` is the number of processes that its user namespace may hold, 0 where it
    has none of its own.
    """
    variables = environment(request)
    failed, failure = os.pipe()
    pid = os.fork()
    if pid:
        os.close(failure)
        os.set_blocking(failed, False)
        return pid, failed
    try:
        failure = _only(output, fcntl.fcntl(failure, fcntl.F_DUPFD_CLOEXEC, 3))
        os.setsid()
        os.chdir(f"{request.folder}/w")
        os.setpriority(os.PRIO_PROCESS, 0, niceness)
        _limit(request, most)
        for number in range(1, signal.NSIG):
            with suppress(OSError, ValueError):
                if number != signal.SIGPIPE:
                    signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        if contained:
            give_up()
        os.execve(request.executable, [request.executable, request.filename, *request.arguments], variables)
    except BaseException as error:  # noqa: BLE001
        os.write(failure, f"{request.executable} could not be started: {error}".encode(errors="replace"))
    finally:
        os._exit(127)


def _only(output: int, failure: int) -> int:
    """Close all descriptors but the standard ones and `failure`; return the latter."""
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.closerange(3, failure)
    os.closerange(failure + 1, _DESCRIPTORS)
    return failure


def _limit(request: Request, most: int) -> None:
    """Set the limits that the kernel holds."""
    limits = request.limits
    for kind, value in (
        (resource.RLIMIT_NOFILE, limits.files),
        (resource.RLIMIT_FSIZE, limits.disk),
        (resource.RLIMIT_CORE, _NO_CORE),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (value, value))
    if most and os.geteuid() and _KERNEL >= _OWN_COUNT:
        resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
