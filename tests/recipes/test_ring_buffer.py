"""`spawnable.recipes.ring_buffer`: all messages in their order and an end; or a clear error."""

from __future__ import annotations

import multiprocessing
import random
import threading
from collections import deque
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from tests.recipes import jobs_ring_buffer as jobs

from spawnable.recipes.ring_buffer import RingAborted, RingBuffer, WorkerFailed

#: what a test that must not wait gives up after, seconds
LONG = 60.0


class Model(RuleBasedStateMachine):
    """A ring is a queue of so many messages: a deque says what it holds."""

    def __init__(self) -> None:
        super().__init__()
        self.ring = RingBuffer(slots=3, size=4)
        self.expected: deque[bytes] = deque()
        self.ended = False

    @precondition(lambda self: not self.ended)
    @rule(message=st.binary(max_size=4))
    def put(self, message: bytes) -> None:
        """A message is added while there is room, and only then."""
        if len(self.expected) < 3:
            self.ring.put(message, timeout=0)
            self.expected.append(message)
        else:
            with pytest.raises(TimeoutError, match="full after 0 s"):
                self.ring.put(message, timeout=0)

    @rule(message=st.binary(min_size=5, max_size=9))
    def put_too_much(self, message: bytes) -> None:
        """A message that is too long is refused, whatever the ring holds."""
        with pytest.raises(ValueError, match="at most 4"):
            self.ring.put(message, timeout=0)

    @rule()
    def get(self) -> None:
        """The oldest message is taken, each as it was put."""
        if self.expected:
            assert self.ring.get(timeout=0) == self.expected.popleft()
        elif self.ended:
            with pytest.raises(EOFError):
                self.ring.get(timeout=0)
        else:
            with pytest.raises(TimeoutError, match="empty after 0 s"):
                self.ring.get(timeout=0)

    @precondition(lambda self: not self.ended)
    @rule()
    def end(self) -> None:
        """The stream can be ended also while the ring is full; then nothing is added."""
        with self.ring:
            pass
        self.ended = True
        with pytest.raises(ValueError, match="has ended"):
            self.ring.put(b"", timeout=0)


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=15, stateful_step_count=30, deadline=None)


def pass_on(
    context: Any, messages: list[bytes], slots: int, delays: tuple[float, float] = (0, 0), size: int = 100_000
) -> list[bytes]:
    """Let one process put and another take; return what it took."""
    ring = RingBuffer(slots, size, context=context)
    reader, writer = context.Pipe(duplex=False)
    workers = [
        context.Process(target=jobs.consume, args=(ring, writer, delays[1])),
        context.Process(target=jobs.produce, args=(ring, messages, delays[0])),
    ]
    for worker in workers:
        worker.start()
    writer.close()
    with ring.watch(workers):
        taken: list[bytes] = reader.recv()
    reader.close()
    return taken


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(st.binary(max_size=20), max_size=40), slots=st.integers(1, 5))
def test_all_messages_in_their_order(context: BaseContext, messages: list[bytes], slots: int) -> None:
    """Between two processes nothing is lost, doubled, changed or moved."""
    assert pass_on(context, messages, slots, size=20) == messages
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("delays", [(0, 0.005), (0.005, 0)])
def test_slow_side(context: BaseContext, delays: tuple[float, float]) -> None:
    """A slow consumer of a full ring and a slow producer lose nothing."""
    messages = [bytes([number]) * 100_000 for number in range(12)]
    assert pass_on(context, messages, 2, delays) == messages


def test_many_messages(context: BaseContext) -> None:
    """Two processes at full speed do not read what is not yet written."""
    messages = [number.to_bytes(2, "big") * 40 for number in range(5_000)]
    assert pass_on(context, messages, 7, size=80) == messages


def test_parent_is_a_side(context: Any) -> None:
    """The process that made the ring may take from it, or put into it, while it watches the other side."""
    messages = [b"one", b"two", b"three"]
    ring = RingBuffer(1, 5, context=context)
    worker = context.Process(target=jobs.produce, args=(ring, messages))
    worker.start()
    with ring.watch([worker]):
        assert list(ring) == messages
    ring = RingBuffer(1, 5, context=context)
    reader, writer = context.Pipe(duplex=False)
    worker = context.Process(target=jobs.consume, args=(ring, writer))
    worker.start()
    with ring.watch([worker]), ring:
        for message in messages:
            ring.put(message)
    assert reader.recv() == messages
    reader.close()
    writer.close()


def test_messages_that_wait_for_the_parent(context: Any) -> None:
    """What a producer has put before it ended is there for a parent that begins to take after that."""
    ring = RingBuffer(9, 5, context=context)
    worker = context.Process(target=jobs.produce, args=(ring, [b"one", b"two"]))
    worker.start()
    with ring.watch([worker]):
        # its join() is the watch's: of two threads that ask, one may be told nonsense
        wait([worker.sentinel])
        assert list(ring) == [b"one", b"two"]


def test_two_threads() -> None:
    """Two threads of one process may be the two sides."""
    ring = RingBuffer(2, 1)
    thread = threading.Thread(target=jobs.produce, args=(ring, [b"x"] * 50))
    thread.start()
    assert list(ring) == [b"x"] * 50
    thread.join()


