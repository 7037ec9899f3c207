"""`spawnable.recipes.closable_queue`: nothing lost, nothing twice, and an end; or a clear error."""

from __future__ import annotations

import multiprocessing
import random
import threading
from collections import Counter
from multiprocessing.context import BaseContext
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.recipes import jobs_closable_queue as jobs
from tests.recipes.conftest import Program
from tests.recipes.jobs_watches import fail_and_wait

from spawnable.recipes import closable_queue
from spawnable.recipes.closable_queue import ClosableQueue, QueueAborted, WorkerFailed


def crowd(context: Any, lists: list[list[Any]], consumers: int, maxsize: int, delay: float = 0) -> list[list[Any]]:
    """Let a producer for each list put, and so many consumers take; return what each took."""
    queue = ClosableQueue[Any](producers=len(lists), maxsize=maxsize, context=context)
    pipes = [context.Pipe(duplex=False) for _ in range(consumers)]
    workers = [context.Process(target=jobs.consume, args=(queue, writer, delay)) for _, writer in pipes]
    workers += [context.Process(target=jobs.produce, args=(queue, items)) for items in lists]
    for worker in workers:
        worker.start()
    for _, writer in pipes:
        writer.close()
    with queue.watch(workers):
        taken = [reader.recv() for reader, _ in pipes]
    for reader, _ in pipes:
        reader.close()
    return taken


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lists=st.lists(st.lists(st.text(max_size=5), max_size=20), min_size=1, max_size=3),
    consumers=st.integers(1, 3),
    maxsize=st.integers(0, 3),
)
def test_nothing_lost_nothing_twice(context: BaseContext, lists: list[list[str]], consumers: int, maxsize: int) -> None:
    """All consumers end, having taken each item once, those of one producer in the order of their puts."""
    marked = [[(number, place, text) for place, text in enumerate(items)] for number, items in enumerate(lists)]
    taken = crowd(context, marked, consumers, maxsize)
    assert Counter(item for part in taken for item in part) == Counter(item for items in marked for item in items)
    for part in taken:
        for number in range(len(lists)):
            places = [place for producer, place, _ in part if producer == number]
            assert places == sorted(places)


def test_slow_consumers_and_a_full_queue(context: BaseContext) -> None:
    """Items larger than a pipe pass through a queue of one, to consumers that dawdle."""
    items = [bytes([number]) * 100_000 for number in range(6)]
    taken = crowd(context, [items[:3], items[3:]], 2, 1, delay=0.01)
    assert sorted(item for part in taken for item in part) == items


def test_parent_consumes(context: Any) -> None:
    """The process that made the queue may take from it, while it watches the producers."""
    queue = ClosableQueue[int](producers=2, context=context)
    workers = [context.Process(target=jobs.produce, args=(queue, list(range(5)))) for _ in range(2)]
    for worker in workers:
        worker.start()
    with queue.watch(workers):
        assert sorted(queue) == sorted([*range(5), *range(5)])


def test_item_is_what_was_put() -> None:
    """A change of an item after `put` has returned does not reach the consumer."""
    queue = ClosableQueue[list[int]](producers=1)
    with queue:
        item = [1]
        queue.put(item)
        item.append(2)
    assert list(queue) == [[1]]


def test_item_that_can_not_be_pickled() -> None:
    """An item that can not be pickled is an error of `put`, and not lost in silence."""
    queue = ClosableQueue[Any](producers=1)
    with pytest.raises(Exception, match="pickle"):
        queue.put(lambda: None)


def test_no_producers() -> None:
    """A queue without producers would never end."""
    with pytest.raises(ValueError, match="no producers: 0"):
        ClosableQueue[int](producers=0)


def test_more_producers_than_said(context: Any) -> None:
    """One producer more, whose items nobody would take, is an error before it puts any."""
    queue = ClosableQueue[int](producers=1, context=context)
    worker = context.Process(target=jobs.produce, args=(queue, [1]))
    worker.start()
    with queue.watch([worker]):
        assert list(queue) == [1]
    with pytest.raises(ValueError, match="producer 2 of a queue for 1"), queue:
        pytest.fail("the block was begun")


