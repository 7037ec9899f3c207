"""Start the script of a run on Linux, within its limits."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import re
import resource
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from spawnable.run.linux.privileges import give_up
from spawnable.run.scene import command, environment

if TYPE_CHECKING:
    from spawnable.run.request import Request

__all__ = ["Launcher"]

_KERNEL = tuple(int(part) for part in re.findall(r"\d+", platform.release())[:2])
#: from this Linux on a user's processes are counted in each user namespace on its own
_OWN_COUNT = (5, 14)
#: a limit of one byte, unlike one of zero, also keeps a core dump from a program that the machine has for them
_NO_CORE = 1
#: descriptors that the watcher may have open
_DESCRIPTORS = 1 << 16
_READ = 1 << 16
#: what follows an order, once all is there that the script needs
_GO = b"+"
#: bytes of the reason why a script could not be started
_REASON = 4096


class Launcher:
    """A process that waits to become the script of a run.

    It is made before it is known which script that will be, so that a run does not wait for
    what all runs have in common: a session of its own, standard streams, no privileges.
    `output` is the script's standard output and error, `folder` its working directory.
    """

    def __init__(self, folder: str, output: int, *, contained: bool) -> None:
        self.contained = contained
        orders, self._orders = os.pipe()
        self._failed, failure = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            _become(orders, output, failure, folder, contained=contained)
        os.close(orders)
        os.close(failure)
        os.set_blocking(self._failed, False)

    def order(self, request: Request) -> bytes:
        """Return what the process is to become: limits, arguments and variables, as a line."""
        limits = request.limits
        kinds = [
            (resource.RLIMIT_NOFILE, limits.files),
            (resource.RLIMIT_FSIZE, limits.disk),
            (resource.RLIMIT_CORE, _NO_CORE),
        ]
        # the processes of its user namespace are counted, where it has one of its own
        if self.contained and os.geteuid() and _KERNEL >= _OWN_COUNT:
            kinds.append((resource.RLIMIT_NPROC, limits.processes))
        return json.dumps([kinds, command(request), environment(request)]).encode() + b"\n"

    def tell(self, request: Request) -> None:
        """Tell the process what it is to become, so that it gets ready while its files are laid out."""
        order = self.order(request)
        with suppress(BrokenPipeError):
            view = memoryview(order)
            while view:
                view = view[os.write(self._orders, view) :]

    def start(self) -> None:
        """Let the process become the script that it was told."""
        with suppress(BrokenPipeError):
            os.write(self._orders, _GO)
        os.close(self._orders)

    def failure(self) -> str:
        """Return why the script could not be started; empty where it could."""
        try:
            return os.read(self._failed, _REASON).decode(errors="replace")
        except BlockingIOError:
            return ""


def _become(orders: int, output: int, failure: int, folder: str, *, contained: bool) -> NoReturn:
    """Wait for the order of `Launcher.tell`, follow it once `Launcher.start` says so; end where it does not."""
    name = ""
    try:
        orders, failure = _only(orders, output, failure)
        os.setsid()
        os.chdir(folder)
        for number in range(1, signal.NSIG):
            with suppress(OSError, ValueError):
                if number != signal.SIGPIPE:
                    signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        if contained:
            give_up()
        order = b""
        while b"\n" not in order:
            piece = os.read(orders, _READ)
            if not piece:
                os._exit(0)
            order += piece
        order, _, go = order.partition(b"\n")
        limits, arguments, variables = json.loads(order)
        name = arguments[0]
        for kind, value in limits:
            with suppress(ValueError, OSError):
                resource.setrlimit(kind, (value, value))
        if not (go or os.read(orders, len(_GO))):
            os._exit(0)
        os.execve(name, arguments, variables)
    except BaseException as error:  # noqa: BLE001
        os.write(failure, f"{name} could not be started: {error}".encode(errors="replace"))
    finally:
        os._exit(127)


def _only(orders: int, output: int, failure: int) -> tuple[int, int]:
    """Close all descriptors but the standard ones and two; return these, which end with this program."""
    null = os.open(os.devnull, os.O_RDONLY)
    kept = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 3) for one in (orders, failure)]
    for source, target in ((null, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    first, second = sorted(kept)
    os.closerange(3, first)
    os.closerange(first + 1, second)
    os.closerange(second + 1, _DESCRIPTORS)
    return kept[0], kept[1]
