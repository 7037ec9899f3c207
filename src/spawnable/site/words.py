"""What a run did, in a reader's words.

Each text is a whole phrase that goes through Sphinx's catalogs, so that another
language can say it its own way.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Mapping, Sequence

from spawnable.ends import held, killer
from spawnable.expectation import Outcome
from spawnable.normalise import HELPERS
from spawnable.site.language import _
from spawnable.transcript import Process, Transcript
from spawnable.warned import warned

__all__ = [
    "agreement",
    "child_exits",
    "exit_code",
    "minor",
    "notices",
    "order",
    "outcome",
    "own_processes",
    "places",
    "platform",
    "processes",
    "seconds",
    "size",
    "span",
    "tab",
    "verdict",
    "versions",
]


def outcome(transcript: Transcript, found: Outcome) -> str:
    """Say one thing that is true of a run.

    >>> from spawnable.transcript import Process, Transcript
    >>> main = Process(1001, None, "main", "main", 0.0)
    >>> run = Transcript("spawn", "3.13.0", "Linux", "", "exit", 1, 0.2, 0.1, processes=[main])
    >>> outcome(run, Outcome("error", "RuntimeError")), outcome(run, Outcome("ok"))
    ('ends in RuntimeError', 'exit code 0')
    >>> outcome(Transcript("spawn", "3.13.0", "Linux", "", "stuck", None, 3.0, 0.1, processes=[main]), Outcome("stuck"))
    'stuck after 3 s: 1 process waits'
    """
    texts: dict[str, Callable[[], str]] = {
        "ok": lambda: _("exit code 0"),
        "error": lambda: _("ends in %s") % found.detail,
        "exit": lambda: _exit(found.detail),
        "stuck": lambda: _stuck(transcript),
        "stopped": lambda: _("stopped at the limit of %s") % found.detail,
        "traceback": lambda: _("prints a traceback that ends in %s") % found.detail,
        "child exit": lambda: _("a child ended with exit code %s") % found.detail,
        "leaves": lambda: _leaves(transcript, found.detail),
    }
    return texts[found.kind]()


def _exit(code: str) -> str:
    if code.startswith("-"):
        return _("ended by signal %s") % _signal(int(code[1:]))
    return _("exit code %s") % code


def _stuck(transcript: Transcript) -> str:
    waiting = [process for process in own_processes(transcript) if process.death is None]
    time = seconds(transcript.wall, digits=0)
    if len(waiting) == 1:
        return _("stuck after %s: 1 process waits") % time
    return _("stuck after %(time)s: %(count)d processes wait") % {"time": time, "count": len(waiting)}


def _leaves(transcript: Transcript, kind: str) -> str:
    count = sum(leftover.kind == kind for leftover in transcript.leftovers) or 1
    one, several = {
        "process": (_("leaves 1 process"), _("leaves %d processes")),
        "shared memory": (_("leaves 1 block of shared memory"), _("leaves %d blocks of shared memory")),
        "semaphore": (_("leaves 1 semaphore"), _("leaves %d semaphores")),
        "socket": (_("leaves 1 socket"), _("leaves %d sockets")),
        "file": (_("leaves 1 file"), _("leaves %d files")),
    }[kind]
    return one if count == 1 else several % count


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def exit_code(code: int | None) -> str:
    """Say an exit code, with the signal's name where a signal ended the process.

    >>> exit_code(1), exit_code(-9), exit_code(None)
    ('1', '-9 (SIGKILL)', 'unknown')
    """
    if code is None:
        return _("unknown")
    return f"{code} ({_signal(-code)})" if code < 0 else str(code)


def own_processes(transcript: Transcript) -> list[Process]:
    """Return the processes of the script, main first, without those that multiprocessing starts for itself."""
    main, *others = transcript.processes
    own = [process for process in others if process.kind not in HELPERS]
    return [main, *sorted(own, key=lambda process: process.birth)]


def child_exits(transcript: Transcript) -> list[str]:
    """Say with which exit code each child ended that did not end with 0, equal ones of a kind together.

    >>> from spawnable.transcript import Process, Transcript
    >>> children = [Process(n, 1, f"Process-{n}", "child", n, 9, code) for n, code in ((2, 1), (3, 0), (4, -9))]
    >>> main = Process(1, None, "main", "main", 0.0, 9.0, 0)
    >>> child_exits(Transcript("fork", "3.13.0", "Linux", "", "exit", 0, 9.0, 0.1, processes=[main, *children]))
    ['Process-2 ended with exit code 1', 'Process-4 ended with exit code -9 (SIGKILL)']
    """
    by_code: dict[int, list[str]] = {}
    for process in own_processes(transcript)[1:]:
        if process.kind == "child" and process.exit_code:
            by_code.setdefault(process.exit_code, []).append(process.name)
    said = []
    for code, names in by_code.items():
        if len(names) > 3:  # noqa: PLR2004 - more names are no line to read
            said.append(_("%(count)d children ended with exit code %(code)s") % {"count": len(names), "code": code})
        else:
            said += [_("%(name)s ended with exit code %(code)s") % {"name": n, "code": exit_code(code)} for n in names]
    return said


def notices(transcript: Transcript) -> list[str]:
    r"""Say which process ended another by a signal, which threads held a process, and what warned of what.

    >>> from spawnable.transcript import Chunk, Event, Process, Transcript
    >>> main, child = Process(1, None, "main", "main", 0.0, 9.0, 0), Process(2, 1, "child", "child", 1.0, 2.0, -15)
    >>> run = Transcript("fork", "3.13.0", "Linux", "", "exit", 0, 9.0, 0.1, processes=[main, child])
    >>> run.events = [Event(1.9, 1, "kill", 2, "15"), Event(7.0, 1, "holds", None, "Thread-1 in work")]
    >>> run.chunks = [Chunk(0.1, 1, "main.py:3: ResourceWarning: unclosed file\n")]
    >>> notices(run)  # doctest: +NORMALIZE_WHITESPACE
    ['main ended child by SIGTERM.', 'main stayed 2.00 s for its thread Thread-1, in `work`.',
     'main printed a warning: ResourceWarning: unclosed file']
    """
    said = []
    for process in transcript.processes:
        if name := killer(process, transcript):
            texts = {"by": name, "name": process.name, "signal": _signal(-(process.exit_code or 0))}
            itself = _("%(name)s ended itself by %(signal)s.")
            said.append((itself if name == "itself" else _("%(by)s ended %(name)s by %(signal)s.")) % texts)
    for process, thread, time in held(transcript):
        text = _("%(name)s stayed %(time)s for its thread %(thread)s.")
        said.append(text % {"name": process.name, "time": seconds(time), "thread": thread})
    for item in dict.fromkeys(warned(transcript)):
        writer = transcript.process(item.pid)
        text = _("%(name)s printed a warning: %(text)s") if writer else _("A warning was printed: %(text)s")
        said.append(text % {"name": writer.name if writer else "", "text": item})
    return said


def seconds(value: float | None, digits: int = 2) -> str:
    """Say a time.

    >>> seconds(0.8954), seconds(3.02, digits=0), seconds(None)
    ('0.90 s', '3 s', '')
    """
    return "" if value is None else _("%s s") % f"{value:.{digits}f}"


def size(value: int) -> str:
    """Say a size in memory.

    >>> size(21_400_000), size(0)
    ('21 MB', '')
    """
    return _("%d MB") % round(value / 1e6) if value else ""


def verdict(transcript: Transcript, found: Sequence[Outcome]) -> list[str]:
    """Say how a run ended: first its own end, then what else is true of it."""
    said = [] if found[0].kind in ("ok", "stuck", "stopped", "error", "exit") else [outcome(transcript, Outcome("ok"))]
    said += [outcome(transcript, item) for item in found if item.kind != "child exit"]
    return said + child_exits(transcript)


def processes(transcript: Transcript) -> str:
    """Say how many processes of the script there were."""
    count = len(own_processes(transcript))
    return _("1 process") if count == 1 else _("%d processes") % count


def tab(start_methods: Sequence[str]) -> tuple[str, str]:
    """Return a tab's title, and where these start methods are the default.

    >>> tab(["fork"]), tab(["forkserver"]), tab(["spawn"])
    (('fork', ''), ('forkserver', 'Linux default from 3.14'), ('spawn', 'macOS, Windows'))
    >>> tab(["forkserver", "spawn"])
    ('forkserver, spawn', 'Linux default from 3.14, macOS, Windows')
    """
    notes = {"forkserver": _("Linux default from 3.14"), "spawn": _("macOS, Windows")}
    return ", ".join(start_methods), ", ".join(notes[method] for method in start_methods if method in notes)


def versions(rule: str) -> str:
    """Say which Pythons are meant.

    >>> versions("3.13+"), versions("3.13-"), versions("3.13")
    ('Python 3.13 and later', 'Python 3.13 and earlier', 'Python 3.13')
    """
    if rule.endswith("+"):
        return _("Python %s and later") % rule[:-1]
    if rule.endswith("-"):
        return _("Python %s and earlier") % rule[:-1]
    return _("Python %s") % rule


def minor(python: str) -> str:
    """Return the version of Python that expectations speak of.

    >>> minor("3.15.0rc1")
    '3.15'
    """
    return ".".join(python.split(".")[:2])


def platform(name: str) -> str:
    """Say a system and its machine.

    >>> platform("Linux-x86_64"), platform("Darwin-arm64")
    ('Linux x86_64', 'macOS arm64')
    """
    return name.replace("Darwin", "macOS").replace("-", " ")


def order(minor: str) -> list[int]:
    """Return what sorts versions of Python: 3.9 before 3.10."""
    return [int(part) for part in minor.split(".")]


def span(minors: Iterable[str]) -> str:
    """Say versions of Python; three or more in a row by the first and the last.

    >>> span(["3.13", "3.11", "3.12"]), span(["3.11", "3.12"]), span(["3.11", "3.12", "3.14"])
    ('3.11 to 3.13', '3.11, 3.12', '3.11, 3.12, 3.14')
    """
    known = sorted(set(minors), key=order)
    numbers = [order(minor)[-1] for minor in known]
    if len(known) > 2 and numbers[-1] - numbers[0] == len(known) - 1:  # noqa: PLR2004
        return _("%(first)s to %(last)s") % {"first": known[0], "last": known[-1]}
    return ", ".join(known)


def places(keys: Iterable[tuple[str, str, str]], here: str) -> str:
    """Say where runs were, by system, Python and start method; the system only where it is not `here`.

    >>> places([("Linux", "3.14.0", "fork"), ("Linux", "3.15.0", "fork"), ("Darwin", "3.13.1", "spawn")], "Linux")
    'Python 3.14, 3.15, fork; macOS, Python 3.13, spawn'
    """
    methods: dict[tuple[str, str], list[str]] = {}
    for system, python, method in keys:
        methods.setdefault((system, minor(python)), []).append(method)
    versions: dict[tuple[str, str], list[str]] = {}
    for (system, version), found in methods.items():
        versions.setdefault((system, ", ".join(found)), []).append(version)
    return "; ".join(
        ("" if system == here else f"{platform(system)}, ")
        + _("Python %(python)s, %(methods)s") % {"python": span(known), "methods": found}
        for (system, found), known in versions.items()
    )


def agreement(
    pythons: Mapping[str, Sequence[str]], start_methods: Sequence[str], agreeing: int, runs: int, several: bool
) -> str:
    """Say how many of the runs on several Pythons, by system, did what the page shows.

    `several` says that start methods differ, and so each is compared with its own tab.

    >>> agreement({"Linux-x86_64": ["3.11", "3.12"]}, ["fork", "spawn"], 4, 4, False)
    '4 of 4 runs agree (Python 3.11, 3.12 under fork, spawn).'
    >>> agreement({"Linux": ["3.11"], "Darwin": ["3.12"]}, ["spawn"], 1, 2, True)
    '1 of 2 runs agree with the tab of their start method (Linux, Python 3.11; macOS, Python 3.12 under spawn).'
    """
    text = (
        _("%(agreeing)d of %(runs)d runs agree with the tab of their start method (%(places)s under %(methods)s).")
        if several
        else _("%(agreeing)d of %(runs)d runs agree (%(places)s under %(methods)s).")
    )
    named = [(name, _("Python %s") % span(minors)) for name, minors in pythons.items()]
    return text % {
        "agreeing": agreeing,
        "runs": runs,
        "places": named[0][1] if len(named) == 1 else "; ".join(f"{platform(name)}, {text}" for name, text in named),
        "methods": ", ".join(start_methods) if len(start_methods) < 3 else _("all start methods"),  # noqa: PLR2004
    }
