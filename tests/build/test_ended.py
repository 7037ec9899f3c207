"""A build that is interrupted or killed: nothing stays, and the next one goes on from there."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import Any

import psutil
import pytest
from tests.bench.left import memory, unused
from tests.waiting import until

from spawnable.store import Store

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sends signals")
#: seconds after an interrupt in which all has ended, on a machine that has other things to do
SOON = 6


def half_way(works: Any) -> set[str]:
    """Wait until the quick runs are in the store and two slow ones go on; return what is in the store."""
    until(lambda: len(works.store.entries()) == 6 and len(works.processes("main.py")) >= 2)
    return set(works.store.entries())


def goes_on(works: Any, kept: set[str]) -> None:
    """Assert that the next build uses what was kept, and no more than that."""
    works.write(quick=8)
    log = works.build()
    assert "cells: 2 runs in " in log
    assert ", 6 remembered" in log
    assert kept < set(works.store.entries())
    assert not works.processes()
    assert not works.folders


@pytest.mark.parametrize("whole_group", [True, False], ids=["group", "alone"])
@pytest.mark.parametrize("program", ["build", "check"])
def test_interrupted(both: Any, program: str, whole_group: bool) -> None:
    """Ctrl+C ends all runs at once; what had ended is in the store and used by the next build."""
    both.write(quick=6, slow=4)
    before = memory()
    started = both.start_build() if program == "build" else both.start_check()
    kept = half_way(both)
    begin = time.monotonic()
    (os.killpg if whole_group else os.kill)(started.pid, signal.SIGINT)
    code, log = both.end(started)
    assert time.monotonic() - begin < SOON
    assert code != 0
    assert "Traceback" not in log
    assert not both.processes()
    assert not both.folders
    assert unused(before) == []
    goes_on(both, kept)


def test_killed(both: Any) -> None:
    """After SIGKILL all ends by itself, and its folders go."""
    both.write(quick=6, slow=4)
    before = memory()
    started = both.start_build("-j", "auto")
    kept = half_way(both)
    started.kill()
    started.wait()
    until(lambda: not both.processes() and not both.folders)
    assert unused(before) == []
    goes_on(both, kept)


def test_killed_with_all_it_started(both: Any) -> None:
    """What a build leaves that had no chance to clean up, the next one removes."""
    both.write(quick=6, slow=4)
    started = both.start_build()
    kept = half_way(both)
    while left := both.processes():
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, 1)
    started.wait()
    unfinished = both.store.folder / next(iter(kept))[:2] / ".x.json.0.tmp"
    unfinished.write_bytes(b"x")
    for path in (*both.folders, unfinished):
        os.utime(path, (0, 0))
    goes_on(both, kept)
    assert not unfinished.exists()


BLOCKED = """
import os, time

def block(app, docname, source):
    if docname != "index" and os.path.exists({flag!r}):
        open({flag!r} + docname, "w").close()
        while os.path.exists({flag!r}):
            time.sleep(0.1)

def setup(app):
    app.connect("source-read", block)
"""


@pytest.mark.parametrize("whom", ["builder", "worker", "all"])
def test_killed_while_pages_are_read(works: Any, whom: str) -> None:
    """Processes that read pages end with the build, and the build does with one of them; the store is used then."""
    flag = works.site.parent / "flag"
    flag.touch()
    works.write(quick=8, pages=8)
    works.configure(BLOCKED.format(flag=str(flag)))
    started = works.start_build("-j", "3")
    until(lambda: len(list(works.site.parent.glob("flagpage*"))) >= 2)
    workers = [process for process in works.processes() if process.pid != started.pid]
    assert len(workers) >= 2
    for process in workers if whom != "builder" else []:
        with suppress(psutil.Error):
            process.kill()
    if whom != "worker":
        started.kill()
    assert started.wait(600) != 0
    until(lambda: not works.processes())
    flag.unlink()
    assert "cells: 0 runs" in works.build("-j", "3")


def test_what_a_killed_build_did_not_write(works: Any) -> None:
    """A build that ended before it wrote `snippets.json` does not leave the one of the build before for good."""
    works.write(quick=1)
    works.build()
    before = (works.site.parent / "out/snippets.json").read_text("utf-8")
    works.write(quick=2)
    works.configure(
        "import os, signal\ndef setup(app):\n"
        "    app.connect('html-page-context', lambda *_: os.kill(os.getpid(), signal.SIGKILL))\n"
    )
    started = works.start_build()
    assert started.wait(600) == -signal.SIGKILL
    works.configure()
    works.build()
    after = (works.site.parent / "out/snippets.json").read_text("utf-8")
    assert before != after
    assert "quick1" in after


def test_store_is_as_it_was(works: Any) -> None:
    """Every entry of a store whose build was interrupted can be read."""
    works.write(quick=6, slow=2)
    started = works.start_build()
    half_way(works)
    os.kill(started.pid, signal.SIGINT)
    works.end(started)
    store = Store(works.store.folder)
    assert all(store.read(key) for key in store.entries())
