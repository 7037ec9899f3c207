"""`spawnable.normalise`: transcripts without what is of one machine or one moment."""

from __future__ import annotations

from typing import Any

import pytest

from spawnable.normalise import Line, lines, normalise
from spawnable.transcript import Chunk, Event, Leftover, Process, Transcript

MAIN, CHILD = 41200, 41203


def test_pids_in_order_of_birth(make_transcript: Any) -> None:
    """Processes are numbered from 1001 as they were born, multiprocessing's own from 1901."""
    run = make_transcript()
    run.processes += [
        Process(41999, MAIN, "Process-3", "child", 0.3),
        Process(41202, MAIN, "forkserver", "forkserver", 0.06),
        Process(41201, MAIN, "resource_tracker", "resource_tracker", 0.05),
        Process(41500, 41202, "Process-2", "child", 0.2),
    ]
    found = {process.name: (process.pid, process.parent) for process in normalise(run).processes}
    assert found == {
        "main": (1001, None),
        "Process-1": (1002, 1001),
        "Process-2": (1003, 1902),
        "Process-3": (1004, 1001),
        "resource_tracker": (1901, 1001),
        "forkserver": (1902, 1001),
    }


def test_pids_everywhere(full: Transcript) -> None:
    """Chunks, events, leftovers and stacks speak of the new numbers."""
    shared = normalise(full)
    assert [chunk.pid for chunk in shared.chunks] == [1001, 1002]
    assert shared.events == [Event(0.3, 1001, "terminate", 1002, "pid 1002"), Event(0.35, 1001, "join")]
    assert shared.leftovers == [Leftover("process", "sleep", 1003), Leftover("file", "out.txt")]


def test_pids_that_are_only_mentioned(make_transcript: Any) -> None:
    """A process that was not seen has a number after those that were."""
    run = make_transcript((51000, "quick\n"), events=[Event(0.1, 52000, "kill", 53000)])
    shared = normalise(run)
    assert shared.chunks[0].pid == 1003
    assert (shared.events[0].pid, shared.events[0].target) == (1004, 1005)


def test_many_processes(make_transcript: Any) -> None:
    """A thousand processes have a thousand numbers."""
    run = make_transcript()
    run.processes += [Process(50000 + n, MAIN, f"Process-{n}", "child", 1.0 + n) for n in range(1000)]
    run.processes.append(Process(41201, MAIN, "resource_tracker", "resource_tracker", 0.05))
    assert len({process.pid for process in normalise(run).processes}) == 1003


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"pid {CHILD}", "pid 1002"),
        (
            f"<Process name='Process-1' pid={CHILD} parent={MAIN} started>",
            "<Process name='Process-1' pid=1002 parent=1001 started>",
        ),
        (f"[{MAIN},{CHILD}]", "[1001,1002]"),
        (f"worker_{CHILD}.log", "worker_1002.log"),
        (f"Ended {CHILD}.", "Ended 1002."),
        (f"1{CHILD} {CHILD}1", f"1{CHILD} {CHILD}1"),
        (f"0.{CHILD} {CHILD}.5", f"0.{CHILD} {CHILD}.5"),
        (f"ab{CHILD}cd 0x{CHILD}", f"ab{CHILD}cd 0x{CHILD}"),
        ("41999", "41999"),
        ("1" * 5000, "1" * 5000),
    ],
)
def test_pids_in_text(make_transcript: Any, text: str, shown: str) -> None:
    """A text mentions a process by its whole number, not by a part of another."""
    assert normalise(make_transcript((MAIN, text + "\n"))).text == shown + "\n"


def test_small_pids_in_text(make_transcript: Any) -> None:
    """Numbers below 1000 are never taken for processes."""
    run = make_transcript((2, "2 of 3 done\n"))
    run.processes = [Process(2, None, "main", "main", 0.0), Process(3, 2, "Process-1", "child", 0.1)]
    shared = normalise(run)
    assert shared.text == "2 of 3 done\n"
    assert [process.pid for process in shared.processes] == [1001, 1002]


