"""Explanations, each by real runs of a script that fails so."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from docutils.nodes import make_id

from spawnable.expectation import Expectations
from spawnable.explain import explain, pages
from spawnable.gallery import entry_of
from spawnable.messages import message_of
from spawnable.python import MINORS, Python, PythonError
from spawnable.run import close, run
from spawnable.script import from_file

DOCS = Path(__file__).parents[1] / "docs"
SCRIPTS = Path(__file__).with_name("faults") / "explained"
NOT_FORKED = ("forkserver", "spawn")
#: the explanation of each script, under every start method or under those alone where it fails
EXPLAINED: dict[str, str | dict[str, str]] = {
    "broken_pool": "broken-pool",
    "daemon_with_children": "daemon-with-children",
    "fork_with_threads": {"fork": "fork-with-threads"},
    "item_vanishes": "item-vanishes",
    "join_before_get": "join-before-get",
    "killed": "signal-9",
    "lambda_target": dict.fromkeys(NOT_FORKED, "lambda"),
    "leaked_memory": "leaked-memory",
    "leaked_semaphore": dict.fromkeys(NOT_FORKED, "leaked-semaphore"),
    "local_target": dict.fromkeys(NOT_FORKED, "local-function"),
    "lock_collected": dict.fromkeys(NOT_FORKED, "lock-collected"),
    "lock_held_by_the_dead": "lock-not-freed",
    "lock_of_another_context": "lock-of-another-context",
    "lock_through_a_queue": "lock-through-a-queue",
    "lost_sentinel": "nothing-to-get",
    "map_divides_by_zero": "map-divides-by-zero",
    "no_main_guard": dict.fromkeys(NOT_FORKED, "no-main-guard"),
    "orphan": "orphan",
    "pool_initializer": "pool-initializer",
    "pool_task_lost": "pool-task-lost",
    "recv_at_the_end": "end-of-pipe",
    "segmentation_fault": "signal-11",
    "send_to_nobody": "pipe-gone",
    "skipped_task_done": "task-done-missing",
    "start_method_set_twice": "start-method-set-twice",
    "target_below_guard": dict.fromkeys(NOT_FORKED, "not-importable"),
    "task_not_sent": "item-vanishes",
    "task_of_executor_raises": "task-raised",
    "task_raises": "task-raised",
    "unpicklable_argument": dict.fromkeys(NOT_FORKED, "not-picklable"),
    "zombie": {"fork": "zombie", "spawn": "zombie"},  # the fork server waits at once
}
#: those that are ended as soon as every process is seen to wait
STUCK = (
    "join_before_get",
    "lock_held_by_the_dead",
    "lost_sentinel",
    "pool_initializer",
    "pool_task_lost",
    "skipped_task_done",
)
#: those whose words have changed between Pythons
REWORDED = ("lambda_target", "local_target", "no_main_guard", "target_below_guard", "unpicklable_argument")


@pytest.fixture(autouse=True, scope="module")
def _closed() -> Iterator[None]:
    yield
    close()


def keys(script: str, start_method: str, python: Python | None = None) -> list[str]:
    """Return the explanations of a run, without those that a busy machine may add to what is expected.

    There a child is a zombie for long, and a helper of multiprocessing goes on after the script.
    """
    declared = Expectations.parse("stuck" if script in STUCK else "ok")
    transcript = run(from_file(SCRIPTS / f"{script}.py", expectations=declared), start_method, python)
    wanted = expected(script, start_method)
    return [item.key for item in explain(transcript) if item.key in wanted or item.key not in ("zombie", "orphan")]


def expected(script: str, start_method: str) -> list[str]:
    """Return the explanations that a script's run should have."""
    key = EXPLAINED[script]
    wanted = key if isinstance(key, str) else key.get(start_method)
    return [wanted] if wanted else []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody sees zombies, signals and stacks")
@pytest.mark.parametrize("script", EXPLAINED)
def test_a_failure_is_explained(script: str, start_method: str) -> None:
    """A script has its explanation under each start method under which it fails, and no other under any."""
    if script == "fork_with_threads" and sys.version_info < (3, 12):
        assert keys(script, start_method) == []
    else:
        assert keys(script, start_method) == expected(script, start_method)


@pytest.mark.skipif(sys.platform != "linux", reason="the words do not depend on the system")
@pytest.mark.parametrize("minor", MINORS)
@pytest.mark.parametrize("script", REWORDED)
def test_each_pythons_words_are_known(script: str, minor: str) -> None:
    """Where Pythons word a failure differently, it is explained all the same."""
    try:
        python = Python.probe(minor)
    except PythonError:
        pytest.skip(f"Python {minor} is not here")
    for start_method in NOT_FORKED:
        assert keys(script, start_method, python) == expected(script, start_method)


def test_every_script_is_explained() -> None:
    """Each script in the folder is one of those above, but for the one that a hint of the command is about."""
    assert {path.stem for path in SCRIPTS.glob("*.py")} == {*EXPLAINED, "asks_for_input"}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody sees signals and stacks")
@pytest.mark.parametrize(
    ("script", "entry"),
    [
        ("join_before_get", "failures/queue-hangs"),
        ("pool_task_lost", "failures/pool-hangs"),
        ("pool_initializer", "failures/pool-initializers"),
        ("segmentation_fault", "failures/child-ends"),
    ],
)
def test_a_failure_without_words_has_an_entry(script: str, entry: str, start_method: str) -> None:
    """What hangs or crashes prints no message, and is found in the gallery all the same."""
    declared = Expectations.parse("stuck" if script in STUCK else "ok")
    transcript = run(from_file(SCRIPTS / f"{script}.py", expectations=declared), start_method)
    told = [entry_of(message_of(item.wordless)) for item in explain(transcript) if item.wordless]
    assert [page.partition("#")[0] for page in told] == [entry], transcript.to_json()


@pytest.mark.parametrize("page", pages())
def test_a_page_and_its_heading_exist(page: str) -> None:
    """What an explanation links is a page of the guide, and a heading on it."""
    name, _, anchor = page.partition("#")
    text = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    headings = {make_id(line.lstrip("# ").replace("`", "")) for line in text.splitlines() if line.startswith("#")}
    assert not anchor or anchor in headings
