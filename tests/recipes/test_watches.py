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


@pytest.fixture(params=["queue", "ring"])
def watched(request: pytest.FixtureRequest, context: Any) -> Any:
    """What has one producer and one consumer."""
    if request.param == "queue":
        return closable_queue.ClosableQueue[Any](producers=1, context=context)
    return ring_buffer.RingBuffer(1, 5, context=context)


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
