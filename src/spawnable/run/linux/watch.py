"""Watch one run from its first process id namespace to its last process.

`watch` is the whole life of one run's keeper: it starts the script, reads what it
prints, looks at its processes up to a hundred times a second and whenever one ends, ends it
at its limits, says what it left and ends that too.
"""

from __future__ import annotations

import os
import platform
import select
import signal
import time
from contextlib import suppress

from spawnable.run.linux import leftovers, memory, procfs
from spawnable.run.linux.capture import Capture
from spawnable.run.linux.launch import Launcher
from spawnable.run.linux.record import Record
from spawnable.run.linux.standstill import Standstill, ask_stacks
from spawnable.run.notes import MOST_PROCESSES
from spawnable.run.request import Request
from spawnable.run.scene import lay_out, prepare, shown_paths
from spawnable.transcript import Leftover, Transcript

__all__ = ["TASKS", "NotStartedError", "Watcher"]


#: seconds between two looks at the processes, where none ends
_LOOK = 0.01
#: the same on a machine on which a look takes long, at most
_LATER = 0.03
#: so many times what a look takes may pass until the next, up to that
_LITTLE = 25
#: the same where one does, at least
_SOON = 0.001
#: between two looks passes at least so many times the time that one takes: looking goes before the run's own work
_SHARE = 5
#: seconds that helpers and orphans have to end after the main process did
_GRACE = 1.5
#: the same for multiprocessing's own helpers where they get no processor for so long
_GRACE_BUSY = 10.0
#: processes that are looked at for the first time in one look
_NEW = 16
#: processes born since the last look at which memory is still counted: one that forks would make the reader wait
_CALM = 2
#: seconds after which it is counted all the same, with what no process has mapped
_RESTLESS = 0.1
#: threads that may live at once, for each process that may
TASKS = 4
#: the files of a rehearsal, and what processes noted in one
_REHEARSED = "rehearsed"
_NOTED = (
    "born 1 python",
    "started 2 0 Process-1",
    "name 1 0 Process-1",
    "made sem.mp-abcdefgh",
    "reaped 2 0",
    "exit 0",
)


class NotStartedError(OSError):
    """A script whose interpreter could not be started; the message says which and why."""


