"""`spawnable.verdict`: what is true of a run, and whether it was expected."""

from __future__ import annotations

from typing import Any

import pytest

from spawnable.expectation import Expectations
from spawnable.snippet import Snippet
from spawnable.transcript import Leftover, Process, Transcript
from spawnable.verdict import judge, outcomes, report

MAIN, CHILD = 41200, 41203


def traceback(name: str) -> str:
    """Return a traceback that ends in that class."""
    return f'Traceback (most recent call last):\n  File "main.py", line 1, in <module>\n{name}: message\n'


def of_child(name: str) -> str:
    """Return the traceback of a child process that ended in that class."""
    return f"Process Process-1:\n{traceback(name)}"


def told(transcript: Transcript) -> list[str]:
    """Return what is true of a run, in words."""
    return [str(outcome) for outcome in outcomes(transcript)]


def test_ok(make_transcript: Any) -> None:
    """A run that ended with exit code 0, without traceback, failed child or leftover is ok."""
    assert told(make_transcript((MAIN, "hello\n"), (CHILD, "world\n"))) == ["ok"]


def test_error(make_transcript: Any) -> None:
    """A main process that ends with exit code 1 after its traceback is an error of that class."""
    assert told(make_transcript((MAIN, traceback("KeyError")), exit_code=1)) == ["error KeyError"]


def test_error_is_the_main_process_s_own(make_transcript: Any) -> None:
    """A child's traceback does not name the error of the main process, even if it is written later."""
    run = make_transcript((MAIN, traceback("KeyError")), (CHILD, of_child("ValueError")), exit_code=1, child_exit=1)
    assert told(run) == ["error KeyError", "traceback ValueError", "child exit 1"]


def test_error_is_what_ended_the_interpreter(make_transcript: Any) -> None:
    """What a finalizer or a thread raised after or before does not name the error."""
    text = "Exception in thread Thread-1 (f):\n" + traceback("OSError") + traceback("KeyError")
    ignored = "Exception ignored in: <function D.__del__ at 0x7f7b134d1760>\n" + traceback("TypeError")
    run = make_transcript((MAIN, text), (MAIN, ignored), exit_code=1)
    assert told(run) == ["error KeyError", "traceback OSError", "traceback TypeError"]


def test_mixed_tracebacks(make_transcript: Any) -> None:
    """Two processes' tracebacks whose lines mix are read each on its own."""
    first, second = (traceback(name).splitlines(keepends=True) for name in ("KeyError", "ValueError"))
    mixed = [piece for a, b in zip(first, second, strict=True) for piece in ((MAIN, a), (CHILD, b))]
    assert told(make_transcript(*mixed, exit_code=1)) == ["error KeyError", "traceback ValueError"]


def test_unknown_writers(make_transcript: Any) -> None:
    """Where nobody tells who wrote what, the last traceback that ended an interpreter names the error."""
    run = make_transcript((None, traceback("KeyError")), (None, of_child("ValueError")), exit_code=1)
    assert told(run) == ["error KeyError", "traceback ValueError"]


@pytest.mark.parametrize("code", [1, 2, 120, -2, -11])
def test_exit(make_transcript: Any, code: int) -> None:
    """Another end of the main process is named by its exit code, negative for a signal."""
    assert told(make_transcript((MAIN, "bye\n"), exit_code=code)) == [f"exit {code}"]


def test_interrupt(make_transcript: Any) -> None:
    """A main process that a signal ended is named by the signal even if it printed a traceback."""
    assert told(make_transcript((MAIN, traceback("KeyboardInterrupt")), exit_code=-2))[0] == "exit -2"


def test_stuck(make_transcript: Any) -> None:
    """A run that reached its time limit is stuck, whatever else is true of it."""
    run = make_transcript((CHILD, of_child("ValueError")), ended="stuck", exit_code=None, child_exit=1)
    assert told(run) == ["stuck", "traceback ValueError", "child exit 1"]


@pytest.mark.parametrize("limit", ["memory", "processes", "disk"])
def test_stopped(make_transcript: Any, limit: str) -> None:
    """A run that another limit ended is `stopped`, which meets no expectation."""
    run = make_transcript(ended=limit, exit_code=None)
    assert told(run) == [f"stopped {limit}"]
    expectations = Expectations.parse("ok | stuck | exit -9 | error MemoryError")
    assert not judge(Snippet("n", "", expectations=expectations), run).met


def test_unknown_exit_code(make_transcript: Any) -> None:
    """A main process of which nobody knows how it ended is not ok."""
    assert told(make_transcript(exit_code=None)) == ["exit unknown"]


def test_findings(make_transcript: Any) -> None:
    """With exit code 0 each class of traceback, exit code of a child and kind of leftover is told once, by weight."""
    run = make_transcript((CHILD, of_child("ValueError") * 2), (MAIN, traceback("KeyError")), child_exit=-15)
    run.processes += [
        Process(5, MAIN, "Process-2", "child", 0.2, exit_code=-15),
        Process(6, MAIN, "Process-3", "child", 0.2, exit_code=3),
        Process(7, MAIN, "Process-4", "child", 0.2, exit_code=None),
        Process(8, MAIN, "sleep", "other", 0.2, exit_code=-9),
        Process(9, MAIN, "resource_tracker", "resource_tracker", 0.2, exit_code=-9),
    ]
    run.leftovers = [Leftover("file", "a"), Leftover("process", "b"), Leftover("file", "c")]
    assert told(run) == [
        "traceback ValueError",
        "traceback KeyError",
        "child exit -15",
        "child exit 3",
        "leaves process",
        "leaves file",
    ]


