"""`spawnable.recipes.shared_array`: one memory for all, unlinked by its owner, and no crash afterwards."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import pickle
import random
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

np = pytest.importorskip("numpy")

from tests.recipes import jobs_shared_array as jobs  # noqa: E402

from spawnable.recipes import shared_array  # noqa: E402
from spawnable.recipes.shared_array import SharedArray, _attach  # noqa: E402

DTYPES = ["u1", "i8", "f4", "c16", "?", "S3", "U2", "M8[s]", [("a", "i4"), ("b", "f8", (2,))]]

#: what a test that must not wait gives up after, seconds
LONG = 60.0


def exists(name: str) -> bool:
    """Tell whether there is a block of that name."""
    with contextlib.suppress(FileNotFoundError):
        _attach(name).close()
        return True
    return False


def open_files() -> int:
    """Return how many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of all blocks that are made in a test."""
    names: list[str] = []

    class Noted(shared_array._Block):
        """A block whose name is noted."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            names.append(self.name)

    monkeypatch.setattr(shared_array, "_Block", Noted)
    return names


@given(shape=st.lists(st.integers(0, 4), max_size=3), dtype=st.sampled_from(DTYPES))
@settings(deadline=None, max_examples=30)
def test_shape_and_dtype(shape: list[int], dtype: Any) -> None:
    """An array has the shape and dtype that it is made with, begins with zeros, and keeps them when it is sent."""
    with SharedArray(tuple(shape), dtype) as shared:
        expected = np.zeros(shape, dtype)
        assert shared.array.shape == expected.shape
        assert shared.array.dtype == expected.dtype
        assert (shared.array == expected).all()
        assert shared.array.flags.c_contiguous
        assert shared.array.flags.writeable
        with pickle.loads(pickle.dumps(shared)) as other:  # noqa: S301
            assert other.array.shape == expected.shape
            assert other.array.dtype == expected.dtype


def test_length_alone() -> None:
    """A number is the shape of an array of one dimension."""
    with SharedArray(3, "i4") as shared:
        assert shared.array.shape == (3,)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (np.int64(3), (3,)),
        ((np.uint8(200), 2), (200, 2)),
        ([np.int8(100), np.int8(100)], (100, 100)),
        (np.array([2, 3]), (2, 3)),
        (range(1, 3), (1, 2)),
    ],
)
def test_other_whole_numbers(shape: Any, expected: tuple[int, ...]) -> None:
    """Sizes may be whole numbers of NumPy, such as an array's length times another, in any row of them."""
    with SharedArray(shape, "i1") as shared:
        assert shared.array.shape == expected
        assert [type(size) for size in pickle.loads(pickle.dumps(shared)).array.shape] == [int] * len(expected)  # noqa: S301


@pytest.mark.parametrize("shape", [2.5, (2.5,), "ab", None, (2, None)])
def test_shape_without_numbers(made: list[str], shape: Any) -> None:
    """What is no whole number is a TypeError, before any memory is taken."""
    with pytest.raises(TypeError):
        SharedArray(shape)
    assert made == []


def test_more_than_there_can_be(made: list[str]) -> None:
    """A size that no system can name is an OSError, before any memory is taken."""
    with pytest.raises(OSError, match="no memory has"):
        SharedArray(2**62)
    assert made == []


