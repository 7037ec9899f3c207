"""`spawnable.recipes.log_to_one_place`: what a worker has logged is written once, whatever becomes of the worker."""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.recipes import jobs_log_to_one_place as jobs
from tests.recipes.written import Written

from spawnable.recipes.log_to_one_place import OnePlace, _key

HALF = pytest.mark.skipif(os.name == "nt", reason="a pipe of Windows takes a message whole")


def run(context: Any, place: OnePlace, *calls: tuple[Any, ...]) -> list[int]:
    """Call functions, each in a process, at once, while the place writes; return the exit codes."""
    workers = [context.Process(target=function, args=args) for function, *args in calls]
    for worker in workers:
        worker.start()
    with place:
        for worker in workers:
            worker.join()
    return [worker.exitcode for worker in workers]


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lists=st.lists(st.lists(st.text(max_size=20), max_size=10), max_size=3))
def test_all_is_written(context: Any, lists: list[list[str]]) -> None:
    """All that workers have logged is written once, that of one worker in its order."""
    root, handler = logging.getLogger(), Written()
    handlers, root.handlers = root.handlers, [handler]
    try:
        place = OnePlace(level=logging.WARNING)
        calls = [(jobs.log_all, place, f"w{number}", texts) for number, texts in enumerate(lists)]
        assert run(context, place, *calls) == [0] * len(lists)
    finally:
        root.handlers = handlers
    assert [handler.texts(f"w{number}") for number in range(len(lists))] == lists


def test_records_larger_than_a_pipe(context: Any, written: Written) -> None:
    """Records that no pipe holds arrive, and the worker's name and process with them."""
    texts = ["x" * 1_000_000, "y" * 300_000]
    place = OnePlace()
    assert run(context, place, (jobs.log_all, place, "large", texts)) == [0]
    assert written.texts("large") == texts
    assert {record.process for record in written.records} != {os.getpid()}
    assert {record.processName for record in written.records} != {"MainProcess"}


@pytest.mark.parametrize("pool", ["Pool", "executor"])
def test_workers_of_a_pool(context: Any, pool: str, written: Written) -> None:
    """Workers use it by their initializer, those that replace others as well."""
    place = OnePlace()
    if pool == "Pool":
        with context.Pool(2, place.use, maxtasksperchild=2) as workers, place:
            workers.map(jobs.log_task, range(10), chunksize=1)
            workers.close()
            workers.join()
    else:
        with place, ProcessPoolExecutor(2, context, place.use) as executor:
            list(executor.map(jobs.log_task, range(10)))
    assert sorted(written.texts()) == sorted(f"task {number}" for number in range(10))


def test_exception_with_its_traceback(context: Any, written: Written) -> None:
    """A logged exception arrives as the text of its traceback, with its cause; formatters find it, and the stack."""
    place = OnePlace()
    run(context, place, (jobs.log_exception, place, "no such key"))
    [record] = written.records
    assert record.getMessage() == "it failed"
    text = logging.Formatter("%(levelname)s %(message)s").format(record)
    assert text.startswith("ERROR it failed\nTraceback (most recent call last):")
    assert "raise KeyError(text)" in text
    assert "raise ValueError(text) from error" in text
    assert "Stack (most recent call last):" in text


def test_levels(context: Any, written: Written) -> None:
    """Workers send what the place's level lets through, and the loggers of this process decide what is written."""
    logging.getLogger("loud").setLevel(logging.DEBUG)
    logging.getLogger("quiet").setLevel(logging.ERROR)
    try:
        place = OnePlace(level=logging.INFO)
        run(context, place, (jobs.log_levels, place))
    finally:
        logging.getLogger("loud").setLevel(logging.NOTSET)
        logging.getLogger("quiet").setLevel(logging.NOTSET)
    assert written.texts("quiet") == ["at 40"]
    # under fork a worker has copies of the levels set here as well
    assert written.texts("loud")[-3:] == ["at 20", "at 30", "at 40"]


def test_level_of_the_root(written: Written) -> None:
    """Without a level it is that of this process's root logger."""
    assert OnePlace().level == logging.WARNING


def test_values_of_its_own(context: Any, written: Written) -> None:
    """Values that a record was given arrive, and one that can not be sent as text."""
    place = OnePlace()
    run(context, place, (jobs.log_extras, place))
    [record] = written.records
    assert vars(record)["tags"] == ["a", 1]
    assert "lambda" in vars(record)["function"]


def test_what_was_logged_before_a_crash(context: Any, written: Written) -> None:
    """What a worker has logged is written, also where it exits right after it without a word."""
    place = OnePlace()
    assert run(context, place, (jobs.log_and_vanish, place, "last words")) == [9]
    assert written.texts() == ["last words"]


@HALF
def test_killed_in_the_middle(context: Any, written: Written) -> None:
    """A worker that has sent a part of a record stops no other; what it had logged before is written."""
    place = OnePlace()
    calls = [(jobs.log_all, place, "other", [str(number)] * 100) for number in range(2)]
    assert run(context, place, (jobs.vanish_in_the_middle, place, "whole"), *calls) == [9, 0, 0]
    assert written.texts("vanishes") == ["whole"]
    assert len(written.texts("other")) == 200


