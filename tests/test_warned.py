"""Warnings and ignored exceptions are recognised, as every Python prints them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from spawnable.ends import held, killer
from spawnable.run import run
from spawnable.snippet import Limits, Snippet
from spawnable.transcript import Event, Transcript
from spawnable.warned import warned, warnings_in

MakeTranscript = Callable[..., Transcript]
#: the processes of the transcripts that are made here
MAIN, CHILD = 41200, 41203
TRACKER = (
    "/usr/lib/python3.11/multiprocessing/resource_tracker.py:254: UserWarning: resource_tracker: "
    "There appear to be 1 leaked shared_memory objects to clean up at shutdown"
)
FORK = (
    "/usr/lib/python3.12/multiprocessing/popen_fork.py:66: DeprecationWarning: This process (pid=41200) is "
    "multi-threaded, use of fork() may lead to deadlocks in the child."
)
IGNORED = """Exception ignored in: <function Pool.__del__ at 0x7f0000000000>
Traceback (most recent call last):
  File "/usr/lib/python3.13/multiprocessing/pool.py", line 271, in __del__
    self._change_notifier.put(None)
OSError: [Errno 9] Bad file descriptor
"""


@pytest.mark.parametrize(
    ("text", "category", "begin", "ignored"),
    [
        (TRACKER, "UserWarning", "There appear to be 1 leaked", False),
        (FORK, "DeprecationWarning", "This process (pid=41200)", False),
        ("<sys>:0: ResourceWarning: unclosed file <x>", "ResourceWarning", "unclosed file", False),
        (IGNORED, "OSError", "Exception ignored in: <function Pool.__del__", True),
        (IGNORED.replace("in:", "while calling deallocator"), "OSError", "Exception ignored while calling", True),
        ("Exception ignored in: <x>\nno class:", "", "Exception ignored in: <x>", True),
    ],
)
def test_category_and_message(text: str, category: str, begin: str, ignored: bool) -> None:
    """Of one warning, after and before other lines."""
    (found,) = warnings_in(f"one\n{text}\ntwo\n")
    assert (found.category, found.ignored) == (category, ignored)
    assert found.message.startswith(begin)


@pytest.mark.parametrize("text", ["", "a: Warning: b", "UserWarning: no place", "x.py:3: ValueError: no warning"])
def test_what_is_no_warning(text: str) -> None:
    """A place and a class that is called so are needed."""
    assert warnings_in(text) == []


def test_each_warning_has_its_process(make_transcript: MakeTranscript) -> None:
    """Though two processes write at once, and one in pieces."""
    found = warned(make_transcript((MAIN, TRACKER[:9]), (CHILD, FORK + "\n"), (MAIN, TRACKER[9:] + "\n")))
    assert {(item.pid, item.category) for item in found} == {(MAIN, "UserWarning"), (CHILD, "DeprecationWarning")}


def test_the_resource_tracker_warns() -> None:
    """In a real run."""
    code = """
import os
from multiprocessing.shared_memory import SharedMemory

kept = SharedMemory(create=True, size=10)
os._exit(0)
"""
    transcript = run(Snippet("x", code, limits=Limits(time=120)), "spawn")
    (found,) = warned(transcript)
    process = transcript.process(found.pid)
    assert process is not None
    assert process.name == "resource_tracker"
    assert "leaked shared_memory" in found.message


def test_the_killer_is_who_sent_the_signal_that_ended_it(make_transcript: MakeTranscript) -> None:
    """Not who sent another signal, or the same one to another process, or later."""
    transcript = make_transcript(child_exit=-15)
    child = transcript.processes[1]
    for event in (
        Event(0.3, MAIN, "kill", CHILD, "9"),
        Event(0.3, MAIN, "kill", 7, "15"),
        Event(0.9, MAIN, "kill", CHILD, "15"),
    ):
        transcript.events = [event]
        assert killer(child, transcript) == ""
    transcript.events = [Event(0.3, MAIN, "kill", CHILD, "15")]
    assert killer(child, transcript) == "main"
    transcript.events = [Event(0.3, CHILD, "kill", None, "15 group")]
    assert killer(child, transcript) == "itself"


def test_a_thread_that_ended_at_once_held_nobody(make_transcript: MakeTranscript) -> None:
    """Only what took a while is told."""
    transcript = make_transcript()
    transcript.events = [Event(0.1, MAIN, "holds", None, "a in b"), Event(0.39, CHILD, "holds", None, "c in d")]
    assert held(transcript) == [(transcript.main, "a, in `b`", 0.4)]
