"""Well-known failures of multiprocessing, known by what a run wrote, waited for and left: why, and the page that tells.

A rule holds patterns over the text that one process wrote, the words of `spawnable.waits`,
the outcomes of `spawnable.verdict` and the kinds of what was left; all that it holds must fit.
Of rules with the same `about`, the first that fits counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from spawnable.normalise import HELPERS, normalise
from spawnable.transcript import Leftover, Process, Transcript
from spawnable.verdict import outcomes
from spawnable.waits import waits

__all__ = ["Explanation", "explain", "pages"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One sentence that says why, and where more is said."""

    #: the failure's name, unique in the table
    key: str
    sentence: str
    #: a page of the guide, with the anchor of a heading on it; empty where none tells of it
    page: str
    #: the id of what `spawnable.messages` has for a failure that prints nothing; empty for others
    wordless: str = ""


@dataclass(frozen=True, slots=True)
class _Rule:
    key: str
    sentence: str
    page: str = ""
    #: what it is about: rules of one subject exclude each other
    about: str = ""
    #: in the text that one process wrote
    message: str = ""
    #: in what the processes of a stuck run waited for, a line each
    waiting: str = ""
    #: in the outcomes, a line each
    outcome: str = ""
    #: the kind of something that was left
    left: str = ""
    #: see `Explanation`
    wordless: str = ""