@pytest.mark.parametrize("job", [jobs.produce_then_fail, jobs.produce_then_vanish])
def test_producer_that_fails(context: Any, job: Any) -> None:
    """Where a producer raises or vanishes, the consumers end, and the watch names it."""
    queue = ClosableQueue[Any](producers=2, context=context)
    workers = [
        context.Process(target=job, args=(queue, [1]), name="Ann"),
        context.Process(target=jobs.consume_and_forget, args=(queue,), name="Bo"),
    ]
    for worker in workers:
        worker.start()
    with pytest.raises(WorkerFailed, match="ended with an exit code") as caught, queue.watch(workers):
        pass
    assert "Ann" in caught.value.exit_codes
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("maxsize", [0, 1])
def test_parent_that_leaves_early(context: Any, maxsize: int) -> None:
    """A parent that breaks out of its loop lets its producers end, and that is no error."""
    queue = ClosableQueue[Any](producers=1, maxsize=maxsize, context=context)
    worker = context.Process(target=jobs.produce, args=(queue, [bytes(10_000)] * 100))
    worker.start()
    with queue.watch([worker]):
        for _ in queue:
            break
    assert not multiprocessing.active_children()


def test_thread_of_the_parent_that_consumes(context: Any) -> None:
    """Another thread of the parent may go on to take what is left, when the block has come to its end."""
    queue = ClosableQueue[Any](producers=2, context=context)
    worker = context.Process(target=jobs.produce, args=(queue, [1, 2]))
    worker.start()
    items: list[int] = []
    begun, taken = threading.Event(), threading.Event()

    def take() -> None:
        for item in queue:
            items.append(item)
            begun.set()
        taken.set()

    thread = threading.Thread(target=take)
    thread.start()
    with queue.watch([worker]):
        begun.wait()
    with queue:
        queue.put(3)
    thread.join()
    assert (items, taken.is_set()) == ([1, 2, 3], True)


def test_consumer_that_dies_with_the_lock(context: Any) -> None:
    """A consumer killed while it counts a producer down does not keep the parent from being told."""
    queue = ClosableQueue[Any](producers=1, context=context)
    taken = context.Event()
    worker = context.Process(target=jobs.vanish_with_the_lock, args=(queue, taken), name="Ann")
    worker.start()
    with queue:
        pass
    with pytest.raises(WorkerFailed, match=r"Ann \(9\)"), queue.watch([worker]):
        taken.wait()
        list(queue)


