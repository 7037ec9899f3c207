"""How many runs did as declared, and which ones change."""

from __future__ import annotations

from spawnable.batch import Job
from spawnable.cli.rounds import Tally
from spawnable.expectation import Expectation, Outcome
from spawnable.python import Python
from spawnable.snippet import Snippet
from spawnable.verdict import Verdict

PYTHON = Python("/bin/python", "3.13.0", "digest")
JOB = Job(Snippet("page:cell", "pass"), "spawn", PYTHON)


def verdict(expected: str, found: str) -> Verdict:
    """Return a verdict on a run that did one thing."""
    expectation, outcome = Expectation.parse(expected), Outcome.parse(found)
    return Verdict(any(outcome in each for each in expectation.alternatives), expectation, (outcome,))


def test_a_changing_outcome_is_counted_once() -> None:
    """A job that once did otherwise changes, however many rounds there were."""
    tally = Tally()
    for found in ("ok", "stuck", "ok"):
        tally.add(JOB, verdict("ok", found))
    assert tally.changing == [JOB]
    assert tally.closing([JOB]) == (
        "1 snippet, 3 runs on Python 3.13.0: 2 as declared, 1 not, 1 with a changing outcome"
    )


def test_a_constant_failure_does_not_change() -> None:
    """A job that always does the same undeclared thing is not as declared, but constant."""
    tally = Tally()
    for _ in range(2):
        tally.add(JOB, verdict("ok", "stuck"))
    assert tally.unmet == 2
    assert tally.changing == []


def test_declared_alternatives_do_not_count_as_changing() -> None:
    """What a cell leaves to chance may change."""
    tally = Tally()
    for found in ("ok", "stuck"):
        tally.add(JOB, verdict("ok | stuck", found))
    assert tally.unmet == 0
    assert tally.changing == []
