"""`nox -s soak`, with few runs."""

from __future__ import annotations

import json
import subprocess
import sys
from multiprocessing import get_context
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

pytest.importorskip("sphinx")
pytest.importorskip("myst_nb")

from tests.bench import soak
from tests.bench.left import Watcher
from tests.bench.soak import Counter, Soak, main
from tests.waiting import until

from spawnable.python import Python
from spawnable.run import close, run
from spawnable.store import Job

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a soak looks into /proc and /dev/shm")

PAGE = """# Page

```{code-cell} python
---
name: cell
start-methods: [fork]
---
print("hello")
```
"""


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page with a cell; the scripts that count print few lines."""
    monkeypatch.setattr(soak, "_LINES", (60,))
    path = tmp_path / "page.md"
    path.write_text(PAGE, encoding="utf-8")
    return path


def test_soak(page: Path, tmp_path: Path) -> None:
    """All is well: the numbers say so."""
    done = CliRunner().invoke(main, [str(page), "--runs", "5", "--json", str(tmp_path / "soak.json")])
    assert done.exit_code == 0, done.output
    told = json.loads((tmp_path / "soak.json").read_text(encoding="utf-8"))
    assert told["rounds"] == 2
    assert told["runs"] == 8  # of a cell under fork, and of a script that counts under each start method
    assert told["lines"] == 2 * 3 * 4 * 62
    assert told["lost"] == told["unmet"] == told["changing"] == 0
    assert told["amiss"] == []


def test_unmet(page: Path, tmp_path: Path) -> None:
    """A run that is not as declared is reported, counted, and makes the exit status 1."""
    page.write_text(PAGE.replace('print("hello")', "raise SystemExit(3)"), encoding="utf-8")
    done = CliRunner().invoke(main, [str(page), "--runs", "1", "--json", str(tmp_path / "soak.json")])
    assert done.exit_code == 1
    assert "expected ok, found exit 3" in done.output
    assert "amiss: 1 runs not as declared" in done.output


def test_lost() -> None:
    """A line that is missing, or torn, is counted."""
    counter = Counter.of(60)
    try:
        transcript = run(counter.snippet, "spawn", Python.current())
    finally:
        close()
    assert counter.lost(transcript) == 0
    whole = transcript.chunks[3].text
    transcript.chunks[3].text = whole[1:]
    assert counter.lost(transcript) == 1
    transcript.chunks[3].text = whole
    transcript.dropped = 1
    assert counter.lost(transcript) == 1


def test_left(tmp_path: Path) -> None:
    """A file in the temporary folder, a process that works in it, and an open file are seen, and nothing else is."""
    watcher = Watcher.of(tmp_path)
    assert watcher.left(0) == []
    with (
        (tmp_path / "file").open("wb"),
        subprocess.Popen([sys.executable, "-c", "input()"], cwd=tmp_path, stdin=-1) as process,
    ):
        found = watcher.left(0)
        process.communicate(b"\n")
    assert "file file" in found
    assert any(text.startswith(f"process {process.pid} ") for text in found)
    assert any(text.startswith("open file") for text in found)


def test_left_memory(tmp_path: Path) -> None:
    """Shared memory is left where no process uses it but the one that looks: another one's is other work's."""
    watcher = Watcher.of(tmp_path)
    block = SharedMemory(create=True, size=8)
    # it is in the child's hands as well, until that ends
    semaphore: Any = get_context("spawn").Semaphore(0)
    child = get_context("spawn").Process(target=semaphore.__enter__)
    child.start()
    named = f"sem.{semaphore._semlock.name.lstrip('/')}"
    try:
        until(lambda: named not in " ".join(watcher.left(0)))
        assert f"shared memory {block.name}" in watcher.left(0)
        semaphore.release()
        child.join()
        assert f"shared memory {named}" in watcher.left(0)
    finally:
        child.kill()
        child.join()
        block.close()
        block.unlink()
    assert f"shared memory {block.name}" not in watcher.left(0)


def test_changing(page: Path) -> None:
    """What is amiss is said in words."""
    counter = Counter.of(60)
    job = Job(counter.snippet, "spawn", Python.current())
    beheld = Soak([job], {})
    beheld.tally.outcomes[job] = {"ok", "stuck"}
    beheld.lost = 2
    assert beheld.amiss(["process 7"]) == [
        "2 lines lost",
        "1 things left behind",
        "soak:counts-60 under spawn changes",
        "process 7",
    ]
