"""`spawnable.recipes.shared_array`: one memory for all, unlinked by its owner, and no crash afterwards."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.context import BaseContext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

np = pytest.importorskip("numpy")

from tests.recipes import jobs_shared_array as jobs  # noqa: E402

from spawnable.recipes import shared_array  # noqa: E402
from spawnable.recipes.shared_array import SharedArray  # noqa: E402

DTYPES = ["u1", "i8", "f4", "c16", "?", "S3", "U2", "M8[s]", [("a", "i4"), ("b", "f8", (2,))]]

#: what a test that must not wait gives up after, seconds
LONG = 60.0


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
    assert not jobs.exists(made[0])


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
        assert jobs.exists(name)
        assert (shared.array == np.arange(3).reshape(3, 1)).all()
        child = context.Process(target=jobs.add_in_a_block, args=(shared, 1))
        child.start()
        child.join()
        assert jobs.exists(name)
        assert shared.array.min() == 1
    assert not jobs.exists(name)


def test_sent_to_a_pool_that_runs(context: BaseContext) -> None:
    """Workers that were started before the memory was made use it, and do not unlink it when they end."""
    with ProcessPoolExecutor(1, context) as pool:
        pool.submit(abs, -1).result()
        shared = SharedArray(1000, "i8")
        shared.array[:] = 1
        assert pool.submit(jobs.total, shared).result() == 1000
    with shared:
        assert jobs.exists(shared._block.name)


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
