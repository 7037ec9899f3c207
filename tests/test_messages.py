"""`spawnable.messages`: the list of messages, and which of them a run printed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from spawnable.expectation import START_METHODS
from spawnable.messages import GROUPS, Message, known, message_of, printed, unprinted
from spawnable.transcript import Transcript

CLOSED = "ValueError: process object is closed"
Make = Callable[..., Transcript]


def run(make_transcript: Make, *written: tuple[int, str], **fields: Any) -> Transcript:
    """Return a run in which 101 and 102 wrote these texts."""
    return make_transcript(*written, **fields)


def test_how_many_are_known() -> None:
    """Ordinary code brings 326 of the messages about, 17 can be explained alone, and no user meets 97."""
    assert Counter(message.reach for message in known().values()) == {"run": 326, "source": 17, "never": 97}


@pytest.mark.parametrize("message", known().values(), ids=list(known()))
def test_each_is_well_formed(message: Message) -> None:
    """Its group, versions, system and start methods are known, it can be looked for, a reason is a sentence."""
    assert re.fullmatch(r"[a-z0-9_<>-]+", message.id)
    assert message.group in GROUPS
    assert re.fullmatch(r"(3\.1[1-5][+-]?)?", message.pythons)
    assert message.platform in {"", "Linux", "POSIX", "macOS", "Windows"}
    assert set(message.start_methods) <= set(START_METHODS)
    assert message.kind in {"", "warn", "log", "stderr", "note", "cause", "signal", "hang", "silent"}
    if message.reach == "run":
        assert message.regex or message.outcome
        assert not re.search(message.regex or "nothing", "", re.MULTILINE)
        assert not message.reason
    else:
        assert re.fullmatch(r"[A-Z`].*\.", message.reason)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"Traceback (most recent call last):\n  …\n{CLOSED}\n", True),
        (f"caught {CLOSED}", True),
        ("ValueError('process object is closed')", True),
        ("process object is closed", False),
        ("MyValueError: process object is closed", False),
        ("ValueError: process object\nis closed", False),
    ],
)
def test_exception_and_text_are_looked_for(make_transcript: Make, text: str, found: bool) -> None:
    """A message is found in a traceback, and as `print` shows an exception or its repr."""
    assert message_of("proc-closed").printed_by(run(make_transcript, (101, text))) == found


@pytest.mark.parametrize(("text", "found"), [("EOFError\n", True), ("EOFError()", True), ("EOFError: of text", False)])
def test_exception_without_text(make_transcript: Make, text: str, found: bool) -> None:
    """Where an exception has no text, none may follow its name."""
    assert message_of("conn-eof").printed_by(run(make_transcript, (101, text))) == found


def test_gap_is_anything(make_transcript: Make) -> None:
    """What differs from run to run is not compared."""
    told = "ValueError: Queue <multiprocessing.queues.Queue object at 0x7f00> is closed\n"
    assert printed(["q-closed-put"], run(make_transcript, (101, told))) == ["q-closed-put"]


def test_processes_do_not_mix(make_transcript: Make) -> None:
    """What two processes wrote at once is looked through one by one."""
    mixed = run(make_transcript, (101, "ValueError: process "), (102, "at work\n"), (101, "object is closed\n"))
    assert printed(["proc-closed"], mixed) == ["proc-closed"]
    shared = run(make_transcript, (101, "ValueError: process "), (102, "object is closed\n"))
    assert printed(["proc-closed"], shared) == []


def test_outcome_counts(make_transcript: Make) -> None:
    """A hang is shown by a run that is stuck."""
    assert printed(["q-deadlock-join"], run(make_transcript, ended="stuck", exit_code=None)) == ["q-deadlock-join"]
    assert printed(["q-deadlock-join"], run(make_transcript)) == []


def test_only_where_it_exists(make_transcript: Make) -> None:
    """A message of 3.14 does not count on 3.13, one of `fork` not under `spawn`, one of POSIX not on Windows."""
    text = (101, "ConnectionResetError: [Errno 104] Connection reset by peer\n")
    at_home = {"python": "3.14.0", "start_method": "forkserver", "platform": "Linux-x86_64"}
    assert printed(["fs-main-guard-314"], run(make_transcript, text, **at_home))
    for elsewhere in ({"python": "3.13.0"}, {"start_method": "spawn"}, {"platform": "Windows-AMD64"}):
        assert not printed(["fs-main-guard-314"], run(make_transcript, text, **{**at_home, **elsewhere}))


def test_unprinted_names_id_and_python(make_transcript: Make) -> None:
    """One start method is enough on each Python; a Python without any is named, one that has it not is not."""
    said = run(make_transcript, (101, CLOSED), python="3.13.0")
    silent = run(make_transcript, python="3.13.0", start_method="spawn")
    assert list(unprinted(["proc-closed"], [said, silent])) == []
    older = run(make_transcript, python="3.12.1")
    (told,) = unprinted(["proc-closed"], [said, silent, older])
    assert told.startswith("message 'proc-closed': no run on Python 3.12 printed it; looked for ")
    assert list(unprinted(["no-interpreters"], [run(make_transcript, python="3.14.0")])) == []


def test_unknown_id_says_what_is_near() -> None:
    """An id that is wrong by a letter is met with the right one."""
    with pytest.raises(LookupError, match="no message 'proc-closd': did you mean proc-closed"):
        message_of("proc-closd")
