"""What runs did, drawn in a terminal: a panel for each group of runs that agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from spawnable.agreement import groups
from spawnable.batch import Job
from spawnable.cli.guide import address_of
from spawnable.cli.hints import hints
from spawnable.cli.timeline import Timeline
from spawnable.ends import held, killer
from spawnable.explain import explain
from spawnable.gallery import entry_of, recognised
from spawnable.messages import message_of
from spawnable.normalise import HELPERS, lines, normalise
from spawnable.snippet import Snippet
from spawnable.transcript import Transcript
from spawnable.verdict import Verdict
from spawnable.waits import wait_of
from spawnable.warned import warned

__all__ = ["folded", "show", "title", "verdict_line"]

#: a process keeps its colour through a panel; readable on light and on dark
_COLOURS = ("cyan", "magenta", "green", "blue", "yellow", "red")
#: panels stand side by side where each has so many columns
_COLUMNS = 64
#: lines of a very long output that are shown, and characters of a very long line
_FIRST, _LAST, _WIDEST = 300, 100, 4000
#: messages of a run whose entries are named
_MESSAGES = 3
#: how a frame of a library begins, its path shortened
_LIBRARY = ('File "...', 'File "<frozen ')


def show(
    console: Console, snippet: Snippet, transcripts: Mapping[Job, Transcript], verdicts: Mapping[Job, Verdict]
) -> None:
    """Print the panels and, under them, in how many runs the script did as expected."""
    found = groups(dict(transcripts), unordered=snippet.unordered)
    panels = [_panel(group, transcripts[group[0]], verdicts, console.encoding) for group in found]
    if len(panels) > 1 and console.width // len(panels) >= _COLUMNS:
        grid = Table.grid(expand=True, padding=(0, 1))
        for _ in panels:
            grid.add_column(ratio=1)
        grid.add_row(*panels)
        console.print(grid)
    else:
        for panel in panels:
            console.print(panel)
    met = sum(verdict.met for verdict in verdicts.values())
    style = "green" if met == len(verdicts) else "bold red"
    runs = "run" if len(verdicts) == 1 else "runs"
    console.print(Text(f"{snippet.name}: as expected in {met} of {len(verdicts)} {runs}", style), soft_wrap=True)


def title(jobs: Sequence[Job]) -> str:
    """Return the runs' start methods and Pythons, as `fork, spawn · Python 3.13.0`."""
    methods: dict[str, list[str]] = {}
    for job in jobs:
        methods.setdefault(job.python.version, []).append(job.start_method)
    versions: dict[str, list[str]] = {}
    for version, names in methods.items():
        versions.setdefault(", ".join(names), []).append(version)
    return "; ".join(f"{names} · Python {', '.join(group)}" for names, group in versions.items())


def verdict_line(verdict: Verdict) -> str:
    """Return the verdict in words, as `NOT as expected: expected ok, found stuck`."""
    found = ", ".join(str(outcome) for outcome in verdict.found)
    if verdict.met:
        return f"as expected: {found}"
    return f"NOT as expected: expected {verdict.expected}, found {found}"


def _panel(jobs: Sequence[Job], raw: Transcript, verdicts: Mapping[Job, Verdict], encoding: str) -> Panel:
    transcript = normalise(raw)
    for chunk in transcript.chunks:  # its own already: what can not be shown is escaped, so that lines keep their width
        chunk.text = chunk.text.encode(encoding, "backslashreplace").decode(encoding)
    colours = {process.pid: _COLOURS[number % len(_COLOURS)] for number, process in enumerate(transcript.processes)}
    parts: list[RenderableType] = [
        _output(transcript, colours, _writable("│", "|", encoding)),
        Text(),
        Timeline(transcript, colours),
        Text(),
        *_stacks(transcript, colours),
        *(Text(text, "yellow") for text in _notices(transcript)),
        *(Text(f"left behind: {leftover.kind} {leftover.what}", "red") for leftover in transcript.leftovers),
        *(Text(f"not observed: {what}", "dim") for what in transcript.unknown),
        Text(_measure(transcript), "dim"),
        *_verdicts(jobs, verdicts),
        *_explanations(raw),
        *_entries(raw),
        *(Text.assemble(("try: ", "bold"), hint) for hint in hints(jobs[0], raw)),
    ]
    met = all(verdicts[job].met for job in jobs)
    return Panel(
        Group(*parts),
        title=Text(title(jobs), "bold"),
        title_align="left",
        border_style="green" if met else "red",
    )


def _writable(sign: str, plain: str, encoding: str) -> str:
    """Return a sign, or a plain one where the encoding lacks it."""
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        return plain
    return sign