RUNS: dict[str, dict[str, Any]] = {
    "ok": {},
    "error": {"chunks": ((MAIN, traceback("KeyError")), (CHILD, of_child("ValueError"))), "exit_code": 1},
    "child": {"chunks": ((CHILD, of_child("ValueError")),), "child_exit": 1},
    "leaves": {"leftovers": [Leftover("file", "a")]},
    "both": {"chunks": ((CHILD, of_child("ValueError")),), "leftovers": [Leftover("file", "a")]},
    "stuck": {"ended": "stuck", "exit_code": None, "leftovers": [Leftover("file", "a")]},
}


@pytest.mark.parametrize(
    ("run", "expected", "met"),
    [
        ("ok", "ok", True),
        ("ok", "stuck | ok", True),
        ("ok", "error KeyError", False),
        ("ok", "leaves file", False),
        ("error", "error KeyError", True),
        ("error", "error ValueError", False),
        ("error", "traceback ValueError", False),
        ("error", "ok", False),
        ("error", "exit 1", False),
        ("child", "ok", False),
        ("child", "traceback ValueError", True),
        ("child", "traceback ValueError and child exit 1", True),
        ("child", "child exit 1", False),
        ("child", "traceback KeyError", False),
        ("child", "traceback ValueError and leaves file", False),
        ("leaves", "leaves file", True),
        ("leaves", "leaves process", False),
        ("leaves", "ok", False),
        ("both", "traceback ValueError", False),
        ("both", "leaves file and traceback ValueError", True),
        ("both", "traceback ValueError | leaves file", False),
        ("stuck", "stuck", True),
        ("stuck", "stuck and leaves file", True),
        ("stuck", "leaves file", False),
    ],
)
def test_judge(make_transcript: Any, run: str, expected: str, met: bool) -> None:
    """An alternative meets a run if all it declares is true and all that is true is declared or covered."""
    fields = dict(RUNS[run])
    transcript = make_transcript(*fields.pop("chunks", ()), **fields)
    assert judge(Snippet("n", "", expectations=Expectations.parse(expected)), transcript).met is met


def test_judge_by_start_method_and_version(make_transcript: Any) -> None:
    """What counts is what is expected under the run's own start method and Python, a pre-release too."""
    snippet = Snippet("n", "", expectations=Expectations.parse({"spawn 3.15+": "stuck"}))
    assert judge(snippet, make_transcript(python="3.14.1")).met
    assert not judge(snippet, make_transcript(python="3.15.0rc1")).met
    assert judge(snippet, make_transcript(python="3.15.0rc1", start_method="fork")).met


def _report(snippet: Snippet, transcript: Transcript) -> str:
    return report(snippet, transcript, judge(snippet, transcript))


def test_report_title(make_transcript: Any) -> None:
    """A report opens with the place, the run, what was expected and what was found."""
    snippet = Snippet("article/zombies:zombie", "", page="docs/article/zombies.md", line=31)
    run = make_transcript((MAIN, traceback("RuntimeError")), exit_code=1, child_exit=1)
    assert _report(snippet, run).splitlines()[0] == (
        "docs/article/zombies.md:31: cell zombie under spawn on Python 3.13.0: expected ok, found error RuntimeError"
    )


def test_report_of_a_script(make_transcript: Any) -> None:
    """A script that stands on no page is named by itself; a run that was expected is said to be."""
    assert _report(Snippet("main.py", ""), make_transcript()).startswith(
        "main.py: under spawn on Python 3.13.0: ok, as expected\n"
    )


def test_report_says_all_that_is_undeclared(make_transcript: Any) -> None:
    """Of a run with exit code 0, all findings are named."""
    run = make_transcript((CHILD, of_child("ValueError")), leftovers=[Leftover("file", "a")])
    title = _report(Snippet("main.py", ""), run).splitlines()[0]
    assert title.endswith("expected ok, found traceback ValueError and leaves file")


def test_report_is_complete(full: Transcript) -> None:
    """A report holds the labelled output, the process table, stacks, leftovers and what is not known, normalised."""
    text = _report(Snippet("main.py", ""), full)
    for line in (
        "     0.000  main       started 1002",
        "     0.100  Process-1  in main.py",
        "  and 12 bytes beyond the limit, dropped",
        "  1901  1001    resource_tracker  resource_tracker  0.050  alive  ?",
        "  1003  1002    sleep             other             0.200  alive  ?     0.100   orphan detached",
        "stack of Process-1 (1002):",
        '  File "main.py", line 3, in work',
        "    lock at 0x00000000",
        "  process sleep (process 1003)",
        "  file out.txt",
        "  who wrote to out.txt",
    ):
        assert line in text.splitlines()


def test_report_is_harmless(make_transcript: Any) -> None:
    """Control characters of the output do nothing to the terminal that shows the report."""
    run = make_transcript((MAIN, "\x1b[2J\x07bell\x00 \u202e \ud800\ttab\n"))
    text = _report(Snippet("main.py", ""), run)
    assert "\\x1b[2J\\x07bell\\x00 \\u202e \\ud800\ttab" in text
    assert all(char.isprintable() or char in "\n\t" for char in text)