class Watcher:
    """Watches one run; made before it is known of which script, so that the run waits for nothing.

    `contained`: this process is the first of its namespaces.  `unknown` is what can not be
    observed, in words.
    """

    def __init__(self, folder: str, unknown: list[str], *, contained: bool) -> None:
        self.folder = folder
        self.unknown = unknown
        self.contained = contained
        self.capture = Capture()
        lay_out(folder)
        self.launcher = Launcher(f"{folder}/w", self.capture.writer.fileno(), contained=contained)
        self.capture.writer.close()
        _hurry()
        self.record = Record(time.monotonic(), self.launcher.pid)
        self.shared: set[str] = set() if contained else set(os.listdir("/dev/shm"))  # noqa: S108
        self.status: int | None = None
        self.cpu = 0.0
        self.reader_open = True
        self.shared_before = memory.shared()
        self.count = memory.Count()
        #: the clock's reading when memory that no process has mapped was last thought of
        self.counted = time.monotonic()

    def pids(self) -> list[int]:
        """All processes of the run but this one."""
        return [pid for pid in procfs.alive() if pid != 1] if self.contained else procfs.children(os.getpid())

    def rehearse(self) -> None:
        """Do once what every run does, while nobody waits: what is done first takes longest."""
        pid, now = self.launcher.pid, time.monotonic()
        request = Request("", "", "", _REHEARSED, [], {_REHEARSED: "\n"}, [], folder=self.folder)
        self.request = Request.from_line(request.to_line())
        self.limits = self.request.limits
        prepare(self.request)
        self.launcher.order(self.request)
        self.look(now)
        self.capture.drain(now)
        log = f"{self.folder}/{_REHEARSED}"
        with open(log, "w", encoding="utf-8") as file:
            file.writelines(f"{now:.6f} {pid} {words}\n" for words in _NOTED)
        self.record.read_log(log)
        leftovers.left_processes(self.record.processes, set())
        left = leftovers.left_shared(self.shared, {}, own=self.contained) + leftovers.left_files(self.request, {})
        Request.from_line(request.to_line())
        self._transcript("exit", 0.0, left).to_json().encode()
        self.record.settle(now, set())
        self.record = Record(now, pid)
        for path in (log, f"{self.folder}/w/{_REHEARSED}"):
            os.remove(path)

    def main(self, request: Request) -> Transcript:
        """Run the script of a request to its end and tell what it did.

        Raises NotStartedError where the interpreter can not be started.
        """
        self.request, self.limits = request, request.limits
        self.standstill = Standstill(self.record, self.folder)
        self.capture.limit = request.limits.output
        self.launcher.tell(request)
        prepare(request)
        self.record.start = begin = time.monotonic()
        self.launcher.start()
        ended = self.follow(self.launcher.pid, begin)
        wall = time.monotonic() - begin
        if reason := self.launcher.failure():
            raise NotStartedError(reason)
        if ended == "exit":
            ended = self.await_others(begin)
        living = {reading.pid for reading in self.record.look(self.pids(), time.monotonic()) if reading.state != "Z"}
        self.record.read_log(f"{self.folder}/log")
        if ended == "stuck":
            ask_stacks(self.record, self.folder, living)
        left = leftovers.left_processes(self.record.processes, living) if ended == "exit" else []
        self.kill()
        self.drain_rest(begin)
        self.record.settle(time.monotonic(), living)
        if ended == "exit":
            made = self.record.made
            left += leftovers.left_shared(self.shared, made, own=self.contained)
            left += leftovers.left_files(self.request, made)
        elif not self.contained:  # who was killed removes nothing
            leftovers.left_shared(self.shared, self.record.made, own=False)
        self.capture.finish(wall)
        return self._transcript(ended, wall, left)

    def follow(self, main: int, begin: float) -> str:
        """Read and look until the main process ends or a limit is passed; return what ended it."""
        poll, handle = select.poll(), None
        poll.register(self.capture.reader, select.POLLIN)
        with suppress(OSError):
            handle = os.pidfd_open(main)
            poll.register(handle, select.POLLIN)
        ends = self.record.ends.fileno()
        next_look = soonest = begin
        try:
            while True:
                now = time.monotonic()
                if now >= begin + self.limits.time:
                    return "stuck"
                if now >= next_look:
                    over = self.look(now)
                    took = time.monotonic() - now
                    soonest = now + max(_SOON, _SHARE * took)
                    next_look = max(soonest, now + max(_LOOK, min(_LATER, _LITTLE * took)))
                    poll.register(ends, select.POLLIN)
                    if over or self.status is not None:
                        return over or "exit"
                ready = {descriptor for descriptor, _ in poll.poll(max(0.0, next_look - time.monotonic()) * 1000)}
                if self.reader_open and not self.capture.drain(begin, next_look):
                    self.reader_open = False
                    poll.unregister(self.capture.reader)
                if ends in ready:  # of many that end, not each is worth a look
                    poll.unregister(ends)
                    next_look = max(soonest, time.monotonic())
                if handle in ready:
                    self.look(time.monotonic())
                    self.reap()
                    if self.status is not None:
                        return "exit"
        finally:
            if handle is not None:
                os.close(handle)

    def look(self, now: float) -> str:
        """Take one reading of all processes; return the limit that is passed, or nothing."""
        pids = self.pids()
        if len(pids) > self.limits.processes:
            self.signal(signal.SIGSTOP)
            return "processes"
        # of many new ones, not all at once: their number is what counts first
        known = len(self.record.seen)
        readings = self.record.look(pids[: known + _NEW], now)
        self.reap()
        if sum(reading.threads for reading in readings) > self.limits.processes * TASKS:
            self.signal(signal.SIGSTOP)
            return "processes"
        calm = len(self.record.seen) - known <= _CALM
        if (calm or now - self.counted > _RESTLESS) and self.over(readings, now):
            return "memory"
        if self.request.early and self.standstill.seen(now, [item.pid for item in readings if item.state != "Z"]):
            return "stuck"
        return ""

    def over(self, readings: list[procfs.Stat], now: float) -> bool:
        """Tell whether the run passes its limit of memory.

        All that is held is counted where the processes' own memory, which counts what they share more
        than once, passes the limit, or where the machine has much more shared memory than when
        the run started: such memory may be in no process's own.
        """
        suspect = sum(reading.memory for reading in readings) > self.limits.memory
        if now - self.counted > _RESTLESS:
            self.counted = now
            shared = memory.shared()
            # what others gave back meanwhile hides nothing
            self.shared_before = min(self.shared_before, shared)
            suspect = suspect or shared - self.shared_before > self.limits.memory / 2
        if suspect:
            self.count.begin([reading.pid for reading in readings])
        return self.count.held > self.limits.memory

    def reap(self) -> None:
        """Wait for every child that ended: the main process and orphans."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            self.cpu += usage.ru_utime + usage.ru_stime
            if pid == self.record.main:
                self.status = status
            self.record.reaped(pid, status, 0.0, time.monotonic())

    def await_others(self, begin: float) -> str:
        """Give helpers and orphans the time to end; return `exit`, or the limit that they pass."""
        end, log = time.monotonic(), f"{self.folder}/log"
        while (now := time.monotonic()) < end + _GRACE or (
            now < end + _GRACE_BUSY and self.record.helpers_run(log, now)
        ):
            if self.reader_open:
                self.reader_open = self.capture.drain(begin, time.monotonic() + _LOOK)
            begun = time.monotonic()
            over = self.look(begun)
            if over in ("processes", "memory"):
                return over
            if not self.pids():
                break
            pause = (_SHARE - 1) * (time.monotonic() - begun)
            if pause > _SOON:  # of many that end, not each is worth a look
                time.sleep(pause)
            self.record.ends.poll(_LOOK)
        return "exit"

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to every process of the run, at once where it has namespaces of its own."""
        for pid in [-1] if self.contained else self.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self) -> None:
        """End every process of the run."""
        for _ in range(200):
            self.signal(signal.SIGKILL)
            self.reap()
            if not self.pids():
                return
            time.sleep(0.005)

    def drain_rest(self, begin: float) -> None:
        """Read what is still in the socket, now that nobody writes."""
        if self.reader_open:
            self.capture.drain(begin, time.monotonic() + 2)

    def _transcript(self, ended: str, wall: float, left: list[Leftover]) -> Transcript:
        request = self.request
        exit_code = None if self.status is None or ended == "stuck" else os.waitstatus_to_exitcode(self.status)
        return Transcript(
            start_method=request.start_method,
            python=request.version,
            platform=f"{platform.system()}-{platform.machine()}",
            watched="namespace" if self.contained else "subreaper",
            ended=ended,
            exit_code=exit_code,
            wall=round(wall, 4),
            cpu=round(self.cpu, 4),
            chunks=self.capture.chunks,
            processes=self.record.processes,
            events=self.record.events,
            leftovers=left,
            dropped=self.capture.dropped,
            paths=shown_paths(request),
            unknown=self.unknown
            + [f"processes after the first {MOST_PROCESSES}"] * (len(self.record.seen) >= MOST_PROCESSES),
        )


def _hurry() -> None:
    """Go before all processes of the run, where the system allows it.

    So what a run does is seen before the run does more of it.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    except OSError:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, -20)
