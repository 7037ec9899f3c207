"""`spawnable.agreement`: which runs did the same."""

from __future__ import annotations

from typing import Any

import pytest

from spawnable.agreement import groups, signature
from spawnable.transcript import Process

MAIN, CHILD = 41200, 41203


def test_same_but_for_ids_and_times(make_transcript: Any) -> None:
    """Runs that differ in process ids and moments did the same."""
    first = make_transcript((MAIN, f"pid {CHILD} at 0x7f3a2b1c4d50, 0.52 s\n"))
    second = make_transcript((5000, "pid 5001 at 0x7f3a2b1c4fff, 1 s\n"), start_method="fork", wall=9.0)
    second.processes = [Process(5000, 3, "main", "main", 0.0), Process(5001, 5000, "Process-1", "child", 0.2)]
    assert signature(first) == signature(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("took 0.52 seconds", "took 12 seconds"),
        ("12:30:01,123 hello", "23:59:59,999 hello"),
        ("thread 140213412341234", "thread 139873412341234"),
        ("psm_1a2b3c4d", "psm_ffffffff"),
        ("/tmp/pymp-ab12cd_x", "/tmp/pymp-zz99zz99"),
        ("1732512345.12", "1732599999.5"),
    ],
)
def test_what_no_two_runs_share(make_transcript: Any, first: str, second: str) -> None:
    """Durations, moments, ids of threads and names drawn by lot do not tell runs apart."""
    assert signature(make_transcript((MAIN, first))) == signature(make_transcript((MAIN, second)))


@pytest.mark.parametrize(("first", "second"), [("1", "2"), ("1.5", "1.6"), ("0xff", "0xfe"), ("a", "a\n")])
def test_what_tells_runs_apart(make_transcript: Any, first: str, second: str) -> None:
    """Other texts tell runs apart."""
    assert signature(make_transcript((MAIN, first))) != signature(make_transcript((MAIN, second)))


def test_writer(make_transcript: Any) -> None:
    """Who wrote a line tells runs apart, how multiprocessing calls it under a start method does not."""
    main, child = make_transcript((MAIN, "x\n")), make_transcript((CHILD, "x\n"))
    assert signature(main) != signature(child)
    fork, spawn = make_transcript((CHILD, "x\n")), make_transcript((CHILD, "x\n"))
    fork.processes[1].name, spawn.processes[1].name = "ForkPoolWorker-1", "SpawnPoolWorker-1"
    assert signature(fork) == signature(spawn)


def test_outcome(make_transcript: Any) -> None:
    """What is true of a run tells it apart, even if the output is the same."""
    assert signature(make_transcript(child_exit=3)) != signature(make_transcript())
    assert signature(make_transcript(exit_code=3)) != signature(make_transcript())


def test_order(make_transcript: Any) -> None:
    """The order of lines counts unless it is left to chance; how often one came counts always."""
    first = make_transcript((MAIN, "a\n"), (CHILD, "b\n"))
    second = make_transcript((CHILD, "b\n"), (MAIN, "a\n"))
    twice = make_transcript((CHILD, "b\n"), (MAIN, "a\na\n"))
    assert signature(first) != signature(second)
    assert signature(first, unordered=True) == signature(second, unordered=True)
    assert signature(first, unordered=True) != signature(twice, unordered=True)


def test_groups(make_transcript: Any) -> None:
    """Keys whose runs agree stand together, in order of the first."""
    a, b = make_transcript((MAIN, "a\n")), make_transcript((MAIN, "b\n"))
    assert groups({"fork": a, "forkserver": b, "spawn": a}) == [["fork", "spawn"], ["forkserver"]]
    assert groups({}) == []


def test_frames_count_where_they_are_asked_for(make_transcript: Any) -> None:
    """The frames of a traceback differ between Pythons and may be left out; indented output is output."""
    shown = 'Traceback (most recent call last):\n  File "a.py", line {}, in f\n    f()\nKeyError: 1\n'
    first, second = (make_transcript((MAIN, shown.format(number))) for number in (1, 2))
    assert signature(first) != signature(second)
    assert signature(first, frames=False) == signature(second, frames=False)
    first, second = (make_transcript((MAIN, f"    total {number}\n")) for number in (1, 2))
    assert signature(first, frames=False) != signature(second, frames=False)
