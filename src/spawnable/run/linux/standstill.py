"""What a run that gets no further waits for: whether all of it waits without end, and where each process is."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress

from spawnable.run.linux import procfs
from spawnable.run.linux.record import Record
from spawnable.run.regular import read_regular
from spawnable.run.scene import STACK_SIGNAL
from spawnable.run.stacks import await_stacks
from spawnable.transcript import Event

__all__ = ["Standstill", "ask_stacks"]

#: seconds for which a whole tree must be seen to wait without end, to be called stuck early
_IDLE = 0.5
#: bytes that are kept of one process's stacks
_STACK = 20_000


class Standstill:
    """Tells whether nothing in a run goes on any more."""

    def __init__(self, record: Record, folder: str) -> None:
        self._record = record
        self._log = f"{folder}/log"
        self._since: float | None = None

    def seen(self, now: float, pids: list[int]) -> bool:
        """Tell whether every process has been seen to wait without a time limit, and for long enough."""
        if not pids or not self._wait_forever(now, pids):
            self._since = None
        elif self._since is None:
            self._since = now
        return self._since is not None and now - self._since >= _IDLE

    def _wait_forever(self, now: float, pids: list[int]) -> bool:
        """Tell whether every process is seen to wait without end; a manager's server does, though it looks about."""
        others = [pid for pid in pids if not procfs.waits_forever(pid)]
        if not others:
            return True
        servers = self._record.servers(self._log, now)
        return all(pid in servers and procfs.waits_forever(pid, polls=True) for pid in others)


def ask_stacks(record: Record, folder: str, living: Iterable[int]) -> None:
    """Have each Python process print where it is, and keep in the record what it printed."""
    now = round(time.monotonic() - record.start, 4)
    asked = {}
    for pid in living:
        call, target = procfs.waited_for(pid)
        record.events.append(Event(now, pid, "waits", target, call))
        path = f"{folder}/stack-{pid}"
        reading = procfs.stat(pid)
        if (
            reading is not None
            and reading.state in "RSD"
            and os.path.lexists(path)
            and procfs.catches(pid, STACK_SIGNAL)
        ):
            asked[pid] = path
            with suppress(OSError):
                os.kill(pid, STACK_SIGNAL)
    if asked:
        await_stacks(
            lambda: [os.lstat(path).st_size for path in asked.values() if os.path.lexists(path)],
            lambda: any(map(_runs, asked)),
        )
    for pid, path in asked.items():
        record.seen[pid].process.stack = read_regular(path, _STACK).decode(errors="replace")


def _runs(pid: int) -> bool:
    """Tell whether a process wants a processor, or has one."""
    reading = procfs.stat(pid)
    return reading is not None and reading.state == "R"
