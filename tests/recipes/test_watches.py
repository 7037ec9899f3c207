"""`watch()` of a closable queue and of a ring buffer: who has failed is named, also where it has to be killed."""

from __future__ import annotations

import multiprocessing
import time
from typing import Any

import pytest
from tests.recipes import jobs_watches as jobs

from spawnable.recipes import closable_queue, ring_buffer

#: what a test that must not wait gives up after, seconds
LONG = 60.0
FAILED: Any = (closable_queue.WorkerFailed, ring_buffer.WorkerFailed)


KINDS = ["queue", "ring"]


@pytest.fixture(params=KINDS)
def watched(request: pytest.FixtureRequest, context: Any) -> Any:
    """What has one producer and one consumer."""
    return jobs.make(request.param, context)


def test_worker_that_fails_and_stays(context: Any, watched: Any) -> None:
    """A worker that has failed and does not end is killed, and named."""
    worker = context.Process(target=jobs.fail_and_stay, args=(watched,), name="Ann")
    worker.start()
    with pytest.raises(FAILED, match="Ann"), watched.watch([worker], grace=0.2):
        pass
    assert not multiprocessing.active_children()


def test_first_to_fail_is_named(context: Any, watched: Any) -> None:
    """Where one fails, and another that was told of it ends before that one does, both are named."""
    end = context.Event()
    ann = context.Process(target=jobs.fail_and_wait, args=(watched, end), name="Ann")
    bo = context.Process(target=jobs.take, args=(watched,), name="Bo")
    ann.start()
    bo.start()
    with pytest.raises(FAILED) as caught, watched.watch([ann, bo], grace=LONG):
        # until the watch knows: it alone may ask for the end
        while bo._popen.returncode is None:
            time.sleep(0.001)
        end.set()
    assert set(caught.value.exit_codes) == {"Ann", "Bo"}


@pytest.mark.parametrize("kind", KINDS)
def test_worker_of_another_fails(context: Any, kind: str) -> None:
    """Where another queue or ring was aborted, the workers of this one end too, and who failed there is named."""
    first, second = jobs.make(kind, context), jobs.make(kind, context)
    ann = context.Process(target=jobs.put_on, args=(first,), name="Ann")
    bo = context.Process(target=jobs.fail_with, args=(second, first), name="Bo")
    ann.start()
    bo.start()
    with pytest.raises(FAILED) as caught, second.watch([bo], grace=LONG), first.watch([ann], grace=LONG):
        jobs.take(second)
    assert set(caught.value.exit_codes) == {"Bo"}
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("kind", KINDS)
def test_worker_fails_between_two(context: Any, kind: str) -> None:
    """A worker that was between two, and failed, is named by the watch of either."""
    for seen in (0, 1):
        ends = jobs.make(kind, context), jobs.make(kind, context)
        worker = context.Process(target=jobs.pass_on, args=(*ends, ends[seen]), name="Ann")
        worker.start()
        with pytest.raises(FAILED, match="Ann"), ends[seen].watch([worker], grace=LONG):
            with ends[0]:
                ends[0].put(b"one")
            jobs.take(ends[1])


def test_block_that_catches_it(context: Any, watched: Any) -> None:
    """Who has failed is named also where the block itself deals with what its loop raised."""
    end = context.Event()
    worker = context.Process(target=jobs.fail_and_wait, args=(watched, end), name="Ann")
    worker.start()
    with pytest.raises(FAILED, match="Ann"), watched.watch([worker], grace=LONG):
        with pytest.raises((closable_queue.QueueAborted, ring_buffer.RingAborted)):
            jobs.take(watched)
        end.set()


def test_worker_that_was_not_started(context: Any, watched: Any) -> None:
    """A worker that was not started is an error at once: there is nothing to wait for."""
    worker = context.Process(target=jobs.take, args=(watched,), name="Ann")
    with pytest.raises(ValueError, match="Ann was not started"), watched.watch([worker]):
        pytest.fail("the block was begun")


@pytest.mark.usefixtures("folder_of_all")
@pytest.mark.parametrize("kind", KINDS)
def test_parent_that_dies(context: Any, kind: str) -> None:
    """A child that waits for what comes is told when the process that started it is gone."""
    reader, writer = context.Pipe(duplex=False)
    parent = context.Process(target=jobs.abandon, args=(kind, context, writer))
    parent.start()
    writer.close()
    assert reader.poll(LONG)
    assert reader.recv() == "the parent process is gone"
    reader.close()
    parent.join()


@pytest.mark.usefixtures("folder_of_all")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("late", [False, True])
def test_parent_that_dies_while_a_sibling_lives(context: Any, kind: str, late: bool) -> None:
    """A child is told so too where another child, which a fork gave what would tell of it, goes on.

    That is so also where the child is late: its parent was gone before it began to wait.
    """
    reader, writer = context.Pipe(duplex=False)
    never = context.Event()
    parent = context.Process(target=jobs.abandon_two, args=(kind, context, writer, never), kwargs={"late": late})
    parent.start()
    writer.close()
    try:
        assert reader.poll(LONG)
        assert reader.recv() == "the parent process is gone"
    finally:
        never.set()
        reader.close()
        parent.join()