@HALF
def test_interrupted_in_the_middle(context: Any, written: Written) -> None:
    """A worker that is interrupted while it sends a record loses that one alone."""
    place = OnePlace()
    assert run(context, place, (jobs.interrupted_in_the_middle, place)) == [0]
    assert sorted(written.texts()) == ["after", "before"]


def test_children_of_workers(context: Any, written: Written) -> None:
    """What a child of a worker logs does not mix with what the worker logs."""
    place = OnePlace()
    assert run(context, place, (jobs.log_with_child, context, place)) == [0]
    assert [text for text in written.texts() if text[0] == "p"] == ["parent", "parent again"]
    assert [len(text) for text in written.texts() if text[0] == "c"] == [10_006] * 50


def test_workers_started_in_the_block(context: Any, written: Written) -> None:
    """A worker may be started while this process writes."""
    with OnePlace() as place:
        for number in range(3):
            worker = context.Process(target=jobs.log_all, args=(place, "late", [str(number)]))
            worker.start()
            worker.join()
    # each has a reader of its own: they may be written in another order
    assert sorted(written.texts()) == ["0", "1", "2"]
    assert sorted(written.records, key=lambda record: record.created) == sorted(
        written.records, key=logging.LogRecord.getMessage
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_fork_waits_for_the_handlers(written: Written) -> None:
    """A process is not forked while a record is written: it would have copies of the locks that a handler holds."""
    import multiprocessing

    context = multiprocessing.get_context("fork")
    begun, go_on, forking, forked = (threading.Event() for _ in range(4))
    os.register_at_fork(before=forking.set)  # called before those that were registered earlier

    class Slow(logging.Handler):
        def emit(self, _: logging.LogRecord) -> None:
            begun.set()
            go_on.wait()

    def fork() -> None:
        other = context.Process(target=print)
        other.start()
        forked.set()
        other.join()

    logging.getLogger().handlers = [Slow()]
    place = OnePlace()
    worker = context.Process(target=jobs.log_all, args=(place, "slow", ["text"]))
    worker.start()
    with place:
        begun.wait()
        thread = threading.Thread(target=fork)
        thread.start()
        try:
            assert forking.wait(60)  # it has come to where it has to wait
            assert not forked.wait(0.2)
        finally:
            go_on.set()
        assert forked.wait(60)
        thread.join()
        worker.join()


def test_handler_that_fails(context: Any, written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    """An error while one record is written is shown, and the others are written."""

    def refuse(record: logging.LogRecord) -> bool:
        if record.getMessage() == "bad":
            raise LookupError("can not filter")
        return True

    written.addFilter(refuse)
    place = OnePlace()
    run(context, place, (jobs.log_all, place, "mixed", ["good", "bad", "good"]))
    assert written.texts() == ["good", "good"]
    assert "LookupError: can not filter" in capsys.readouterr().err


def test_strangers_at_the_door(context: Any, written: Written) -> None:
    """Who has not the key is not let in, nor who leaves at once, and workers are let in after them."""
    place = OnePlace()

    def knock() -> None:
        with pytest.raises(AuthenticationError):
            Client(place._address, authkey=b"wrong")
        Client(place._address).close()
        Client(place._address, authkey=_key()).close()

    stranger = threading.Thread(target=knock)
    stranger.start()
    with place:
        stranger.join()
        worker = context.Process(target=jobs.log_all, args=(place, "after", ["text"]))
        worker.start()
        worker.join()
    assert written.texts() == ["text"]


def test_parent_is_no_worker() -> None:
    """The process that writes can not send to itself."""
    with OnePlace() as place, pytest.raises(RuntimeError, match="it is the workers who use a place"):
        place.use()


def test_faults(context: Any, faults: int, chance: random.Random, written: Written) -> None:
    """Whoever is killed at whatever moment: what was logged is written once and in order, that of the others too."""
    written.most = 20  # the number; what they log until all have started can be gigabytes
    for _ in range(faults):
        written.records.clear()
        place = OnePlace()
        done = context.RawArray("q", 3)
        sizes = [chance.choice([1, 1000, 300_000]) for _ in range(3)]
        workers = [
            context.Process(target=jobs.log_for_ever, args=(place, done, name, size)) for name, size in enumerate(sizes)
        ]
        for worker in workers:
            worker.start()
        with place:
            while not all(done):
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.05))
            first, *others = chance.sample(range(3), 3)
            workers[first].kill()
            workers[first].join()
            before = list(done)
            while not all(done[name] > before[name] for name in others):
                time.sleep(0.001)  # they go on
            for name in others:
                workers[name].kill()
                workers[name].join()
        for name, number in enumerate(done):
            numbers = [int(text.split()[0]) for text in written.texts(str(name))]
            # of the one that it was about to log, nobody knows whether it was sent
            assert numbers[:number] == list(range(number))
            assert len(numbers) <= number + 1
