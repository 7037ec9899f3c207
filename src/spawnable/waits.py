"""Who waits for what, in words, from the stacks of a run that was stuck."""

from __future__ import annotations

import re
from dataclasses import dataclass

from spawnable.transcript import Event, Process, Transcript

__all__ = ["Frame", "Thread", "frames", "threads", "wait_of", "waits"]

_FRAME = re.compile(r'^  File "(?P<file>[^"]*)", line (?P<line>\d+) in (?P<function>.+)$')
#: the begin of a thread; from Python 3.14 on with its name
_THREAD = re.compile(r"^(?:Current thread|Thread) 0x[0-9a-fA-F]+(?: \[(?P<name>.*)\])? \(")
#: where a thread waits: (end of the file's name, function, the words that say it).  A thread is told by its innermost
#: frames, as far out as they are the standard library's; the first rule that fits one of them counts, so that what
#: waits at exit is told from what waits on the way.  An empty function is any.
_RULES = (
    (
        "multiprocessing/queues.py",
        "_finalize_join",
        "waits at exit until the feeder thread of its queue has written what was put",
    ),
    ("multiprocessing/queues.py", "join_thread", "waits in `join_thread()` until what was put is written"),
    (
        "multiprocessing/queues.py",
        "join",
        "waits in `JoinableQueue.join()` until `task_done()` was called for every item",
    ),
    ("multiprocessing/pool.py", "worker", "waits as a worker of a pool for a task"),
    ("concurrent/futures/process.py", "_process_worker", "waits as a worker of an executor for a task"),
    ("multiprocessing/pool.py", "_terminate_pool", "waits until the workers of its pool are ended"),
    ("multiprocessing/pool.py", "join", "waits in `Pool.join()` for the workers to end"),
    ("multiprocessing/pool.py", "get", "waits for a result of a pool"),
    ("multiprocessing/pool.py", "wait", "waits for a result of a pool"),
    ("multiprocessing/pool.py", "next", "waits for the next result of a pool"),
    ("multiprocessing/managers.py", "serve_forever", "waits for requests, as the server of a manager"),
    ("multiprocessing/managers.py", "_callmethod", "waits for the answer of a manager"),
    ("multiprocessing/managers.py", "", "waits for the server of a manager"),
    ("multiprocessing/forkserver.py", "main", "waits for requests"),
    ("multiprocessing/forkserver.py", "", "waits for the fork server"),
    ("multiprocessing/resource_tracker.py", "main", "waits for requests"),
    ("concurrent/futures/process.py", "_python_exit", "waits at exit for the processes of an executor"),
    ("concurrent/futures/process.py", "shutdown", "waits for the processes of an executor to end"),
    ("concurrent/futures/thread.py", "_python_exit", "waits at exit for {thread}"),
    ("concurrent/futures/thread.py", "shutdown", "waits in `shutdown()` for {thread}"),
    ("concurrent/futures/thread.py", "_worker", "waits as a worker of an executor for a task"),
    ("concurrent/futures/_base.py", "", "waits for the result of a future"),
    ("asyncio/base_events.py", "_run_once", "waits in its event loop, where no task can go on"),
    ("multiprocessing/queues.py", "get", "waits in `get()` for an item"),
    ("multiprocessing/queues.py", "put", "waits in `put()` for room in the queue"),
    ("multiprocessing/queues.py", "_feed", "waits as the feeder thread of a queue"),
    ("/queue.py", "get", "waits in `get()` for an item of a thread"),
    ("/queue.py", "put", "waits in `put()` for room in a queue of threads"),
    ("/queue.py", "join", "waits in `join()` until `task_done()` was called for every item"),
    ("multiprocessing/util.py", "_exit_function", "waits at exit for {children} to end"),
    ("multiprocessing/process.py", "join", "waits in `join()` for {target}"),
    ("multiprocessing/connection.py", "accept", "waits in `accept()` for a client"),
    ("multiprocessing/connection.py", "Client", "waits for the answer of a listener"),
    ("multiprocessing/connection.py", "recv", "waits in `recv()` for the other end of a pipe to send"),
    ("multiprocessing/connection.py", "recv_bytes", "waits in `recv_bytes()` for the other end of a pipe to send"),
    ("multiprocessing/connection.py", "send", "waits in `send()` for the other end of a pipe to read"),
    ("multiprocessing/connection.py", "send_bytes", "waits in `send_bytes()` for the other end of a pipe to read"),
    ("multiprocessing/connection.py", "poll", "waits in `poll()` for the other end of a pipe to send"),
    ("multiprocessing/connection.py", "wait", "waits in `wait()` until one of several is ready"),
    ("subprocess.py", "communicate", "waits in `communicate()` for {target}"),
    ("subprocess.py", "wait", "waits in `wait()` for {target}"),
    ("threading.py", "_shutdown", "waits at exit for {thread}"),
    ("threading.py", "join", "waits in `join()` for {thread}"),
    ("threading.py", "_wait", "waits at a barrier"),
    ("threading.py", "_enter", "waits at a barrier"),
    ("threading.py", "acquire", "waits for a semaphore"),
    ("multiprocessing/synchronize.py", "wait", "waits in `wait()` for a condition or an event"),
    ("multiprocessing/synchronize.py", "__enter__", "waits for a lock or a semaphore"),
    ("threading.py", "wait", "waits in `wait()` for a condition or an event"),
    ("threading.py", "__enter__", "waits for a lock"),
)
#: what a thread does in a system call, where no rule says it better
_CALLS = {
    "running": "runs",
    "": "is",
    **dict.fromkeys(("read", "recvfrom", "recvmsg", "msgrcv"), "waits for something to read"),
    **dict.fromkeys(("write", "sendto", "sendmsg"), "waits until what it writes is read"),
    **dict.fromkeys(("open", "openat"), "waits to open a file"),
    **dict.fromkeys(("poll", "ppoll", "select", "pselect6"), "waits until a file is ready"),
    **dict.fromkeys(("epoll_wait", "epoll_pwait", "epoll_pwait2"), "waits until a file is ready"),
    **dict.fromkeys(("pause", "rt_sigsuspend", "rt_sigtimedwait"), "waits for a signal"),
    "connect": "waits for a server",
    **dict.fromkeys(("accept", "accept4"), "waits for a client"),
    **dict.fromkeys(("wait4", "waitid"), "waits for {target} to end"),
    **dict.fromkeys(("futex", "semop"), "waits for a lock or a semaphore"),
    **dict.fromkeys(("fcntl", "flock"), "waits for the lock of a file"),
    **dict.fromkeys(("nanosleep", "clock_nanosleep"), "sleeps"),
}
#: parts of the standard library in which a thread waits for another's sake
_LIBRARY = re.compile(
    r"/(?:multiprocessing/\w+|concurrent/futures/\w+|asyncio/\w+"
    r"|threading|queue|subprocess|selectors|socket|socketserver|_weakrefset|weakref|contextlib|runpy)\.py$"
)
#: outermost frames of the standard library that call what a script gave them: below, the script's own code runs
_CALLERS = (
    "_bootstrap",
    "_bootstrap_inner",
    "run",
    "worker",
    "_process_worker",
    "_serve_one",
    "__call__",
    "_worker",
    "_context_run",
)


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of a stack."""

    file: str
    line: int
    function: str

    @property
    def path(self) -> str:
        """Its file, with a slash before each part."""
        return "/" + self.file.replace("\\", "/")

    @property
    def of_library(self) -> bool:
        """Whether it is the standard library's, which waits for another's sake."""
        return bool(_LIBRARY.search(self.path)) and "site-packages" not in self.path


@dataclass(frozen=True, slots=True)
class Thread:
    """One thread of a process: its frames, innermost first."""

    #: empty before Python 3.14
    name: str
    frames: tuple[Frame, ...]


def threads(stack: str) -> list[Thread]:
    r"""Return the threads of a stack as faulthandler prints it; the main thread last.

    >>> threads('Thread 0x01 [feeder] (most recent call first):\n  File "a.py", line 3 in f')
    [Thread(name='feeder', frames=(Frame(file='a.py', line=3, function='f'),))]
    """
    found: list[tuple[str, list[Frame]]] = []
    for line in stack.splitlines():
        if start := _THREAD.match(line):
            found.append((start["name"] or "", []))
        elif found and (match := _FRAME.match(line)):
            found[-1][1].append(Frame(match["file"], int(match["line"]), match["function"]))
    return [Thread(name, tuple(lines)) for name, lines in found]


def frames(stack: str) -> list[list[Frame]]:
    r"""Return the frames of each thread of a stack that has any, innermost first; the main thread last.

    >>> frames('Current thread 0x01 (most recent call first):\n  File "a.py", line 3 in f')
    [[Frame(file='a.py', line=3, function='f')]]
    """
    return [list(thread.frames) for thread in threads(stack) if thread.frames]


def waits(transcript: Transcript) -> list[str]:
    """Say of each process that was alive when the run was ended what it waited for.

    Empty for a run that ended by itself.
    """
    living = [process for process in transcript.processes if process.death is None]
    return [wait_of(process, transcript) for process in living if transcript.ended == "stuck"]


def wait_of(process: Process, transcript: Transcript) -> str:
    """Say what one process of a stuck run waited for, its name first."""
    return f"{process.name} {_Reader(process, transcript).words()}"


class _Reader:
    """Reads what one process of a stuck run waited for."""

    def __init__(self, process: Process, transcript: Transcript) -> None:
        self.process, self.transcript = process, transcript
        self.threads = threads(process.stack)
        self.event = next(
            (event for event in transcript.events if event.what == "waits" and event.pid == process.pid),
            Event(0.0, process.pid, "waits"),
        )

    def words(self) -> str:
        if self.process.states and self.process.states[-1][1] == "T":
            return "is stopped by a signal"
        main = self._own(self.threads[-1].frames) if self.threads else ()
        if main and (words := _rule(main)):
            return self._filled(words)
        if not main:
            call = _CALLS.get(self.event.detail, "")
            return self._filled(call) if self.event.detail and call else "did not tell where it is"
        return f"{self._filled(_CALLS.get(self.event.detail, 'is'))} {_place(main)}"

    def _own(self, thread: tuple[Frame, ...]) -> tuple[Frame, ...]:
        """Leave out the frames of the parent, which a forked child still shows outside of its own."""
        if self.process.kind == "child":
            for index, frame in enumerate(thread):
                if frame.function == "_bootstrap" and frame.path.endswith("multiprocessing/process.py"):
                    return thread[: index + 1]
        return thread

    def _filled(self, words: str) -> str:
        """Name in a sentence whom the process waits for."""
        if "{children}" in words:
            words = words.replace("{children}", self._children())
        if "{target}" in words:
            words = words.replace("{target}", self._target())
        return words.replace("{thread}", self._thread()) if "{thread}" in words else words

    def _children(self, between: str = ", ") -> str:
        """Name the children of the process that are alive."""
        names = [
            other.name
            for other in self.transcript.processes
            if other.death is None
            and other.kind in ("child", "other")
            and _starter(other, self.transcript) == self.process.pid
        ]
        return between.join(names) or "a child process"

    def _target(self) -> str:
        """Name the process that the process waits for."""
        target = self.transcript.process(self.event.target)
        return target.name if target else self._children(" or ")

    def _thread(self) -> str:
        """Name the threads that the process waits for, and what they wait for themselves."""
        held = [e.detail for e in self.transcript.events if e.what == "holds" and e.pid == self.process.pid]
        said = [
            f"{name}, which {_rule(thread.frames) or f'is {_place(thread.frames)}'}"
            for thread in self.threads[:-1]
            if (name := _thread_name(thread, held))
        ]
        return " and for ".join(said) or "a thread"


def _rule(thread: tuple[Frame, ...]) -> str:
    """Return the words of the first rule that fits the thread; empty where none does."""
    inner: list[Frame] = []
    for frame in thread:
        if not frame.of_library:
            break
        inner.append(frame)
    if len(inner) < len(thread):  # what called the script's code says nothing
        while inner and inner[-1].function in _CALLERS:
            inner.pop()
    for file, function, words in _RULES:
        if any(
            f"/{frame.file}".replace("\\", "/").endswith(file) and function in ("", frame.function) for frame in inner
        ):
            return words
    return ""


def _place(thread: tuple[Frame, ...]) -> str:
    """Say where the script's own code is in a thread, or where the thread is if there is none of it."""
    frame = next((frame for frame in thread if not frame.of_library), thread[0])
    return f"at line {frame.line} of {frame.file}, in `{frame.function}`"


def _thread_name(thread: Thread, held: list[str]) -> str:
    """Name a thread that runs a function of the script, or that was noted to hold its process; empty for any other."""
    started = [frame for frame in thread.frames if not (frame.path.endswith("/threading.py") and _starts(frame))]
    if not started:
        return ""
    for detail in held:
        name, _, function = detail.rpartition(" in ")
        if function.rpartition(".")[2] == started[-1].function:
            return f"its thread {name}"
    if all(frame.of_library for frame in started):
        return ""
    return f"its thread {thread.name or f'in `{started[-1].function}`'}"


def _starts(frame: Frame) -> bool:
    return frame.function in _CALLERS


def _starter(process: Process, transcript: Transcript) -> int | None:
    """Return the process that had another one started, through the fork server or not."""
    parent = transcript.process(process.parent)
    return parent.parent if parent is not None and parent.kind == "forkserver" else process.parent
