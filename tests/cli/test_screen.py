"""Runs drawn in a terminal, from transcripts made by hand."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from spawnable.batch import Job
from spawnable.cli.screen import show, title
from spawnable.python import Python
from spawnable.snippet import Snippet
from spawnable.transcript import Chunk, Leftover, Process, Transcript
from spawnable.verdict import judge

SNIPPET = Snippet("script.py", "pass", "script.py")
OLD, NEW = Python("/old", "3.13.0", "old"), Python("/new", "3.14.8", "new")


def transcript(text: str = "hello\n", pid: int | None = 4001) -> Transcript:
    """Return a run of two processes in which one wrote a text."""
    processes = [
        Process(4001, None, "main", "main", 0.0, 0.5, 0),
        Process(4002, 4001, "Process-1", "child", 0.1, 0.2, 0, zombie=0.25),
    ]
    chunks = [Chunk(0.1, pid, text)] if text else []
    return Transcript("spawn", "3.13.0", "Linux-x86_64", "namespace", "exit", 0, 0.5, 0.1, chunks, processes)


def drawn(transcripts: dict[Job, Transcript], width: int = 100, colour: bool = False) -> str:
    """Return what the terminal shows."""
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=colour, color_system="standard" if colour else None)
    show(console, SNIPPET, transcripts, {job: judge(SNIPPET, did) for job, did in transcripts.items()})
    return file.getvalue()


def job(method: str, python: Python = OLD) -> Job:
    """Return a run of the script."""
    return Job(SNIPPET, method, python)


def test_a_title_names_methods_and_pythons_once() -> None:
    """Start methods that agree on several Pythons are named once."""
    jobs = [job("fork"), job("spawn"), job("fork", NEW), job("spawn", NEW)]
    assert title(jobs) == "fork, spawn · Python 3.13.0, 3.14.8"
    assert title(jobs[:3]) == "fork, spawn · Python 3.13.0; fork · Python 3.14.8"


def test_the_process_table_tells_lives() -> None:
    """Each process has its bar, when it was born and ended, and its exit code; the last line says what is what."""
    shown = drawn({job("spawn"): transcript()}).splitlines()
    (row,) = [line for line in shown if "Process-1" in line]
    assert row.split()[1:3] == ["└", "Process-1"]
    assert row.split()[-4:] == ["0.100", "0.200", "0", "│"]
    assert "─zzz" in row
    assert any("─ sleeping  z zombie" in line for line in shown)


def test_panels_stand_side_by_side_where_there_is_room() -> None:
    """Two groups share the lines of a wide terminal, and not those of a narrow one."""
    runs = {job("fork"): transcript(), job("spawn"): transcript("goodbye\n")}
    assert any("hello" in line and "goodbye" in line for line in drawn(runs, width=160).splitlines())
    assert not any("hello" in line and "goodbye" in line for line in drawn(runs, width=90).splitlines())


def test_output_without_a_writer_has_no_label() -> None:
    """Where the system does not tell who wrote a line, it stands alone."""
    assert "│ hello " in drawn({job("spawn"): transcript(pid=None)})


def test_no_output_is_said() -> None:
    """An empty output is not an empty space."""
    assert "no output" in drawn({job("spawn"): transcript("")})


def test_markup_in_output_is_shown_as_it_is() -> None:
    """What looks like the terminal library's markup is the script's own text."""
    assert "[bold]x[/bold] [1]" in drawn({job("spawn"): transcript("[bold]x[/bold] [1]\n")})


def test_processes_have_colours() -> None:
    """In a terminal the label of each process has its colour."""
    assert "\x1b[36mmain" in drawn({job("spawn"): transcript()}, colour=True)


@pytest.mark.parametrize("width", [40, 200])
def test_leftovers_and_stacks_are_shown(width: int) -> None:
    """What was left and where a process stood is told at any width."""
    run = transcript()
    run.ended, run.exit_code = "stuck", None
    run.leftovers = [Leftover("file", "left.txt", 4001)]
    run.processes[1].death = None
    run.processes[1].stack = (
        "Current thread 0x0000701 (most recent call first):\n"
        '  File ".../multiprocessing/connection.py", line 430 in _recv\n'
        '  File ".../multiprocessing/connection.py", line 250 in recv\n'
        '  File "main.py", line 3 in worker\n'
    )
    shown = " ".join(drawn({job("spawn"): run}, width=width).replace("│", " ").split())
    assert "left behind: file left.txt" in shown
    assert "Process-1 waits in `recv()` for the other end of a pipe to send" in shown
    assert '... 2 frames of libraries File "main.py", line 3 in worker' in shown
