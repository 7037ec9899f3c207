"""`spawnable.environments`: what snippets need, installed where it is missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from spawnable.environments import Environments
from spawnable.python import Python, PythonError


def test_what_is_there_is_not_installed(tmp_path: Path) -> None:
    """A Python that has what is needed is used as it is, and no folder is made."""
    current = Python.current()
    assert Environments(tmp_path / "made").equip(current, ["pytest"]) is current
    assert not (tmp_path / "made").exists()


def test_without_a_folder_nothing_is_installed() -> None:
    """What is missing is named, with how to install it."""
    with pytest.raises(PythonError, match="lacks no-such-a"):
        Environments(None).equip(Python.current(), ["no-such-a"])


def test_what_is_missing_is_installed(tmp_path: Path, distribution: Callable[[str], None]) -> None:
    """A Python gets an environment of its own, with the same version, which the next needs too; its own is left."""
    distribution("small-words")
    current, environments = Python.current(), Environments(tmp_path / "made")
    equipped = environments.equip(current, ["small-words"])
    assert equipped.version == current.version
    assert equipped.executable != current.executable
    assert equipped.digest == current.digest
    assert equipped.versions(["small-words"]) == {"small-words": "1.0"}
    assert current.versions(["small-words"]) == {"small-words": None}
    assert environments.equip(current, ["small-words"]) == equipped
    with pytest.raises(PythonError, match=r"pip install .* failed: .*no-such-a"):
        environments.equip(current, ["no-such-a"])
    assert len(list((tmp_path / "made").iterdir())) == 1
