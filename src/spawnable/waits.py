"""Who waits for what, in words, from the stacks of a run that was stuck."""

from __future__ import annotations

import re
from dataclasses import dataclass

from spawnable.transcript import Process, Transcript

__all__ = ["Frame", "frames", "wait_of", "waits"]

_FRAME = re.compile(r'^  File "(?P<file>[^"]*)", line (?P<line>\d+) in (?P<function>.+)$')
#: (end of the file's name, function), as they follow each other from the outside in; the words that say it.
#: The first that fits counts: what waits at exit is told from what waits on the way.
_RULES = (
    (
        "multiprocessing/queues.py",
        "_finalize_join",
        "waits at exit until the feeder thread of its queue has written what was put",
    ),
    (
        "multiprocessing/queues.py",
        "join",
        "waits in `JoinableQueue.join()` until `task_done()` was called for every item",
    ),
    ("multiprocessing/queues.py", "get", "waits in `get()` for an item"),
    ("multiprocessing/queues.py", "put", "waits in `put()` for room in the queue"),
    ("multiprocessing/pool.py", "worker", "waits as a worker of a pool for a task"),
    ("multiprocessing/pool.py", "get", "waits for a result of a pool"),
    ("multiprocessing/pool.py", "next", "waits for the next result of a pool"),
    ("multiprocessing/pool.py", "join", "waits in `Pool.join()` for the workers to end"),
    ("multiprocessing/managers.py", "_callmethod", "waits for the answer of a manager"),
    ("multiprocessing/managers.py", "serve_forever", "waits for requests, as the server of a manager"),
    ("multiprocessing/forkserver.py", "main", "waits for requests"),
    ("multiprocessing/resource_tracker.py", "main", "waits for requests"),
    ("concurrent/futures/process.py", "_process_worker", "waits as a worker of an executor for a task"),
    ("concurrent/futures/_base.py", "result", "waits for the result of a future"),
    ("multiprocessing/util.py", "_exit_function", "waits at exit for {children} to end"),
    ("multiprocessing/process.py", "join", "waits in `join()` for {target}"),
    ("multiprocessing/connection.py", "accept", "waits in `accept()` for a client"),
    ("multiprocessing/connection.py", "recv", "waits in `recv()` for the other end of a pipe to send"),
    ("multiprocessing/connection.py", "recv_bytes", "waits in `recv_bytes()` for the other end of a pipe to send"),
    ("multiprocessing/connection.py", "send", "waits in `send()` for the other end of a pipe to read"),
    ("multiprocessing/connection.py", "wait", "waits in `wait()` until one of several is ready"),
    ("threading.py", "wait", "waits for a condition, an event or a barrier"),
    ("multiprocessing/synchronize.py", "wait", "waits in `wait()` for a condition or an event"),
    ("multiprocessing/synchronize.py", "__enter__", "waits for a lock or a semaphore"),
    ("threading.py", "_shutdown", "waits at exit for a thread that is no daemon"),
    ("threading.py", "join", "waits in `join()` for a thread"),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of a stack."""

    file: str
    line: int
    function: str


def frames(stack: str) -> list[list[Frame]]:
    r"""Return the frames of each thread of a stack as faulthandler prints it, innermost first; the main thread last.

    >>> frames('Current thread 0x01 (most recent call first):\n  File "a.py", line 3 in f')
    [[Frame(file='a.py', line=3, function='f')]]
    """
    threads: list[list[Frame]] = []
    for line in stack.splitlines():
        if "hread 0x" in line:
            threads.append([])
        elif threads and (match := _FRAME.match(line)):
            threads[-1].append(Frame(match["file"], int(match["line"]), match["function"]))
    return [thread for thread in threads if thread]


def waits(transcript: Transcript) -> list[str]:
    """Say of each process that was alive when the run was ended what it waited for.

    Empty for a run that ended by itself.
    """
    living = [process for process in transcript.processes if process.death is None]
    return [wait_of(process, transcript) for process in living if transcript.ended == "stuck"]


def wait_of(process: Process, transcript: Transcript) -> str:
    """Say what one process of a stuck run waited for, its name first."""
    threads = frames(process.stack)
    if not threads:
        state = process.states[-1][1] if process.states else "?"
        reason = "is stopped by a signal" if state == "T" else "did not tell where it is"
        return f"{process.name} {reason}"
    main = threads[-1]
    words = _words(main, process)
    if words:
        children, target = _children(process, transcript), _target(process, transcript)
        return f"{process.name} {words.format(children=children, target=target)}"
    inner = main[0]
    return f"{process.name} is at line {inner.line} of {inner.file}, in `{inner.function}`"


def _words(thread: list[Frame], process: Process) -> str:
    """Return the words of the first rule that fits a frame of a thread; empty where none does.

    A forked child still shows the frames of its parent, outside of its own: they do not count.
    """
    inner = thread
    for index, frame in enumerate(thread):
        if frame.function == "_bootstrap" and process.kind == "child":
            inner = thread[:index]
            break
    for file, function, words in _RULES:
        if any(frame.file.replace("\\", "/").endswith(file) and frame.function == function for frame in inner):
            return words
    return ""


def _children(process: Process, transcript: Transcript) -> str:
    """Name the children of a process that are alive."""
    names = [
        other.name
        for other in transcript.processes
        if other.death is None and other.kind == "child" and _starter(other, transcript) == process.pid
    ]
    return ", ".join(names) or "a child process"


def _starter(process: Process, transcript: Transcript) -> int | None:
    """Return the process that had another one started, through the fork server or not."""
    parent = transcript.process(process.parent)
    return parent.parent if parent is not None and parent.kind == "forkserver" else process.parent


def _target(process: Process, transcript: Transcript) -> str:
    """Name the process that another one waits for."""
    for event in transcript.events:
        if event.what == "waits" and event.pid == process.pid and (target := transcript.process(event.target)):
            return target.name
    return _children(process, transcript)
