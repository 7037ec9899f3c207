"""`spawnable.names`: which names of the standard library a script uses."""

from __future__ import annotations

import gc

import pytest

from spawnable.names import NamesError, exercised

NAMES = (
    "concurrent.futures.process.EXTRA_QUEUED_CALLS",
    "concurrent.futures.Executor.submit",
    "concurrent.futures.Future.result",
    "concurrent.futures.ProcessPoolExecutor",
    "multiprocessing.JoinableQueue",
    "multiprocessing.JoinableQueue.task_done",
    "multiprocessing.Lock",
    "multiprocessing.Lock.acquire",
    "multiprocessing.Process",
    "multiprocessing.Process.sentinel",
    "multiprocessing.Queue",
    "multiprocessing.Queue.put",
    "multiprocessing.connection.Connection.poll",
    "multiprocessing.connection.wait",
    "multiprocessing.cpu_count",
    "multiprocessing.get_logger",
    "multiprocessing.managers.BaseProxy.__repr__",
    "multiprocessing.managers.AutoProxy",
    "multiprocessing.managers.DictProxy",
    "multiprocessing.pool.AsyncResult.get",
    "multiprocessing.pool.Pool.apply_async",
)


#: scripts, and the names that each uses, without their common beginning
USES: list[tuple[str, list[str]]] = [
    ("# queue.put\ntext = 'multiprocessing.Queue.put'\n", []),
    ("import queue\nqueue.Queue().put(1)\n", []),
    ("import logging\nprint((1).bit_length())\nlogging.getLogger().info('put')\n", []),
    ("import multiprocessing\nmultiprocessing.Queue().put(1)\n", ["Queue", "Queue.put"]),
    ("from multiprocessing import Queue as Q\nq = Q()\nsend = q.put\n", ["Queue", "Queue.put"]),
    (
        "import multiprocessing\nq = multiprocessing.JoinableQueue()\nq.put(1)\nq.task_done()\n",
        ["JoinableQueue", "JoinableQueue.task_done", "Queue.put"],
    ),
    (
        "import multiprocessing\nc = multiprocessing.get_context('spawn')\nc.Lock().acquire()\n",
        ["Lock", "Lock.acquire"],
    ),
    ("import multiprocessing\nmultiprocessing.get_context().Process().sentinel\n", ["Process", "Process.sentinel"]),
    (
        "import multiprocessing\na, b = multiprocessing.Pipe()\nif a.poll():\n    pass\n",
        ["connection.Connection.poll"],
    ),
    ("from multiprocessing.managers import AutoProxy as A\nprint(A)\n", ["managers.AutoProxy"]),
    ("from multiprocessing.managers import AutoProxy\n", []),
    ("from multiprocessing.connection import wait\nwait([])\n", ["connection.wait"]),
    (
        "import multiprocessing\nd = multiprocessing.Manager().dict()\nprint(repr(d))\n",
        ["managers.BaseProxy.__repr__", "managers.DictProxy"],
    ),
    (
        "import multiprocessing\nmultiprocessing.Pool().apply_async(print).get()\n",
        ["pool.AsyncResult.get", "pool.Pool.apply_async"],
    ),
    (
        "from concurrent.futures import ProcessPoolExecutor\nProcessPoolExecutor().submit(print).result()\n",
        [
            "concurrent.futures.Executor.submit",
            "concurrent.futures.Future.result",
            "concurrent.futures.ProcessPoolExecutor",
        ],
    ),
    (
        "def f(queue: 'multiprocessing.Queue[int]') -> None:\n    queue.put(1)\nimport multiprocessing\n",
        ["Queue", "Queue.put"],
    ),
]


@pytest.fixture(scope="module")
def found() -> dict[str, list[str]]:
    """The names that each of the scripts uses: all at once, as reading the library takes longest."""
    by_name = exercised(NAMES, {code: code for code, _ in USES})
    return {code: [name for name in by_name if code in by_name[name] and name not in _LEFT_OPEN] for code, _ in USES}


@pytest.mark.parametrize(("code", "names"), USES)
def test_by_type(code: str, names: list[str], found: dict[str, list[str]]) -> None:
    """A name counts where the type of what it is called on says so, under its documented name."""
    assert [name.removeprefix("multiprocessing.") for name in found[code]] == names


#: classes that count as soon as an instance of theirs is used
_LEFT_OPEN = ("multiprocessing.connection.Connection", "multiprocessing.pool.Pool")


def test_keys() -> None:
    """Each script is told by its key, and names that none uses are there too."""
    found = exercised(NAMES[-1:], {"a": "import multiprocessing\nmultiprocessing.Pool().apply_async(print)\n", "b": ""})
    assert found == {NAMES[-1]: ["a"]}
    assert exercised(NAMES[-1:], {"b": ""}) == {NAMES[-1]: []}


def test_no_script() -> None:
    """What is no Python is an error that says where."""
    with pytest.raises(NamesError, match="syntax"):
        exercised(NAMES, {"it": "def (:\n"})


def test_garbage_is_collected_as_before() -> None:
    """Whoever asks keeps the thresholds of its garbage collection, and none of what was read stays."""
    thresholds = gc.get_threshold()
    try:
        gc.set_threshold(701, 11, 12)
        exercised(["multiprocessing.Lock"], {"lock": "import multiprocessing\n"})
        before = len(gc.get_objects())
        exercised(["multiprocessing.Lock"], {"lock": "import multiprocessing\n"})
        assert len(gc.get_objects()) < before + 10_000
        with pytest.raises(NamesError):
            exercised(["multiprocessing.Lock"], {"lock": "import multiprocessing as\n"})
        assert gc.get_threshold() == (701, 11, 12)
    finally:
        gc.set_threshold(*thresholds)
