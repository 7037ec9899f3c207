"""Runs that record their messages: they do what the others do, and each message finds the one who got it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spawnable.agreement import agree
from spawnable.run import run
from spawnable.snippet import Snippet
from spawnable.timeline import draw, timeline
from spawnable.timeline.messages import Message, Span, messages, recorded, spans
from spawnable.transcript import Event, Transcript

SCRIPT = """\
import multiprocessing


def work(end, queue, lock, event, barrier, slots):
    end.send("hello")
    assert end.recv() == ("back", 1)
    barrier.wait()
    event.wait()
    with lock:
        queue.put(17)
    slots.acquire()
    slots.release()


if __name__ == "__main__":
    mine, theirs = multiprocessing.Pipe()
    queue = multiprocessing.Queue()
    lock = multiprocessing.Lock()
    event = multiprocessing.Event()
    barrier = multiprocessing.Barrier(2)
    slots = multiprocessing.Semaphore(2)
    lock.acquire()
    child = multiprocessing.Process(target=work, args=(theirs, queue, lock, event, barrier, slots))
    child.start()
    print(mine.recv())
    mine.send(("back", 1))
    barrier.wait()
    event.set()
    lock.release()
    print(queue.get())
    child.join()
"""
SAME = """\
import multiprocessing
import os


def work(queue, number):
    for _ in range(50):
        queue.put("the same")


if __name__ == "__main__":
    queue = multiprocessing.Queue()
    workers = [multiprocessing.Process(target=work, args=(queue, number)) for number in (1, 2)]
    for worker in workers:
        worker.start()
    got = [queue.get() for _ in range(100)]
    for worker in workers:
        worker.join()
    print(len(got))
"""
STUCK = """\
import multiprocessing


def work(lock):
    lock.acquire()


if __name__ == "__main__":
    lock = multiprocessing.Lock()
    lock.acquire()
    child = multiprocessing.Process(target=work, args=(lock,))
    child.start()
    child.join()
"""


def traced(code: str, start_method: str, expect: str = "ok") -> Transcript:
    """Return what a script did that recorded its messages."""
    from spawnable.expectation import Expectations

    return run(Snippet("script", code, traced=True, expectations=Expectations.parse(expect)), start_method)


@pytest.mark.parametrize("start_method", ["fork", "forkserver", "spawn"])
def test_messages_and_locks_are_recorded_and_nothing_else_changes(start_method: str) -> None:
    """A two-way pipe, a queue, a lock, an event and a barrier are seen; lines and outcome are those without."""
    transcript = traced(SCRIPT, start_method)
    plain = run(Snippet("script", SCRIPT), start_method)
    assert agree(plain, transcript)
    assert not recorded(plain)
    assert recorded(transcript)
    main, child = transcript.main.pid, next(p.pid for p in transcript.processes if p.name == "Process-1")
    seen = {(item.sender, item.receiver, item.channel, item.content) for item in messages(transcript)}
    assert (child, main, "end", "'hello'") in seen or (child, main, "theirs", "'hello'") in seen
    assert (main, child, "mine", "('back', 1)") in seen
    assert (child, main, "queue", "17") in seen
    told = next(event.time for event in transcript.events if event.what == "set" and event.detail.startswith("Event"))
    waits = [span for span in spans(transcript, 9.0) if (span.name, span.pid) == ("event", child)]
    assert ((main, child, "event", "set()") in seen) == any(span.begin <= told for span in waits)
    held = [span for span in spans(transcript, 9.0) if span.what == "hold"]
    assert {(span.pid, span.name) for span in held} == {(main, "lock"), (child, "lock"), (child, "slots")}
    assert all(span.over for span in held)
    first, second = (next(span for span in held if (span.pid, span.name) == (pid, "lock")) for pid in (main, child))
    assert first.end <= second.end
    assert {span.pid for span in spans(transcript, 9.0) if span.name == "barrier"} == {main, child}


@pytest.mark.parametrize("start_method", ["fork", "forkserver", "spawn"])
def test_equal_messages_are_each_received_once(start_method: str) -> None:
    """Of a hundred equal items from two processes, each send has one receive, later than it, in order."""
    transcript = traced(SAME, start_method)
    found = messages(transcript)
    assert len(found) == 100
    assert {item.receiver for item in found} == {transcript.main.pid}
    names = {process.pid: process.name for process in transcript.processes}
    assert {names[item.sender] for item in found} == {"Process-1", "Process-2"}
    assert all(item.received is not None and item.sent <= item.received for item in found)
    assert len(draw(transcript)) < 12_000


BOUND = """
import multiprocessing

