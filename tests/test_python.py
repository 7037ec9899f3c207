"""`spawnable.python`: the interpreters that can run a script."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import spawnable.python
from spawnable.python import Python, PythonError, find_pythons

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
needs_posix = pytest.mark.skipif(os.name != "posix", reason="stands in for an interpreter by a shell script")


def stand_in(path: Path, script: str) -> str:
    """Write a command that stands in for an interpreter."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def answer(version: str, info: tuple[int, int]) -> str:
    """Return a shell command that answers as a Python of this version does."""
    return (
        f"""echo '{{"executable": "/x/python", "version": "{version}", "library": "/x/lib", """
        f""""info": [{info[0]}, {info[1]}], "identity": ["{version}"]}}'"""
    )


def test_current() -> None:
    """The current interpreter is the one that runs this."""
    current = Python.current()
    assert current.executable == sys.executable
    assert current.version == platform.python_version()
    assert current.minor == MINOR
    assert len(current.digest) == 64
    assert current.paths == ()


def test_current_is_as_asked() -> None:
    """It is known without starting it, and is the same as any other process finds when it starts it."""
    code = "import sys\nfrom spawnable.python import Python\nsys.executable = ''\nprint(Python.probe(sys.argv[1]))"
    asked = [sys.executable, "-c", code, Python.current().executable]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(Python.current())


@pytest.mark.parametrize("wanted", [MINOR, platform.python_version(), sys.executable])
def test_current_is_preferred(wanted: str) -> None:
    """A version that the current interpreter has is the current interpreter."""
    assert Python.probe(wanted) == Python.current()


def test_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter that was asked before is not started again."""
    current = Python.current()

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("started again")

    monkeypatch.setattr(subprocess, "run", fail)
    assert Python.probe(sys.executable) == current


@needs_posix
def test_asked_again_when_changed(tmp_path: Path) -> None:
    """An interpreter whose file changed is asked again, and is another."""
    path = stand_in(tmp_path / "python", answer("3.13.0", (3, 13)))
    first = Python.probe(path)
    stand_in(Path(path), answer("3.13.1", (3, 13)))
    os.utime(path, ns=(1, 1))
    second = Python.probe(path)
    assert (first.version, second.version) == ("3.13.0", "3.13.1")
    assert first.digest != second.digest


@needs_posix
def test_version_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version is found on PATH; a pre-release is called what it calls itself."""
    stand_in(tmp_path / "python3.99", answer("3.99.0rc1", (3, 99)))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Python.probe("3.99").version == "3.99.0rc1"
    assert Python.probe("3.99").minor == "3.99"
    assert Python.probe("3.99.0rc1").executable == "/x/python"
    assert Python.probe("python3.99").executable == "/x/python"
    with pytest.raises(PythonError, match=r"Python 3\.99\.7 is not on PATH, 3\.99\.0rc1 is: .*; name 3\.99"):
        Python.probe("3.99.7")


@needs_posix
@pytest.mark.parametrize(
    ("script", "message"),
    [
        (answer("3.9.1", (3, 9)), r"is Python 3\.9\.1: 3\.11 or later is needed"),
        ("echo not found >&2; exit 127", "is no interpreter that works: not found"),
        ("exit 3", "is no interpreter that works: .*exit status 3"),
        ("echo hello", "is no interpreter that works"),
        ("echo '[1]'", "does not answer as Python does"),
        ("echo '{}'", "does not answer as Python does"),
    ],
)
def test_no_interpreter(tmp_path: Path, script: str, message: str) -> None:
    """A command that is no Python, or too old a one, is named with the reason."""
    with pytest.raises(PythonError, match=message):
        Python.probe(stand_in(tmp_path / "python", script))


@needs_posix
def test_silent_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter that does not answer is given up."""
    monkeypatch.setattr(spawnable.python, "_PATIENCE", 0.1)
    with pytest.raises(PythonError, match=r"did not answer within 0\.1 seconds"):
        Python.probe(stand_in(tmp_path / "python", "exec sleep 60"))


@pytest.mark.parametrize("wanted", ["3.98", "3.98t", "no-such-python", "/no/such/python"])
def test_missing(wanted: str) -> None:
    """A Python that is not there is named, with what to do."""
    with pytest.raises(PythonError, match=r"on PATH: install it, or name the path of one"):
        Python.probe(wanted)


@needs_posix
def test_find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the versions asked for, those are found that work, in that order."""
    stand_in(tmp_path / "python3.98", answer("3.98.1", (3, 98)))
    stand_in(tmp_path / "python3.97", "exit 127")
    stand_in(tmp_path / "python3.96", answer("3.96.2", (3, 96)))
    monkeypatch.setenv("PATH", str(tmp_path))
    found = find_pythons(("3.98", "3.97", "3.96", "3.95", MINOR))
    assert [python.minor for python in found] == ["3.98", "3.96", MINOR]


def test_versions() -> None:
    """The version of a distribution is known by its name, None where it is not installed."""
    assert Python.current().versions(["pytest", "no-such-distribution"]) == {
        "pytest": pytest.__version__,
        "no-such-distribution": None,
    }


def test_versions_on_added_paths(tmp_path: Path) -> None:
    """Distributions in the folders that are put before the search path count."""
    (tmp_path / "thing-1.5.dist-info").mkdir()
    (tmp_path / "thing-1.5.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1.5\n")
    current = Python.current()
    python = Python(current.executable, current.version, current.digest, (str(tmp_path),))
    assert python.versions(["thing"]) == {"thing": "1.5"}


def test_no_packages(python: Python) -> None:
    """A snippet without packages asks no interpreter."""
    assert python.with_packages(()) is python


def test_installed_packages() -> None:
    """An interpreter that has the packages is returned as it is."""
    current = Python.current()
    assert current.with_packages(["pytest"]) is current


def test_missing_packages() -> None:
    """Packages that are not installed are named, with the command that installs them."""
    with pytest.raises(PythonError, match=r"lacks no-such-a, no-such-b: .* -m pip install no-such-a no-such-b"):
        Python.current().with_packages(["no-such-b", "pytest", "no-such-a"])


def test_environment_does_not_count(tmp_path: Path, monkeypatch: Any) -> None:
    """What an interpreter says of itself does not depend on the environment or the working directory."""
    (tmp_path / "json.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    spawnable.python._probe.cache_clear()
    assert Python.current().version == platform.python_version()