_RULES = (
    _Rule(
        "no-main-guard",
        "a child imports the script again, and what stands outside of `if __name__ == '__main__':` starts children in "
        "it as well",
        "article/pipe-program",
        about="start",
        message=r"An attempt has been made to start a new process before the",
    ),
    _Rule(
        "start-method-set-twice",
        "the start method can be set once in a program, and asking for it before sets it too: take "
        "`get_context(NAME)` for a part of the program",
        about="start",
        message=r"RuntimeError: context has already been set",
    ),
    _Rule(
        "daemon-with-children",
        "a daemonic process is terminated when its parent ends normally, and could not end children of its own then, "
        "so it may start none",
        "article/stop-a-process#let-it-end-with-you",
        message=r"daemonic processes are not allowed to have children",
    ),
    _Rule(
        "item-vanishes",
        "`put()` leaves pickling to a thread: an item that can not be pickled is dropped there, and `put()` has "
        "returned long before",
        "article/queue-basics#the-trap-an-item-that-vanishes",
        about="pickle",
        message=r"queues\.py\", line \d+, in _feed\b[\s\S]*(?i:can(?:'t|not) (?:pickle|get local))",
    ),
    _Rule(
        "lock-through-a-queue",
        "a lock is handed over at the start of a process alone, as its argument or a pool's `initargs`, and not in "
        "a task or a message",
        "article/synchronisation#mended-give-it-to-the-worker-not-to-the-task",
        about="pickle",
        message=r"objects should only be shared between processes through inheritance",
    ),
    _Rule(
        "lock-of-another-context",
        "locks and queues belong to the context that made them: make them by the one that starts the process",
        "article/synchronisation",
        about="pickle",
        message=r"A SemLock created in a \w+ context is being shared with a process in a \w+ context",
    ),
    _Rule(
        "lambda",
        "a child that is not forked imports what it runs by name, and a lambda has none",
        "article/process-targets#a-lambda-has-no-name-to-import",
        about="pickle",
        message=r"Can't pickle <function (?:\S+\.)?<lambda>",
    ),
    _Rule(
        "local-function",
        "a child that is not forked imports what it runs by name, and a function within a function can not be imported",
        "article/process-targets",
        about="pickle",
        message=r"Can't (?:pickle|get) local object",
    ),
    _Rule(
        "not-importable",
        "a child that is not forked imports the script again, and did not find that name: it is defined below the "
        "guard, or where no file is",
        "article/process-targets#a-function-below-the-guard",
        about="pickle",
        message=r"AttributeError: (?:Can't get attribute '|module '__mp_main__' has no attribute )",
    ),
    _Rule(
        "not-picklable",
        "what is handed to a process that is not forked, to a pool or to a queue is pickled, and this can not be: "
        "make it in the child",
        "article/process-targets",
        about="pickle",
        message=r"(?:TypeError|PicklingError): (?:cannot|Can't) pickle ",
    ),
    _Rule(
        "lock-collected",
        "the parent let go of the lock, or came to its end, before the child had opened it by its name: keep the lock "
        "and join the child",
        "article/semaphores#a-name-in-dev-shm",
        message=r"SemLock\._rebuild\(\*state\)\n(?:[ ~^]+\n)?FileNotFoundError",
    ),
    _Rule(
        "broken-pool",
        "a worker ended before it handed in its result; its exit code in the table of processes says how",
        "article/exit-codes",
        message=r"BrokenProcessPool: A ",
    ),
    _Rule(
        "end-of-pipe",
        "every copy of the pipe's other end is closed, so nothing can come any more: for `recv()` that is EOFError",
        "article/pipe-ends#the-end-of-a-pipe",
        about="pipe",
        message=r"connection\.py\", line \d+, in _recv\b[\s\S]*?^EOFError",
    ),
    _Rule(
        "pipe-gone",
        "every copy of the pipe's reading end is closed: the partner closed it or has ended",
        "article/pipe-gone",
        about="pipe",
        message=r"connection\.py\", line \d+, in _send\b[\s\S]*?^BrokenPipeError",
    ),
    _Rule(
        "leaked-memory",
        "shared memory outlives its processes until one calls `unlink()`: nobody did, and the resource tracker "
        "removed it at the end",
        "article/sharing",
        about="leak",
        message=r"resource_tracker: There appear to be \d+ leaked shared_memory",
    ),
    _Rule(
        "leaked-semaphore",
        "a process ended without removing the semaphores that it had made, and the resource tracker did it at the end",
        "article/semaphores#the-leak-and-who-mends-it",
        about="leak",
        message=r"resource_tracker: There appear to be \d+ leaked (?:semaphore|objects)|resource_tracker: .*leaked",
    ),
    _Rule(
        "fork-with-threads",
        "fork copies one thread and the locks that all of them hold: in the child nobody gives those back",
        message=r"is multi-threaded, use of fork(?:pty)?\(\) may lead to deadlocks",
    ),
    _Rule(
        "join-before-get",
        "a process ends when all that it put is in the pipe, and the pipe is full: get the items first, then join",
        "article/join-deadlock#mended-get-then-join",
        about="stuck",
        waiting=r"waits in `join\(\)`[\s\S]*waits at exit until the feeder thread|"
        r"waits at exit until the feeder thread[\s\S]*waits in `join\(\)`",
        wordless="q-deadlock-join",
    ),
    _Rule(
        "task-raised",
        "the error was raised by a task, in a worker: the traceback between the quotes is the worker's, and what "
        "stands below it is where the parent asked for the result",
        "failures/pool-results",
        message=r"RemoteTraceback:[\s\S]*?, in (?:worker|_process_worker)\n",
    ),
    _Rule(
        "map-divides-by-zero",
        "`map()` divides by the number of workers to choose a chunk size, and the pool had none while it replaced the "
        "one that had ended: give a `chunksize`",
        "failures/pool-replacements",
        message=r"pool\.py\", line \d+, in _map_async\n(?: {4}.*\n)*ZeroDivisionError",
    ),
    _Rule(
        "pool-initializer",
        "the initializer raises in every worker, and for each that ends so the pool starts another: no task is begun",
        "guide/failing-initializer",
        about="stuck",
        message=r"pool\.py\", line \d+, in worker\n +initializer\(\*initargs\)",
        waiting=r"waits for (?:a|the next) result of a pool",
        wordless="pool-initializer-raises",
    ),
    _Rule(
        "pool-task-lost",
        "a worker ended before it handed in the result of its task, and a pool waits for that for ever: "
        "`ProcessPoolExecutor` raises BrokenProcessPool",
        "guide/pool-worker-dies",
        about="stuck",
        waiting=r"waits for (?:a|the next) result of a pool",
        outcome=r"^child exit -?\d+",
        wordless="pool-worker-killed",
    ),
    _Rule(
        "task-done-missing",
        "`join()` of a queue waits for as many `task_done()` as items were put, and one is missing",
        "article/queue-join-hangs",
        about="stuck",
        waiting=r"waits in `JoinableQueue\.join\(\)`",
    ),
    _Rule(
        "nothing-to-get",
        "a consumer waits for an item while others wait for its end: put a sentinel for each consumer",
        "article/queue-get#the-trap-one-sentinel-for-two-consumers",
        about="stuck",
        waiting=r"waits (?:in `join\(\)`|at exit) for[\s\S]*waits in `get\(\)` for an item",
    ),
    _Rule(
        "lock-not-freed",
        "a lock is not freed by the end of the process that holds it: take it by `with`",
        "article/lock-dies",
        about="stuck",
        waiting=r"waits for a lock or a semaphore",
    ),
    _Rule(
        "orphan",
        "nobody waited for a process, and it went on after the script: terminate and join what is started",
        "article/reaping",
        left="process",
        outcome="leaves process",
    ),
)
_PATTERNS = {
    pattern: re.compile(pattern, re.MULTILINE)
    for rule in _RULES
    for pattern in (rule.message, rule.waiting, rule.outcome)
    if pattern
}
#: signals that end a process and say why
_SIGNALS = {
    4: "SIGILL: compiled code is broken, or made for another processor",
    6: "SIGABRT: it, or a library, gave up",
    7: "SIGBUS: it used memory that is not there, as of a file or a segment that has become shorter",
    9: "SIGKILL: by `kill()`, or by the system when memory had run out",
    11: "SIGSEGV: compiled code used memory that it had not",
}
_SIGNAL_PAGE = "article/exit-codes"
#: ids of what `spawnable.messages` has for them
_SIGNAL_WORDLESS = {7: "shm-sigbus", 11: "proc-segv"}
#: seconds from which on a zombie is told of, and the page that does
_LONG = 1.0
_ZOMBIE_PAGE = "article/zombies"