@pytest.mark.parametrize("place", ["_use", "array"])
@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_error_on_the_way_leaves_no_memory(
    made: list[str], monkeypatch: pytest.MonkeyPatch, place: str, error: type[BaseException]
) -> None:
    """Where the array can not be made, or the values not be copied, the memory is unlinked; Ctrl-C is no other case."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(SharedArray, place, property(fail) if place == "array" else fail)
    with pytest.raises(error):
        SharedArray.copy_of([1, 2])
    assert len(made) == 1
    assert not exists(made[0])


def test_copy() -> None:
    """A copy has the values, whatever the order of the original, and shares nothing with it."""
    original = np.asfortranarray(np.arange(6).reshape(2, 3))
    with SharedArray.copy_of(original) as shared:
        assert (shared.array == original).all()
        shared.array[0, 0] = 9
        assert original[0, 0] == 0


@pytest.mark.parametrize(
    ("shape", "dtype", "text"),
    [
        (2, object, "holds objects"),
        ((2, -1), "f8", "negative size"),
        (2, str, "not the dtype of an element"),
        (2, [], "not the dtype of an element"),
        (2, ("f8", (2,)), "not the dtype of an element"),
    ],
)
def test_what_can_not_be_shared(shape: Any, dtype: Any, text: str) -> None:
    """Objects, and less than nothing, are an error of the call."""
    with pytest.raises(ValueError, match=text):
        SharedArray(shape, dtype)


def test_processes_write_into_one_memory(context: Any) -> None:
    """What children write, each into its own row, the parent reads; the owner unlinks it, and not they."""
    with SharedArray((3, 100_000), "i8") as shared:
        name = shared._block.name
        children = [context.Process(target=jobs.add, args=(shared, row, row)) for row in range(3)]
        for child in children:
            child.start()
        for child in children:
            child.join()
        assert exists(name)
        assert (shared.array == np.arange(3).reshape(3, 1)).all()
        child = context.Process(target=jobs.add_in_a_block, args=(shared, 1))
        child.start()
        child.join()
        assert exists(name)
        assert shared.array.min() == 1
    assert not exists(name)


def test_sent_to_a_pool_that_runs(context: BaseContext) -> None:
    """Workers that were started before the memory was made use it, and do not unlink it when they end."""
    with ProcessPoolExecutor(1, context) as pool:
        pool.submit(abs, -1).result()
        shared = SharedArray(1000, "i8")
        shared.array[:] = 1
        assert pool.submit(jobs.total, shared).result() == 1000
    with shared:
        assert exists(shared._block.name)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_fork_while_a_thread_attaches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is forked while another thread attaches has no lock that nobody would release."""
    context = multiprocessing.get_context("fork")
    attaching, go_on = threading.Event(), threading.Event()

    class Slow(shared_array._Block):
        """A block that the main thread opens at once, and others when told to."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            if threading.current_thread() is not threading.main_thread():
                attaching.set()
                go_on.wait()
            super().__init__(*args, **kwargs)

    monkeypatch.setattr(shared_array, "_Block", Slow)
    with SharedArray(1) as shared:
        packed = pickle.dumps(shared)
        thread = threading.Thread(target=pickle.loads, args=(packed,))
        thread.start()
        attaching.wait()
        child = context.Process(target=pickle.loads, args=(packed,))
        child.start()
        child.join(LONG)
        child.kill()
        child.join()
        go_on.set()
        thread.join()
    assert child.exitcode == 0


def test_sent_through_a_queue(context: Any) -> None:
    """It can be sent to a process that runs already, several one after another."""
    queue = context.SimpleQueue()
    reader, writer = context.Pipe(duplex=False)
    child = context.Process(target=jobs.add_to_all_that_come, args=(queue, writer))
    child.start()
    for size in (1, 10, 10_000):
        with SharedArray(size) as shared:
            queue.put(shared)
            assert reader.recv() == "done"
            assert shared.array.sum() == size
    queue.put(None)
    child.join()
    for end in (queue, reader, writer):
        end.close()


def test_array_outlives_its_block() -> None:
    """An array, and what was sliced from it, can be read and written when the block has ended."""
    with SharedArray((10, 10), "i8") as shared:
        array = shared.array
        part = array[2:4, ::3]
        name = shared._block.name
    assert not exists(name)
    array[:] = 5
    del array, shared
    gc.collect()
    assert part.sum() == 5 * 8


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts the files of /proc")
def test_memory_goes_with_its_last_array() -> None:
    """When the last array is gone, the memory is unmapped and its file closed."""
    SharedArray(1).close()  # starts the resource tracker
    files = open_files()
    parts = []
    for _ in range(5):
        with SharedArray((10, 10), "i8") as shared:
            parts.append(shared.array[3])
    name = shared._block.name
    del shared
    maps = Path("/proc/self/maps")
    assert name in maps.read_text(encoding="utf-8")
    parts.clear()
    gc.collect()
    assert name not in maps.read_text(encoding="utf-8")
    assert open_files() == files


def test_closed() -> None:
    """A closed one has no array and can not be sent; it can be closed again."""
    shared = SharedArray(3)
    shared.close()
    shared.close()
    with pytest.raises(ValueError, match="is closed"):
        _ = shared.array
    with pytest.raises(ValueError, match="is closed"):
        pickle.dumps(shared)


def test_unlinked_by_another() -> None:
    """Where another has unlinked the memory, closing does the rest, and no error replaces that of the block."""
    shared = SharedArray(3)
    shared._block.unlink()
    shared.close()
    assert shared._block._mmap is None  # type: ignore[attr-defined]
    with pytest.raises(LookupError), SharedArray(3) as shared:
        shared._block.unlink()
        raise LookupError


def test_owner_has_unlinked_it() -> None:
    """What arrives too late is an error, and no empty array."""
    with SharedArray(3) as shared:
        packed = pickle.dumps(shared)
    with pytest.raises(FileNotFoundError):
        pickle.loads(packed)  # noqa: S301


def test_use_after_the_owner_is_gone(context: Any) -> None:
    """A process that has the array goes on with it when the owner has unlinked it."""
    attached, gone = context.Event(), context.Event()
    reader, writer = context.Pipe(duplex=False)
    with SharedArray(1000) as shared:
        shared.array[:] = 2
        child = context.Process(target=jobs.use_after, args=(shared, attached, gone, writer))
        child.start()
        attached.wait()
    gone.set()
    assert reader.recv() == 2000
    child.join()
    reader.close()
    writer.close()


def test_error_in_the_block() -> None:
    """An exception of the block goes on, also where its traceback holds an array."""

    def work(shared: SharedArray) -> None:
        part = shared.array[1:]
        part[0] = 1
        raise LookupError

    with pytest.raises(LookupError), SharedArray(3) as shared:
        name = shared._block.name
        work(shared)
    assert not exists(name)


PROGRAM = """
import atexit
from spawnable.recipes.shared_array import SharedArray
with SharedArray(1000) as shared:
    array = shared.array
