"""A disk that is full, or can not be written: the message says what, where and what to do."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest


def mounted(*mounts: tuple[Path, str], fill: Path | None = None) -> tuple[str, ...]:
    """Return a command before which small disks are mounted at these folders, for itself alone; `fill` one of them."""
    unshare = ["unshare", "-m", *([] if os.geteuid() == 0 else ["-r"])]
    if not shutil.which("unshare") or subprocess.run([*unshare, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here: the system has no unshare, or does not allow it")
    script = [f"mount -t tmpfs -o {options} disk {shlex.quote(str(folder))}" for folder, options in mounts]
    if fill is not None:
        script.append(f"! cat /dev/zero > {shlex.quote(str(fill / 'filler'))} 2>&-")
    return (*unshare, "sh", "-ec", "\n".join([*script, 'exec "$@"']), "sh")


@pytest.fixture
def ready(works: Any) -> Any:
    """A site with three cells."""
    works.write(quick=3)
    works.store.folder.mkdir()
    return works


@pytest.mark.parametrize(
    ("options", "full", "said"),
    [("size=16k", True, "no space is left for {}"), ("ro", False, "Read-only file system; make that folder writable")],
    ids=["full", "read-only"],
)
@pytest.mark.parametrize("program", ["build", "check"])
def test_store(ready: Any, program: str, options: str, full: bool, said: str) -> None:
    """The build goes on with what it has, says once that this is not kept, why, and what to do."""
    folder = ready.store.folder
    wrapper = mounted((folder, options), fill=folder if full else None)
    command = ("sphinx", "-W", "-N", str(ready.site), "out")
    if program == "check":
        command = ("spawnable", "check", str(ready.site), "--store", str(folder))
    code, log = ready.end(ready.start(*command, wrapper=wrapper))
    assert code == 0, log
    assert log.count("what the runs do from here on is not kept: ") == 1
    assert said.format(folder) in log
    assert "Traceback" not in log
    if program == "build":
        assert 'class="output' in (ready.site.parent / "out/index.html").read_text("utf-8")


@pytest.mark.parametrize("inodes", [2, 4])
def test_temporary_folder(ready: Any, inodes: int) -> None:
    """Without room for the folders of runs each cell is told of, and what to do."""
    for name in ("SPAWNABLE_NO_NAMESPACE", "SPAWNABLE_PORTABLE", ""):
        ready.variables[name or "X"] = "1"
        wrapper = mounted((ready.temporary, f"nr_inodes={inodes}"))
        code, log = ready.end(ready.start_build(out=name or "out", wrapper=wrapper))
        del ready.variables[name or "X"]
        assert code == 1, log
        assert "No space left on device" in log
        assert str(ready.temporary) in log
        assert "free some space there, or set TMPDIR to a folder on another disk" in log
        assert "Traceback" not in log
        assert "index.md:3" in log


def test_output(ready: Any) -> None:
    """A full output folder fails the build, and the message names it; what was run is remembered."""
    out = ready.site.parent / "out"
    out.mkdir()
    code, log = ready.end(ready.start_build(wrapper=mounted((out, "size=200k"))))
    assert code != 0
    assert f"no space is left in {out}" in log
    assert "free some and build again" in log
    assert "cells: 0 runs" in ready.build(out="out2")
