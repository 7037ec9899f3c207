"""What a run printed is found in the failure gallery, by real runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spawnable.gallery import SOURCES, TABLE, entries, entry_of, recognised
from spawnable.messages import known, message_of
from spawnable.run import close, run
from spawnable.script import from_file

#: scripts that fail, by the entry that each leads to
FAILING = {
    "failures/start-methods#failure-context-already-set": """
import multiprocessing

if __name__ == "__main__":
    multiprocessing.get_start_method()
    multiprocessing.set_start_method("spawn")
""",
    "failures/pickling-tasks#failure-lambda-for-a-pool": """
import multiprocessing

if __name__ == "__main__":
    with multiprocessing.Pool(1) as pool:
        pool.apply(lambda: 1)
""",
    "failures/queues#failure-queue-closed": """
import multiprocessing

if __name__ == "__main__":
    queue = multiprocessing.Queue()
    queue.close()
    queue.put("too late")
""",
    "failures/locks#failure-released-too-often": """
import multiprocessing

if __name__ == "__main__":
    multiprocessing.BoundedSemaphore(1).release()
""",
    "failures/shared-memory-names#failure-block-missing": """
from multiprocessing.shared_memory import SharedMemory

if __name__ == "__main__":
    SharedMemory("nobody_made_this")
""",
    "failures/pools#failure-pool-not-running": """
import multiprocessing

if __name__ == "__main__":
    with multiprocessing.Pool(1) as pool:
        pool.close()
        pool.apply(abs, (1,))
""",
    "failures/pool-replacements#failure-map-divides-by-zero": (
        Path(__file__).with_name("faults") / "explained" / "map_divides_by_zero.py"
    ).read_text(encoding="utf-8"),
    "failures/broken-executors#failure-broken-pool": """
import os
from concurrent.futures import ProcessPoolExecutor

if __name__ == "__main__":
    with ProcessPoolExecutor(1) as executor:
        executor.submit(os._exit, 3).result()
""",
    "failures/processes#failure-closed": """
import multiprocessing

if __name__ == "__main__":
    child = multiprocessing.Process(target=int)
    child.close()
    child.start()
""",
}
#: a task that divides by zero, as `map()` may
DIVIDING = """
import multiprocessing


def divide(number):
    return 1 // number


if __name__ == "__main__":
    with multiprocessing.Pool(1) as pool:
        pool.map(divide, [0])
"""
#: a generator that does, read by `map()` itself
GENERATING = """
import multiprocessing

if __name__ == "__main__":
    with multiprocessing.Pool(1) as pool:
        pool.map(abs, (1 // number for number in [0]))
"""
#: what any program may say of itself
COMMON = """
import multiprocessing
import sys


def work(number):
    return open(f"no such file {number}")


if __name__ == "__main__":
    print("KeyError: 1")
    print([None], "Empty", file=sys.stderr)
    with multiprocessing.Pool(1) as pool:
        try:
            pool.map(work, [1])
        except FileNotFoundError as error:
            print(error)
        pool.close()
        pool.join()
    print(1 / 0)
"""


@pytest.fixture(autouse=True, scope="module")
def _closed() -> Iterator[None]:
    yield
    close()


def found(text: str, folder: Path, start_method: str) -> list[str]:
    """Return the pages that the run of a script leads to."""
    script = folder / "main.py"
    script.write_text(text, encoding="utf-8")
    return [item.page for item in recognised(run(from_file(script), start_method))]


@pytest.mark.parametrize("entry", FAILING, ids=lambda entry: entry.partition("#failure-")[2])
def test_a_failure_leads_to_its_entry(entry: str, start_method: str, tmp_path: Path) -> None:
    """A script that fails leads to the entry of its message, under every start method."""
    assert found(FAILING[entry], tmp_path, start_method) == [entry]


def test_what_any_program_says_is_no_message(start_method: str, tmp_path: Path) -> None:
    """Exceptions of a script's own and words that it prints lead nowhere."""
    assert found(COMMON, tmp_path, start_method) == []


@pytest.mark.parametrize("text", [DIVIDING, GENERATING], ids=["task", "generator"])
def test_who_divides_by_zero_is_not_the_map(text: str, start_method: str, tmp_path: Path) -> None:
    """A task's traceback ends in the pool's module as well, where it is raised again; a generator's goes through it."""
    assert found(text, tmp_path, start_method) == []


def test_a_missing_main_guard_leads_to_its_entry(tmp_path: Path) -> None:
    """The longest of all messages, which goes over several lines, is found as well."""
    text = "import multiprocessing\n\nmultiprocessing.Process(target=int).start()\n"
    assert "failures/starting#failure-bootstrapping" in found(text, tmp_path, "spawn")


@pytest.mark.parametrize("name", [name for name, message in known().items() if message.reach != "never"])
def test_every_message_has_an_entry(name: str) -> None:
    """Each message that a user can meet has an entry, whose anchor stands on the page."""
    page, _, anchor = entries()[name].partition("#")
    text = (SOURCES / f"{page}.md").read_text(encoding="utf-8")
    assert f"({anchor})=\n#" in text


def test_without_pages_the_table_leads_to_the_entry(tmp_path: Path) -> None:
    """Where no page lies beside the package, an address is that of the message's row."""
    assert entry_of(message_of("proc-closed"), tmp_path) == f"{TABLE}#message-proc-closed"


@pytest.mark.skipif(sys.platform != "linux", reason="the words do not depend on the system")
def test_a_message_has_the_name_of_the_exception_that_was_raised(tmp_path: Path) -> None:
    """Of several classes that a message may have, that of the line is told."""
    script = tmp_path / "main.py"
    script.write_text(FAILING["failures/pickling-tasks#failure-lambda-for-a-pool"], encoding="utf-8")
    (item,) = recognised(run(from_file(script), "spawn"))
    assert str(item).startswith("PicklingError: ")