other = SharedArray(1000)
kept = other.array[5:]
atexit.register(lambda: print(array.sum() + kept.sum() + other.array.sum()))
"""


def test_program_that_ends() -> None:
    """A program that ends while it has arrays reads zeros to the last, prints no error, and does not crash."""
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "0.0\n")
    # one that is never closed is unlinked by the resource tracker, which says so
    assert "Error" not in ended.stderr
    assert "Exception" not in ended.stderr


OWNER = """
import multiprocessing
import pathlib
import sys
import time
from multiprocessing import util
from spawnable.recipes.shared_array import SharedArray

def use(shared, go_on):
    print(shared._block.name, flush=True)
    while not pathlib.Path(go_on).exists():
        time.sleep(0.01)
    shared.array[0] += 1
    print(shared.array.sum(), flush=True)

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    print(util.get_temp_dir(), flush=True)
    shared = SharedArray(1000)
    shared.array[:] = 1
    child = multiprocessing.Process(target=use, args=(shared, sys.argv[2]))
    child.start()
    child.join()
"""


def test_killed_owner(start_method: str, tmp_path: Path) -> None:
    """Where the owner is killed, who has the memory goes on with it; when all have ended, it is unlinked, and told."""
    script = tmp_path / "owner.py"
    script.write_text(OWNER, encoding="utf-8")
    go_on = tmp_path / "go on"
    command = [sys.executable, str(script), start_method, str(go_on)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        folder = owner.stdout.readline().strip()
        name = owner.stdout.readline().strip()
        owner.kill()
        owner.wait()
        try:
            assert exists(name)
        finally:
            go_on.touch()
        # the tracker, too, writes there until it ends
        written, errors = owner.communicate(timeout=LONG)
    # which nobody removes whose owner is killed
    shutil.rmtree(folder)
    assert written == "1001.0\n"
    assert not exists(name)
    assert sys.platform == "win32" or "leaked shared_memory" in errors


def test_faults(context: Any, faults: int, chance: random.Random) -> None:
    """Whichever child is killed while it writes, the memory is there for the others, and gone after the block."""
    for _ in range(faults):
        with SharedArray((4, 200_000), "i8") as shared:
            name = shared._block.name
            children = [context.Process(target=jobs.add, args=(shared, row, 7)) for row in range(4)]
            for child in children:
                child.start()
            victim = chance.randrange(4)
            timer = threading.Timer(chance.uniform(0, 0.2), children[victim].kill)
            timer.start()
            for child in children:
                child.join()
            timer.cancel()
            timer.join()
            assert exists(name)
            rows = [row for row in range(4) if row != victim]
            assert (shared.array[rows] == 7).all()
            # each element was written or not
            assert set(np.unique(shared.array[victim])) <= {0, 7}
        assert not exists(name)


def test_killed_child(context: Any) -> None:
    """What a child has written before it was killed stays; the memory does too, until its owner unlinks it."""
    ready, never = context.Event(), context.Event()
    with SharedArray(10) as shared:
        child = context.Process(target=jobs.write_and_wait, args=(shared, ready, never))
        child.start()
        ready.wait()
        child.kill()
        child.join()
        assert shared.array.sum() == 10
        assert exists(shared._block.name)
