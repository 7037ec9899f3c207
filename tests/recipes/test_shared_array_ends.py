"""`spawnable.recipes.shared_array`: its memory ends with its owner or its last array, and nothing crashes."""

from __future__ import annotations

import gc
import pickle
import random
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

np = pytest.importorskip("numpy")

from tests.recipes import jobs_shared_array as jobs  # noqa: E402

from spawnable.recipes.shared_array import SharedArray  # noqa: E402

#: what a test that must not wait gives up after, seconds
LONG = 60.0


def open_files() -> int:
    """Return how many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def test_array_outlives_its_block() -> None:
    """An array, and what was sliced from it, can be read and written when the block has ended."""
    with SharedArray((10, 10), "i8") as shared:
        array = shared.array
        part = array[2:4, ::3]
        name = shared._block.name
    assert not jobs.exists(name)
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
    assert not jobs.exists(name)


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
            assert jobs.exists(name)
        finally:
            go_on.touch()
        # the tracker, too, writes there until it ends
        written, errors = owner.communicate(timeout=LONG)
    # which nobody removes whose owner is killed
    shutil.rmtree(folder)
    assert written == "1001.0\n"
    assert not jobs.exists(name)
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
            assert jobs.exists(name)
            rows = [row for row in range(4) if row != victim]
            assert (shared.array[rows] == 7).all()
            # each element was written or not
            assert set(np.unique(shared.array[victim])) <= {0, 7}
        assert not jobs.exists(name)


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
        assert jobs.exists(shared._block.name)
