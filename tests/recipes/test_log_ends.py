"""`spawnable.recipes.log_to_one_place`: its block, and a program that has one, come to an end whatever goes on."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

import pytest
from tests.recipes import jobs_log_to_one_place as jobs
from tests.recipes.conftest import Program
from tests.recipes.written import Written

from spawnable.recipes.log_to_one_place import OnePlace


def test_worker_that_goes_on(context: Any, written: Written) -> None:
    """The block ends although a worker goes on, when the time of grace is over."""
    place = OnePlace(grace=0)
    logged, end = context.Event(), context.Event()
    worker = context.Process(target=jobs.log_and_wait, args=(place, logged, end))
    worker.start()
    with place:
        logged.wait()
    assert worker.is_alive()
    end.set()
    worker.join()
    assert written.texts() == ["here"]


def test_worker_that_goes_on_logging(context: Any, written: Written) -> None:
    """The block ends in time also while a worker logs on and on; what it logs after that is not written."""
    place, end = OnePlace(grace=0), context.Event()
    worker = context.Process(target=jobs.log_now_and_then, args=(place, end))
    worker.start()

    def enter_and_leave() -> None:
        with place:
            while not written.records:
                time.sleep(0.001)

    block = threading.Thread(target=enter_and_leave, daemon=True)
    block.start()
    block.join(20)
    ended, goes_on, count = not block.is_alive(), worker.is_alive(), len(written.records)
    end.set()
    worker.join()
    assert (ended, goes_on) == (True, True)
    assert len(written.records) == count


def test_nobody_listens(context: Any, written: Written) -> None:
    """A worker that comes after the block is told so."""
    with OnePlace() as place:
        pass
    reader, writer = context.Pipe(duplex=False)
    worker = context.Process(target=jobs.try_to_use, args=(place, writer))
    worker.start()
    assert reader.recv() == "nobody listens"
    worker.join()
    reader.close()
    writer.close()


def test_program_that_never_enters(start_method: str, program: Program) -> None:
    """A program that fails before its block ends nevertheless, and so do its workers."""
    done = program(
        "log_to_one_place",
        "import multiprocessing\n"
        "from log_to_one_place import OnePlace\n"
        "if __name__ == '__main__':\n"
        "    place = OnePlace()\n"
        f"    context = multiprocessing.get_context({start_method!r})\n"
        "    for _ in range(2):\n"
        "        context.Process(target=place.use).start()\n"
        "    raise LookupError('before the block')\n",
    )
    assert done.returncode == 1
    assert "LookupError: before the block" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="a pipe of Windows has no file that could be removed")
def test_program_whose_door_is_gone(program: Program) -> None:
    """A program that can not end its block in order, as the listener's socket was removed, ends nevertheless."""
    done = program(
        "log_to_one_place",
        "import os\nfrom log_to_one_place import OnePlace\nwith OnePlace() as place:\n    os.unlink(place._address)\n",
    )
    assert done.returncode == 1
    assert "FileNotFoundError" in done.stderr