def test_pids_that_are_new_numbers_of_others(make_transcript: Any) -> None:
    """A real id that is the new number of another process is not replaced twice."""
    run = make_transcript((1002, "1002 1001\n"))
    run.processes = [Process(1002, None, "main", "main", 0.0), Process(1001, 1002, "Process-1", "child", 0.1)]
    assert normalise(run).text == "1001 1002\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<function f at 0x7f3a2b1c4d50>", "<function f at 0x00000000>"),
        ("<function f at 0x9c8e40>", "<function f at 0x00000000>"),
        ("<f at 0x000001F2A4B6C8D0>", "<f at 0x00000000>"),
        ("Thread 0x00007f3a2b1c4d50 (most recent call first):", "Thread 0x00000000 (most recent call first):"),
        ("0x7f3a2b1c4d50", "0x00000000"),
        ("0xff 0xdeadbeef 0xffffffffffffffff at 0x10", "0xff 0xdeadbeef 0xffffffffffffffff at 0x10"),
    ],
)
def test_addresses(make_transcript: Any, text: str, shown: str) -> None:
    """Addresses are masked, other hexadecimal numbers are not."""
    assert normalise(make_transcript((MAIN, text))).text == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('File "/tmp/run/main.py", line 3', 'File "main.py", line 3'),
        ("/tmp/run", "."),
        ("in /tmp/run.", "in .."),
        ("/tmp/runner /tmp/run-2 /var/tmp/run", "/tmp/runner /tmp/run-2 /var/tmp/run"),
        ("PATH=/tmp/run/x:/tmp/run", "PATH=x:."),
        (repr("C:\\Users\\me\\main.py"), "'~\\\\main.py'"),
        ("C:\\Users\\me\\main.py", "~\\main.py"),
    ],
)
def test_paths(make_transcript: Any, text: str, shown: str) -> None:
    """Paths are shortened by whole names, the longest that fits."""
    paths = {"/tmp/run": ".", "/tmp/run/": "", "C:\\Users\\me": "~"}
    assert normalise(make_transcript((MAIN, text), paths=paths)).text == shown


def test_text_written_in_pieces(make_transcript: Any) -> None:
    """What one process wrote in pieces within a line is masked as a whole, at the time of the first."""
    run = make_transcript((MAIN, "pid 412"), (MAIN, "03\n"), (MAIN, "next\n"))
    assert normalise(run).chunks == [Chunk(0.0, 1001, "pid 1002\n"), Chunk(0.2, 1001, "next\n")]


def test_twice_is_once(full: Transcript) -> None:
    """A normalised transcript stays as it is."""
    assert normalise(normalise(full)) == normalise(full)


def test_original_is_kept(full: Transcript) -> None:
    """The transcript that is given is not changed."""
    before = full.to_json()
    normalise(full)
    assert full.to_json() == before


def test_lines(make_transcript: Any) -> None:
    """Lines have their writer and the time of their begin; one that another cuts is two."""
    run = make_transcript((MAIN, "a\nb"), (MAIN, "c\n"), (CHILD, "d"), (MAIN, "e\n\n"), (CHILD, "f\n"), (9, "g"))
    assert lines(run) == [
        Line(MAIN, "main", "a\n", 0.0),
        Line(MAIN, "main", "bc\n", 0.0),
        Line(CHILD, "Process-1", "d", 0.2),
        Line(MAIN, "main", "e\n", 0.3),
        Line(MAIN, "main", "\n", 0.3),
        Line(CHILD, "Process-1", "f\n", 0.4),
        Line(9, "", "g", 0.5),
    ]
    assert "".join(line.text for line in lines(run)) == run.text


def test_no_lines(make_transcript: Any) -> None:
    """A run that wrote nothing has no lines."""
    assert lines(make_transcript()) == []