def _output(transcript: Transcript, colours: Mapping[int, str], bar: str) -> RenderableType:
    """Return every line beside the name of the process that wrote it, with a bar between."""
    written = lines(transcript)
    if not written:
        return Text("no output", "dim")
    table = Table.grid(padding=(0, 1))
    labelled = any(line.name for line in written)
    if labelled:
        table.add_column(no_wrap=True)
        table.add_column(width=1)
    table.add_column(overflow="fold")
    blank = [""] * (2 * labelled)
    for number, line in enumerate(written):
        if _FIRST <= number < len(written) - _LAST:
            if number == _FIRST:
                hidden = len(written) - _FIRST - _LAST
                table.add_row(*blank, Text(f"… {hidden} lines not shown: --json has them", "dim"))
            continue
        colour = colours.get(line.pid, "") if line.pid is not None else ""
        text = Text.from_ansi(_shortened(line.text.rstrip("\n")), overflow="fold")
        table.add_row(*([Text(line.name, colour), Text(bar, colour)] if labelled else []), text)
    if transcript.dropped:
        table.add_row(*blank, Text(f"… and {transcript.dropped} bytes more, not kept", "dim"))
    return table


def _shortened(line: str) -> str:
    """Return a line, or so much of it as is shown, with how much is not."""
    return line if len(line) <= _WIDEST else f"{line[:_WIDEST]}… {len(line) - _WIDEST} characters not shown"


def _verdicts(jobs: Sequence[Job], verdicts: Mapping[Job, Verdict]) -> list[Text]:
    """Return the verdict, once if it is the same for all of the runs."""
    texts = {job: (verdict_line(verdicts[job]), "green" if verdicts[job].met else "bold red") for job in jobs}
    if len(set(texts.values())) == 1:
        return [Text(*texts[jobs[0]])]
    return [Text(f"{title([job])}: {text}", style) for job, (text, style) in texts.items()]


def _measure(transcript: Transcript) -> str:
    """Return how it ended, after how long, with how many processes."""
    ended = {"exit": f"exit code {transcript.exit_code}", "stuck": "still running when it was ended"}.get(
        transcript.ended, f"ended at the limit of {transcript.ended}"
    )
    number = len(transcript.processes)
    return f"{ended} · {transcript.wall:.2f} s · {number} {'process' if number == 1 else 'processes'}"


def _notices(transcript: Transcript) -> list[str]:
    """Return who ended whom, which threads held a process, and the warnings, each with its process."""
    ended = [(process, killer(process, transcript)) for process in transcript.processes]
    texts = [f"ended by {name}: {process.name}, signal {-(process.exit_code or 0)}" for process, name in ended if name]
    texts += [f"{process.name} stayed {time:.2f} s for its thread {name}" for process, name, time in held(transcript)]
    for item in warned(transcript):
        process = transcript.process(item.pid)
        texts.append(f"warning{f' of {process.name}' if process else ''}: {item}")
    return texts


def _stacks(transcript: Transcript, colours: Mapping[int, str]) -> list[Text]:
    """Return what each process of a stuck run waited for, and its Python stack."""
    parts = []
    for process in transcript.processes:
        if transcript.ended != "stuck" or process.death is not None:
            continue
        colour = colours[process.pid]
        parts.append(Text(wait_of(process, transcript), f"bold {colour}"))
        if process.stack and process.kind not in HELPERS:
            parts += [Text(line, overflow="fold") for line in folded(process.stack)]
    return [*parts, Text()] if parts else []


def folded(stack: str) -> list[str]:
    """Return the lines of a stack; those in libraries together, as how many they are."""
    found: list[str] = []
    hidden = 0
    for line in [*stack.rstrip().splitlines(), ""]:
        if line.lstrip().startswith(_LIBRARY):
            hidden += 1
            continue
        if hidden:
            found.append(f"  ... {hidden} {'frame' if hidden == 1 else 'frames'} of libraries")
            hidden = 0
        found.append(line)
    return found[:-1]


def _explanations(transcript: Transcript) -> list[Text]:
    """Return what a reader may like to know of what happened, and where it is told at length."""
    parts = []
    for explanation in explain(transcript):
        text = Text.assemble(("why: ", "bold"), explanation.sentence)
        parts.append(text)
        pages = [explanation.page, entry_of(message_of(explanation.wordless)) if explanation.wordless else ""]
        parts += [Text(f"     {address_of(page)}", overflow="fold") for page in pages if page]
    return parts


def _entries(transcript: Transcript) -> list[Text]:
    """Return the messages that the gallery has of what was printed, each with the address of its entry."""
    parts = []
    for found in recognised(transcript)[:_MESSAGES]:
        parts.append(Text.assemble(("message: ", "bold"), str(found)))
        parts.append(Text(f"     {address_of(found.page)}", overflow="fold"))
    return parts
