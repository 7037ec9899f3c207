"""Start the script of a run on Linux, within its limits."""

from __future__ import annotations

import os
import platform
import re
import resource
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from spawnable.run.scene import command, environment

if TYPE_CHECKING:
    from spawnable.run.request import Request

__all__ = ["start"]

_KERNEL = tuple(int(part) for part in re.findall(r"\d+", platform.release())[:2])
#: from this Linux on a user's processes are counted in each user namespace on its own
_OWN_COUNT = (5, 14)


def start(request: Request, output: int, most: int) -> int:
    """Start the script in a new session, with `output` as its standard output and error; return its id.

    `most` is the number of processes that its user namespace may hold, 0 where it has none of its own.
    """
    variables = environment(request)
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        os.chdir(f"{request.folder}/w")
        null = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((null, 0), (output, 1), (output, 2)):
            os.dup2(source, target)
        limits = request.limits
        for kind, value in (
            (resource.RLIMIT_NOFILE, limits.files),
            (resource.RLIMIT_FSIZE, limits.disk),
            (resource.RLIMIT_CORE, 0),
        ):
            with suppress(ValueError, OSError):
                resource.setrlimit(kind, (value, value))
        if most and os.geteuid() and _KERNEL >= _OWN_COUNT:
            resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
        for number in range(1, signal.NSIG):
            with suppress(OSError, ValueError):
                if number != signal.SIGPIPE:
                    signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.closerange(3, 256)
        os.execve(request.executable, command(request), variables)
    except BaseException as error:  # noqa: BLE001
        os.write(2, f"spawnable: the script could not be started: {error}\n".encode())
    finally:
        os._exit(127)