def test_nothing_to_wait_for(context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all workers have ended the watch ends at once: it does not wait for none of them."""
    queue = ClosableQueue[Any](producers=1, context=context)
    worker = context.Process(target=jobs.produce, args=(queue, []))
    worker.start()
    worker.join()
    waits: list[Any] = []
    monkeypatch.setattr(closable_queue, "wait", lambda things, _: waits.append(things))
    with queue.watch([worker]):
        pass
    assert waits == []


def test_watch_inside_of_the_block(context: Any) -> None:
    """A watch that ends before the block of its parent's producer does not wait for what comes after it."""
    queue = ClosableQueue[Any](producers=1, context=context)
    worker = context.Process(target=jobs.consume_and_forget, args=(queue,))
    worker.start()
    with pytest.raises(QueueAborted), queue, queue.watch([worker]):
        queue.put(1)
    assert not multiprocessing.active_children()


def test_forked_in_the_block(context: Any) -> None:
    """A process that was started inside of a producer's block is none that has begun one."""
    queue = ClosableQueue[Any](producers=1, context=context)
    reader, writer = context.Pipe(duplex=False)
    with queue:
        worker = context.Process(target=jobs.watch_a_consumer, args=(queue, writer, context))
        worker.start()
        writer.close()
        queue.put(1)
    assert reader.recv() == [1]
    worker.join()
    assert worker.exitcode == 0


def test_interrupt_at_the_end_of_the_block(context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while a producer waits to say that it is done lets nobody wait for that."""
    queue = ClosableQueue[Any](producers=1, context=context)

    def press(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), queue:
        monkeypatch.setattr(queue._queue, "put", press)
    with pytest.raises(QueueAborted):
        list(queue)


def test_program_whose_worker_gives_up(start_method: str, program: Program) -> None:
    """A program ends also where it has put more than a worker took, which aborted the queue and ended well."""
    done = program(
        "closable_queue",
        "import multiprocessing\n"
        "from closable_queue import ClosableQueue\n"
        "def give_up(queue):\n"
        "    queue.abort()\n"
        "if __name__ == '__main__':\n"
        f"    context = multiprocessing.get_context({start_method!r})\n"
        "    queue = ClosableQueue(producers=1, context=context)\n"
        "    queue.put(bytes(1_000_000))\n"
        "    worker = context.Process(target=give_up, args=(queue,))\n"
        "    worker.start()\n"
        "    with queue.watch([worker]):\n"
        "        pass\n",
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_parent_that_is_told_puts_no_more(context: Any, capfd: pytest.CaptureFixture[str]) -> None:
    """What a parent has put, and nobody will take, is dropped in silence when a worker has failed."""
    queue = ClosableQueue[Any](producers=1, context=context)
    worker = context.Process(target=fail_and_wait, args=(queue, context.Event()), name="Ann")
    for _ in range(9):
        queue.put(bytes(1_000_000))
    worker.start()
    with pytest.raises(WorkerFailed), queue.watch([worker], grace=0.2):
        pass
    assert not queue._queue._buffer
    assert "handle is closed" not in capfd.readouterr().err


def test_parent_that_consumes_is_told(context: Any) -> None:
    """A parent in the middle of its loop is told that a producer has vanished."""
    queue = ClosableQueue[Any](producers=1, context=context)
    worker = context.Process(target=jobs.produce_then_vanish, args=(queue, 1), name="Ann")
    worker.start()
    with pytest.raises(WorkerFailed, match=r"ended with an exit code: Ann \(9\)"), queue.watch([worker]):
        for _ in queue:
            pass


def test_error_in_the_block(context: Any) -> None:
    """An exception of the block itself ends all workers."""
    queue = ClosableQueue[Any](producers=2, context=context)
    worker = context.Process(target=jobs.consume_and_forget, args=(queue,))
    worker.start()
    with pytest.raises(LookupError), queue.watch([worker]):
        raise LookupError
    assert not multiprocessing.active_children()
    with pytest.raises(QueueAborted):
        queue.put(1)


def test_consumer_that_leaves_early(context: Any) -> None:
    """What a consumer that breaks out of its loop has not taken, others take."""
    queue = ClosableQueue[int](producers=1, context=context)
    taken = context.Event()
    worker = context.Process(target=jobs.take_one, args=(queue, taken))
    worker.start()
    with queue.watch([worker]):
        with queue:
            for number in range(4):
                queue.put(number)
        taken.wait()
        assert list(queue) == [1, 2, 3]


def test_faults(context: Any, faults: int, chance: random.Random) -> None:
    """Whichever worker is killed at whatever moment: all items were taken, or the watch names who failed."""
    for _ in range(faults):
        queue = ClosableQueue[Any](producers=2, maxsize=chance.choice([0, 1, 5]), context=context)
        items = [bytes(chance.choice([1, 100, 100_000])) for _ in range(20)]
        reader, writer = context.Pipe(duplex=False)
        workers = [
            context.Process(target=jobs.consume, args=(queue, writer, chance.choice([0, 0.001]))),
            context.Process(target=jobs.produce, args=(queue, items)),
            context.Process(target=jobs.produce, args=(queue, items)),
        ]
        for worker in workers:
            worker.start()
        writer.close()
        victim = chance.choice(workers)
        timer = threading.Timer(chance.uniform(0, 0.3), victim.kill)
        timer.start()
        try:
            with queue.watch(workers, grace=1.5):
                try:
                    taken = reader.recv()
                except (EOFError, OSError):  # killed in the middle of it
                    taken = []
            assert sorted(taken) == sorted(items + items)
        except WorkerFailed as error:
            assert victim.name in error.exit_codes
        timer.cancel()
        timer.join()
        reader.close()
        assert not multiprocessing.active_children()
