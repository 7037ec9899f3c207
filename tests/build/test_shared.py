"""Several programs that share a store, and a store whose entries are damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spawnable.store import Store


def test_builds_and_checks_at_once(works: Any) -> None:
    """Two builds and two checks that share a store all do well, and leave it whole."""
    works.write(quick=8)
    programs = [works.start_build(), works.start_build(out="out2"), works.start_check(), works.start_check()]
    for program in programs:
        code, log = works.end(program)
        assert code == 0, log
        assert "damaged" not in log
    store = Store(works.store.folder)
    assert len(store.entries()) == 8
    assert all(store.read(key) for key in store.entries())
    assert not list(store.folder.rglob("*.tmp"))
    assert "cells: 0 runs" in works.build(out="out3")


def test_damaged_entries(works: Any) -> None:
    """What can not be read of a store is told of, run again, and replaced."""
    works.write(quick=7)
    works.build()
    paths = sorted(works.store.folder.glob("*/*.json"))
    other = paths[6].read_bytes()
    paths[0].write_bytes(paths[0].read_bytes()[:100])
    paths[1].write_bytes(b"\x00\xff" * 1000)
    paths[2].write_bytes(b"")
    _replace_by_folder(paths[3])
    _replace_by_loop(paths[4])
    paths[5].write_bytes(other.replace(b'"watched"', b'"seen_by"'))
    log = works.build("-E")
    assert "cells: 6 runs" in log
    assert ", 1 remembered" in log
    for path in paths[:6]:
        assert f"{path} is damaged and not used" in log
    assert str(paths[6]) not in log
    assert all(works.store.read(key) for key in works.store.entries())
    assert "cells: 0 runs" in works.build("-E")


def _replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "file").touch()


def _replace_by_loop(path: Path) -> None:
    """Put something in its place that nobody can read, root neither."""
    path.unlink()
    try:
        path.symlink_to(path)
    except OSError:
        pytest.skip("this user may not make symbolic links")
