"""Where the distributions are that snippets need: an environment for each Python, made when one is needed."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import subprocess
import threading
from collections.abc import Iterable
from pathlib import Path

from spawnable.python import Python, PythonError

__all__ = ["Environments"]

#: seconds that an installation may take
_PATIENCE = 600


class Environments:
    """A folder of virtual environments, one for each Python that lacks what a snippet needs.

    Without a folder nothing is installed.  What is installed is that which `pip` chooses:
    its settings, such as PIP_CONSTRAINT, hold.
    """

    def __init__(self, folder: str | Path | None) -> None:
        self.folder = Path(folder).absolute() if folder else None
        self._lock = threading.Lock()

    def equip(self, python: Python, names: Iterable[str]) -> Python:
        """Return an interpreter that has these distributions: the one given, or that of its environment.

        Raises PythonError where one is neither there nor can be installed.
        """
        wanted = sorted(set(names))
        missing = [name for name, version in python.versions(wanted).items() if version is None]
        if self.folder is None or not missing:
            return python.with_packages(wanted)
        with self._lock:
            return self._installed(python, wanted, self.folder)

    def _installed(self, python: Python, names: list[str], folder: Path) -> Python:
        """Return the interpreter of a Python's environment, with what was missing installed."""
        build = hashlib.sha256(python.digest.encode()).hexdigest()[:8]
        home = folder / f"{python.version}-{build}"
        if not _executable(home).exists():
            _make(python, home)
        equipped = Python.probe(str(_executable(home)))
        missing = [name for name, version in equipped.versions(names).items() if version is None]
        if missing:
            _do([equipped.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *missing])
            Python.forget_versions()
        return equipped.with_packages(names)


def _executable(home: Path) -> Path:
    return home / "Scripts" / "python.exe" if os.name == "nt" else home / "bin" / "python"


def _make(python: Python, home: Path) -> None:
    """Make an environment so that it is there whole or not at all."""
    made = home.with_name(f".{home.name}.{secrets.token_hex(4)}")
    try:
        _do([python.executable, "-m", "venv", str(made)])
        try:
            made.rename(home)
        except OSError as error:
            if not _executable(home).exists():  # nor has another process made it meanwhile
                raise PythonError(f"{home} can not be made: {error.strerror or error}") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _do(command: list[str]) -> None:
    try:
        subprocess.run(
            command,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
        )
    except subprocess.CalledProcessError as error:
        said = error.stdout.strip().splitlines()[-1:]
        raise PythonError(f"{' '.join(command)} failed: {' '.join(said) or error}") from error
    except subprocess.TimeoutExpired as error:
        raise PythonError(f"{' '.join(command)} did not end within {_PATIENCE} seconds") from error
    except OSError as error:
        raise PythonError(f"{command[0]} can not be started: {error.strerror or error}") from error