def test_kinds_of_bytes() -> None:
    """What has bytes can be put; what has none is refused, and takes no slot."""
    ring = RingBuffer(2, 5)
    for wrong in ("text", 5):
        with pytest.raises(TypeError):
            ring.put(wrong, timeout=0)  # type: ignore[arg-type]
    ring.put(bytearray(b"one"), timeout=0)
    ring.put(memoryview(b"two"), timeout=0)
    assert (ring.get(timeout=0), ring.get(timeout=0)) == (b"one", b"two")


@pytest.mark.parametrize(
    ("slots", "size", "text"), [(0, 1, "at least 1"), (1, 0, "at least 1"), (1, 2**32, "at most 4294967294")]
)
def test_numbers_that_make_no_ring(slots: int, size: int, text: str) -> None:
    """A ring that can hold nothing, or longer messages than it can count, is an error of the call."""
    with pytest.raises(ValueError, match=text):
        RingBuffer(slots, size)


def test_producer_that_fails(context: Any) -> None:
    """Where the producer raises, its consumer is told, and the watch names it."""
    ring = RingBuffer(5, 5, context=context)
    worker = context.Process(target=jobs.produce_then_fail, args=(ring, [b"one"]), name="Ann")
    worker.start()
    with pytest.raises(WorkerFailed, match=r"ended with an exit code: Ann \(1\)"), ring.watch([worker]):
        list(ring)
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("code", [9, 0])
def test_producer_that_vanishes(context: Any, code: int) -> None:
    """Where the producer ends without having ended the stream, its consumer is told, whatever the exit code."""
    ring = RingBuffer(5, 5, context=context)
    worker = context.Process(target=jobs.produce_then_vanish, args=(ring, [b"one"], code))
    worker.start()
    with pytest.raises(WorkerFailed if code else RingAborted), ring.watch([worker]):
        list(ring)


def test_producer_that_never_puts(context: Any) -> None:
    """A worker that ends without having begun to put is missed as well."""
    ring = RingBuffer(5, 5, context=context)
    worker = context.Process(target=jobs.forget, args=(ring,))
    worker.start()
    with pytest.raises(RingAborted), ring.watch([worker]):
        ring.get()


@pytest.mark.parametrize("number", [0, 2])
def test_consumer_that_leaves(context: Any, number: int) -> None:
    """A producer whose consumer has ended is told, also where the ring is full."""
    ring = RingBuffer(1, 5, context=context)
    worker = context.Process(target=jobs.take, args=(ring, number))
    worker.start()
    with pytest.raises(RingAborted), ring.watch([worker]), ring:
        while True:
            ring.put(b"more")


def test_parent_that_leaves(context: Any) -> None:
    """A parent that breaks out of its loop lets its producer end."""
    ring = RingBuffer(1, 5, context=context)
    worker = context.Process(target=jobs.put_until_told, args=(ring,))
    worker.start()
    with ring.watch([worker]):
        assert next(iter(ring)) == b"more"
    assert worker.exitcode == 0


def test_sides_of_which_one_dies(context: Any) -> None:
    """Where the parent is neither side, it still ends the one whose other side has died."""
    ring = RingBuffer(5, 5, context=context)
    reader, writer = context.Pipe(duplex=False)
    workers = [
        context.Process(target=jobs.produce_then_vanish, args=(ring, [b"one"], 9), name="Ann"),
        context.Process(target=jobs.consume, args=(ring, writer), name="Bo"),
    ]
    for worker in workers:
        worker.start()
    writer.close()
    with pytest.raises(WorkerFailed) as caught, ring.watch(workers):
        pass
    reader.close()
    assert caught.value.exit_codes["Ann"] == 9
    assert not multiprocessing.active_children()


def test_worker_that_does_not_end(context: Any) -> None:
    """An exception of the block goes on, and a worker that hears of nothing is killed."""
    ring = RingBuffer(1, 5, context=context)
    began, never = context.Event(), context.Event()
    worker = context.Process(target=jobs.refuse, args=(ring, began, never))
    worker.start()
    with pytest.raises(LookupError), ring.watch([worker], grace=0), ring:
        ring.put(b"one")
        began.wait()
        raise LookupError
    assert not multiprocessing.active_children()


def test_faults(context: Any, faults: int, chance: random.Random) -> None:
    """Whichever side is killed at whatever moment: all messages came in order, or the watch names who failed."""
    for _ in range(faults):
        ring = RingBuffer(chance.choice([1, 2, 10]), 100_000, context=context)
        messages = [bytes(chance.choice([0, 100, 100_000])) for _ in range(20)]
        reader, writer = context.Pipe(duplex=False)
        delays = [chance.choice([0, 0.001, 0.01]) for _ in range(2)]
        workers = [
            context.Process(target=jobs.consume, args=(ring, writer, delays[0])),
            context.Process(target=jobs.produce, args=(ring, messages, delays[1])),
        ]
        for worker in workers:
            worker.start()
        writer.close()
        victim = chance.choice(workers)
        timer = threading.Timer(chance.uniform(0, 0.3), victim.kill)
        timer.start()
        try:
            with ring.watch(workers):
                try:
                    taken = reader.recv()
                except (EOFError, OSError):  # killed in the middle of it
                    taken = None
            assert taken == messages
        except WorkerFailed as error:
            assert victim.name in error.exit_codes
        timer.cancel()
        timer.join()
        reader.close()
        assert not multiprocessing.active_children()