if __name__ == "__main__":
    event, barrier = multiprocessing.Event(), multiprocessing.Barrier(2)
    children = [multiprocessing.Process(target=target) for target in (event.set, barrier.wait, barrier.wait)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    print(event.is_set(), [child.exitcode for child in children])
"""


@pytest.mark.parametrize("start_method", ["fork", "forkserver", "spawn"])
def test_a_bound_method_can_be_sent(start_method: str) -> None:
    """A recorded Event or Barrier gives its methods to a process as one that is not recorded does."""
    transcript = traced(BOUND, start_method)
    assert transcript.text == "True [0, 0, 0]\n"


@pytest.mark.parametrize("start_method", ["fork", "spawn"])
def test_a_lock_that_is_never_given_back(start_method: str) -> None:
    """Main holds the lock and the child waits for it, both to the end of the run; no frame of ours is shown."""
    transcript = traced(STUCK, start_method, "stuck")
    assert transcript.ended == "stuck"
    drawn = timeline(transcript)
    child = next(lane for lane in drawn.lanes if lane.process.name == "Process-1")
    assert [(span.what, span.name, span.over) for span in child.spans] == [("wait", "lock", False)]
    assert [(span.what, span.name, span.over) for span in drawn.lanes[0].spans][-1] == ("hold", "lock", False)
    assert child.spans[0].end == drawn.end
    assert "spawnable_trace" in "".join(process.stack for process in transcript.processes)
    assert "spawnable_trace" not in "".join(lane.process.stack for lane in drawn.lanes)


def test_a_receive_belongs_to_the_first_equal_send_of_its_pipe(zombie: Transcript) -> None:
    """Equal bytes through another pipe are another message; what nobody received is told as such."""
    events = [
        Event(0.1, 4101, "called", None, "i7 jobs"),
        Event(0.1, 4101, "send", None, "i7 n3 c00000001 h"),
        Event(0.11, 4101, "send", None, "i8 n3 c00000001 h"),
        Event(0.12, 4101, "send", None, "i7 n3 c00000001 h"),
        Event(0.2, 4102, "recv", None, "i7 n3 c00000001 h 0.05"),
    ]
    found = messages(replace(zombie, events=events))
    assert found == [
        Message(4101, 0.1, 4102, 0.2, "jobs", "3 bytes"),
        Message(4101, 0.11, None, None, "", "3 bytes"),
        Message(4101, 0.12, None, None, "jobs", "3 bytes"),
    ]


def test_a_lock_taken_twice_is_held_until_it_is_freed_twice(zombie: Transcript) -> None:
    """An RLock is held from the first acquire to the last release."""
    words = ["wait", "got", "wait", "got", "freed", "freed"]
    events = [Event(0.1 * number, 4101, word, None, "RLock l1") for number, word in enumerate(words, 1)]
    held = [span for span in spans(replace(zombie, events=events), 1.0) if span.what == "hold"]
    assert [(span.pid, round(span.begin, 1), round(span.end, 1), span.name) for span in held] == [
        (4101, 0.2, 0.6, "RLock")
    ]
    assert isinstance(held[0], Span)


def test_who_has_a_lock_at_once_did_not_wait(zombie: Transcript) -> None:
    """Less than half a millisecond is no time of waiting, as nothing that a reader sees would show it."""
    times = [("wait", 0.1), ("got", 0.1002), ("freed", 0.2), ("wait", 0.3), ("got", 0.301), ("freed", 0.4)]
    events = [Event(time, 4101, word, None, "Lock l1") for word, time in times]
    found = spans(replace(zombie, events=events), 1.0)
    assert [(span.what, span.begin) for span in found] == [("hold", 0.1002), ("wait", 0.3), ("hold", 0.301)]