def explain(transcript: Transcript) -> list[Explanation]:
    """Return what is known of the failures that a run shows; empty where none is known."""
    shared = normalise(transcript)
    texts: dict[int | None, str] = {}
    for chunk in shared.chunks:
        texts[chunk.pid] = texts.get(chunk.pid, "") + chunk.text
    waiting = "\n".join(waits(shared))
    found = "\n".join(map(str, outcomes(transcript)))
    told: list[Explanation] = []
    subjects: set[str] = set()
    for rule in _RULES:
        if rule.about in subjects or not _fits(rule, list(texts.values()), waiting, found, shared):
            continue
        subjects |= {rule.about} - {""}
        told.append(Explanation(rule.key, rule.sentence, rule.page, rule.wordless))
    return [*told, *_by_signal(shared.processes), *_zombies(shared.processes)]


def pages() -> list[str]:
    """Return each page, with its anchor, that an explanation may name."""
    return sorted({rule.page for rule in _RULES if rule.page} | {_SIGNAL_PAGE, _ZOMBIE_PAGE})


def _fits(rule: _Rule, texts: list[str], waiting: str, found: str, transcript: Transcript) -> bool:
    checks = ((rule.message, texts), (rule.waiting, [waiting]), (rule.outcome, [found]))
    if not all(any(_PATTERNS[pattern].search(text) for text in among) for pattern, among in checks if pattern):
        return False
    return not rule.left or any(
        left.kind == rule.left and not _helps(left, transcript) for left in transcript.leftovers
    )


def _helps(left: Leftover, transcript: Transcript) -> bool:
    """Tell whether what was left is a process that multiprocessing started for itself."""
    process = transcript.process(left.pid)
    return process is not None and process.kind in HELPERS


def _by_signal(processes: list[Process]) -> Iterator[Explanation]:
    """Tell of processes that a signal ended, once for each signal."""
    names: dict[int, list[str]] = {}
    for process in processes:
        if process.exit_code is not None and -process.exit_code in _SIGNALS:
            names.setdefault(-process.exit_code, []).append(process.name)
    for number, ended in names.items():
        who = ", ".join(dict.fromkeys(ended))
        sentence = f"{who} ended by {_SIGNALS[number]}"
        yield Explanation(f"signal-{number}", sentence, _SIGNAL_PAGE, _SIGNAL_WORDLESS.get(number, ""))


def _zombies(processes: list[Process]) -> Iterator[Explanation]:
    """Tell of children that had ended long before anybody asked."""
    for process in processes:
        if process.kind == "child" and process.zombie >= _LONG:
            sentence = f"{process.name} was a zombie for {process.zombie:.1f} s: it had ended, and nobody waited for it"
            yield Explanation("zombie", sentence, _ZOMBIE_PAGE)
            return
