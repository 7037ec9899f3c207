"""What is true of a run, whether it was expected, and how to tell it in plain text."""

from __future__ import annotations

from dataclasses import dataclass

from spawnable.ends import held, killer
from spawnable.expectation import LEFTOVER_KINDS, Expectation, Outcome
from spawnable.normalise import Line, lines, normalise
from spawnable.snippet import Snippet
from spawnable.tracebacks import Raised, raised
from spawnable.transcript import Process, Transcript
from spawnable.waits import waits
from spawnable.warned import warned

__all__ = ["Verdict", "judge", "outcomes", "report", "texts"]

#: outcomes of a run that did not end with exit code 0: they cover all that is lighter
_HEAVY = ("stuck", "stopped", "error", "exit")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was expected of a run, what it did, and whether the one is the other."""

    met: bool
    expected: Expectation
    #: all that is true of the run, heaviest first
    found: tuple[Outcome, ...]

    @property
    def headline(self) -> Outcome:
        """The heaviest thing that is true of the run: it names the run."""
        return self.found[0]


def outcomes(transcript: Transcript) -> tuple[Outcome, ...]:
    """Return all that is true of a run, heaviest first; `ok` alone where nothing else is.

    A limit other than time that ended the run is `stopped LIMIT`, which no expectation can declare.
    """
    written = texts(transcript)
    own = raised(written.get(transcript.main.pid if None not in written else None, ""))
    found: list[Outcome] = []
    if transcript.ended == "stuck":
        found.append(Outcome("stuck"))
    elif transcript.ended != "exit":
        found.append(Outcome("stopped", transcript.ended))
    elif transcript.exit_code == 1 and own:
        found.append(Outcome("error", _fatal(own).name))
    elif transcript.exit_code != 0:
        found.append(Outcome("exit", "unknown" if transcript.exit_code is None else str(transcript.exit_code)))
    names = [item.name for text in written.values() for item in raised(text)]
    if found and found[0].kind == "error":
        names.remove(found[0].detail)
    found += [Outcome("traceback", name) for name in dict.fromkeys(names)]
    codes = [process.exit_code for process in transcript.processes if process.kind == "child" and process.exit_code]
    found += [Outcome("child exit", str(code)) for code in dict.fromkeys(codes)]
    left = {leftover.kind for leftover in transcript.leftovers}
    found += [Outcome("leaves", kind) for kind in LEFTOVER_KINDS if kind in left]
    return tuple(found) or (Outcome("ok"),)


def judge(snippet: Snippet, transcript: Transcript) -> Verdict:
    """Compare a run with what its snippet expects under that start method and Python."""
    minor = ".".join(transcript.python.split(".")[:2])
    expected = snippet.expectations.of(transcript.start_method, minor)
    found = outcomes(transcript)
    return Verdict(any(_meets(found, alternative) for alternative in expected.alternatives), expected, found)


def report(snippet: Snippet, transcript: Transcript, verdict: Verdict) -> str:
    """Return in plain text what was expected, what was found, and all that the run did.

    Process ids, paths and addresses are normalised; control characters are escaped.
    """
    shared = normalise(transcript)
    parts = [
        _title(snippet, shared, verdict),
        _output(shared),
        _table(shared.processes),
        _listed("waiting:", waits(shared)),
        _listed("ended by a signal:", _killed(shared)),
        _listed("stayed for a thread:", [f"{p.name} for {thread}, {time:.3f} s" for p, thread, time in held(shared)]),
        _listed("warnings:", [f"{_name(item.pid, shared)}{item}" for item in warned(shared)]),
        *(
            f"stack of {process.name} ({process.pid}):\n{_indented(process.stack)}"
            for process in shared.processes
            if process.stack
        ),
        _listed("left behind:", [f"{left.kind} {left.what}{_of(left.pid)}" for left in shared.leftovers]),
        _listed("not observed:", shared.unknown),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def texts(transcript: Transcript) -> dict[int | None, str]:
    """Return all that each process wrote, so that what two wrote at once does not mix."""
    parts: dict[int | None, list[str]] = {}
    for chunk in transcript.chunks:
        parts.setdefault(chunk.pid, []).append(chunk.text)
    return {pid: "".join(found) for pid, found in parts.items()}


def _fatal(own: list[Raised]) -> Raised:
    """Return the exception that ended the interpreter: the last that is not said to have ended less."""
    return next((item for item in reversed(own) if not item.contained), own[-1])


def _meets(found: tuple[Outcome, ...], alternative: frozenset[Outcome]) -> bool:
    """Tell whether an alternative declares what was found, and nothing that was not."""
    headline = found[0]
    if headline not in alternative or not alternative <= set(found):
        return False
    if headline.kind in _HEAVY:
        return True
    # a child process that printed a traceback ends with exit code 1
    covered = {Outcome("child exit", "1")} if any(item.kind == "traceback" for item in alternative) else set()
    return set(found) <= alternative | covered


def _title(snippet: Snippet, transcript: Transcript, verdict: Verdict) -> str:
    cell = f"cell {snippet.name.rpartition(':')[2]} " if snippet.page else ""
    run = f"{snippet.where}: {cell}under {transcript.start_method} on Python {transcript.python}"
    heavy = verdict.headline.kind in _HEAVY
    declared = any(verdict.headline in alternative for alternative in verdict.expected.alternatives)
    found = str(verdict.headline) if heavy and not declared else " and ".join(str(item) for item in verdict.found)
    return f"{run}: {found}, as expected" if verdict.met else f"{run}: expected {verdict.expected}, found {found}"


def _output(transcript: Transcript) -> str:
    written = lines(transcript)
    width = max((len(_writer(line)) for line in written), default=0)
    shown = [
        f"  {line.time:8.3f}  {_writer(line):{width}}  {_plain(text)}"
        for line in written
        for text in line.text.splitlines() or [""]
    ]
    if transcript.dropped:
        shown.append(f"  and {transcript.dropped} bytes beyond the limit, dropped")
    return "\n".join(["output, with seconds since the start and the process that wrote it:", *shown]) if shown else ""


def _writer(line: Line) -> str:
    return _plain(line.name) or ("" if line.pid is None else str(line.pid))


def _table(processes: list[Process]) -> str:
    """Return the table of processes, in columns."""
    head = ("pid", "parent", "name", "kind", "born", "died", "exit", "zombie", "")
    rows = [head, *(_row(process) for process in processes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    aligned = ("  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "processes, with times in seconds:\n" + "\n".join(f"  {row}".rstrip() for row in aligned)


def _row(process: Process) -> tuple[str, ...]:
    marks = [name for name in ("daemon", "orphan", "detached") if getattr(process, name)]
    return (
        str(process.pid),
        "" if process.parent is None else str(process.parent),
        _plain(process.name),
        process.kind,
        f"{process.birth:.3f}",
        "alive" if process.death is None else f"{process.death:.3f}",
        "?" if process.exit_code is None else str(process.exit_code),
        _zombie(process) if process.zombie else "",
        " ".join(marks),
    )


def _zombie(process: Process) -> str:
    """Say from when to when a process was a zombie, or for how long."""
    if process.death is None:
        return f"{process.zombie:.3f}"
    return f"{process.death:.3f} to {process.death + process.zombie:.3f}"


def _listed(title: str, items: list[str]) -> str:
    return "\n".join([title, *(f"  {_plain(item)}" for item in items)]) if items else ""


def _killed(transcript: Transcript) -> list[str]:
    ended = [(process, killer(process, transcript)) for process in transcript.processes]
    return [f"{process.name} by signal {-(process.exit_code or 0)} of {name}" for process, name in ended if name]


def _name(pid: int | None, transcript: Transcript) -> str:
    process = transcript.process(pid)
    return f"{process.name}: " if process else ""


def _of(pid: int | None) -> str:
    return "" if pid is None else f" (process {pid})"


def _indented(text: str) -> str:
    return "\n".join(f"  {_plain(line)}".rstrip() for line in text.splitlines())


def _plain(text: str) -> str:
    """Return a text whose control characters are escaped, so that they do nothing to a terminal."""
    return "".join(char if char.isprintable() or char == "\t" else ascii(char)[1:-1] for char in text)
