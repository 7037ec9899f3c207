"""Who waits for what is said in words."""

from __future__ import annotations

import pytest

from spawnable.expectation import START_METHODS, Expectations
from spawnable.run import run
from spawnable.snippet import Limits, Snippet
from spawnable.waits import frames, waits

GET = """
import multiprocessing


def take(queue):
    queue.get()


if __name__ == "__main__":
    queue = multiprocessing.Queue()
    process = multiprocessing.Process(target=take, args=(queue,))
    process.start()
    process.join()
"""
DRAIN = """
import multiprocessing


def fill(queue):
    queue.put("x" * 1_000_000)


if __name__ == "__main__":
    queue = multiprocessing.Queue()
    process = multiprocessing.Process(target=fill, args=(queue,))
    process.start()
    process.join()
"""
AT_EXIT = """
import multiprocessing


def receive(end):
    end.recv()


if __name__ == "__main__":
    ends = multiprocessing.Pipe()
    multiprocessing.Process(target=receive, args=(ends[0],)).start()
"""


def said(code: str, start_method: str) -> dict[str, str]:
    """Run a script that gets stuck; return by process what it is said to wait for."""
    snippet = Snippet("x", code, expectations=Expectations.parse("stuck"), limits=Limits(time=10))
    transcript = run(snippet, start_method)
    assert transcript.ended == "stuck"
    return dict(sentence.split(" ", 1) for sentence in waits(transcript))


@pytest.mark.parametrize("start_method", START_METHODS)
def test_join_names_the_process_that_is_waited_for(start_method: str) -> None:
    """A parent that joins a child, which waits for an item that never comes."""
    found = said(GET, start_method)
    assert found["main"] == "waits in `join()` for Process-1"
    assert found["Process-1"] == "waits in `get()` for an item"


@pytest.mark.parametrize("start_method", START_METHODS)
def test_a_queue_that_was_not_drained_is_named(start_method: str) -> None:
    """A child that can not end because nobody reads what its feeder thread writes."""
    found = said(DRAIN, start_method)
    assert found["main"] == "waits in `join()` for Process-1"
    assert found["Process-1"] == "waits at exit until the feeder thread of its queue has written what was put"


@pytest.mark.parametrize("start_method", START_METHODS)
def test_waiting_at_exit_is_told_from_waiting_on_the_way(start_method: str) -> None:
    """A parent that ended its own code and waits for a child that waits for the parent."""
    found = said(AT_EXIT, start_method)
    assert found["main"] == "waits at exit for Process-1 to end"
    assert found["Process-1"] == "waits in `recv()` for the other end of a pipe to send"


def test_no_stack_gives_no_frames() -> None:
    """An empty stack has no threads."""
    assert frames("") == []
