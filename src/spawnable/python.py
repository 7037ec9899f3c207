"""The interpreters that can run a script, and what is installed in them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

__all__ = ["MINORS", "Python", "PythonError", "find_pythons"]

#: the versions that are looked for
MINORS = ("3.11", "3.12", "3.13", "3.14", "3.15")

_VERSION = re.compile(r"(?P<minor>3\.\d+)(?P<rest>\.\d+\w*)?(?P<threads>t?)")
_OLDEST = (3, 11)
#: seconds that an interpreter has to say what it is
_PATIENCE = 30
_PROBE = """
import json, os, platform, sys
print(json.dumps({
    "executable": sys.executable,
    "version": platform.python_version(),
    "library": os.path.dirname(os.__file__),
    "info": list(sys.version_info[:2]),
    "identity": [
        sys.version,
        sys.implementation.name,
        *platform.python_build(),
        os.path.realpath(sys.executable),
        sys.base_prefix,
    ],
}))
"""
_VERSIONS = """
import json, sys
from importlib.metadata import PackageNotFoundError, version
wanted = json.loads(sys.argv[1])
sys.path[:0] = wanted["paths"]
found = {}
for name in wanted["names"]:
    try:
        found[name] = version(name)
    except (PackageNotFoundError, ValueError):
        found[name] = None
print(json.dumps(found))
"""
_lock = threading.Lock()


class PythonError(RuntimeError):
    """An interpreter that can not be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Python:
    """One interpreter."""

    #: its path, as it calls itself
    executable: str
    #: as it says itself: `3.13.0`, `3.15.0rc1`
    version: str
    #: the SHA-256 of what tells this build from another: version, compiler, date, path, prefix; an environment has
    #: that of the interpreter it was made from, as it differs from it in nothing but what is installed
    digest: str
    #: folders before its own on the module search path
    paths: tuple[str, ...] = ()
    #: the folder of its standard library
    library: str = ""

    @property
    def minor(self) -> str:
        """The version that expectations speak of, such as `3.13`."""
        return ".".join(self.version.split(".")[:2])

    @classmethod
    def current(cls) -> Python:
        """Return the interpreter that runs this."""
        return cls.probe(sys.executable)

    @classmethod
    def probe(cls, wanted: str) -> Python:
        """Return the interpreter of a path, a command on PATH or a version such as `3.13`.

        A version is looked for in the interpreter that runs this, then on PATH.
        Raises PythonError where there is none, where it does not start or is older than 3.11.
        """
        version = _VERSION.fullmatch(wanted)
        if version is None:
            return _probe_path(_which(wanted))
        current = cls.current()
        if _is_version(current, wanted, version):
            return current
        found = _probe_path(_which(f"python{version['minor']}{version['threads']}", wanted))
        if version["rest"] and found.version != wanted.rstrip("t"):
            raise PythonError(
                f"Python {wanted} is not on PATH, {found.version} is: {found.executable}; "
                f"name {found.minor}, or the path of another"
            )
        return found

    def versions(self, names: Iterable[str]) -> dict[str, str | None]:
        """Return the installed version of each of these distributions, None where it is not installed."""
        wanted = tuple(sorted(set(names)))
        if not wanted:
            return {}
        with _lock:
            return dict(_versions(self.executable, self.paths, wanted))

    @staticmethod
    def forget_versions() -> None:
        """Ask the interpreters anew which distributions they have: after one was installed."""
        with _lock:
            _versions.cache_clear()

    def with_packages(self, names: Iterable[str]) -> Python:
        """Return an interpreter that has these distributions.

        Raises PythonError where one is not installed; the message says how to install it.
        """
        missing = [name for name, version in self.versions(names).items() if version is None]
        if missing:
            raise PythonError(
                f"Python {self.version} ({self.executable}) lacks {', '.join(missing)}: "
                f"{self.executable} -m pip install {' '.join(missing)}"
            )
        return self


def find_pythons(minors: Iterable[str] = MINORS) -> list[Python]:
    """Return the interpreters of these versions that are there, in the same order."""
    found = []
    for minor in minors:
        try:
            found.append(Python.probe(minor))
        except PythonError:
            continue
    return found


def _is_version(python: Python, wanted: str, version: re.Match[str]) -> bool:
    if bool(version["threads"]) != _is_free_threaded():
        return False
    return python.version == wanted.rstrip("t") if version["rest"] else python.minor == version["minor"]


def _is_free_threaded() -> bool:
    return "free-threading" in sys.version


def _which(command: str, wanted: str = "") -> str:
    path = shutil.which(command)
    if path is None and wanted and os.name == "nt":
        path = _from_launcher(wanted)
    if path is None:
        what = f"Python {wanted} is not" if wanted else f"{command!r} is no interpreter"
        raise PythonError(f"{what} on PATH: install it, or name the path of one")
    return path


def _from_launcher(version: str) -> str | None:
    """Return the path that Windows' launcher knows for a version."""
    launcher = shutil.which("py")
    if launcher is None:
        return None
    try:
        answer = _ask([launcher, f"-{version}"], "import json, sys; print(json.dumps(sys.executable))")
    except PythonError:
        return None
    return str(answer)


def _probe_path(path: str) -> Python:
    try:
        changed = Path(path).stat().st_mtime_ns
    except OSError as error:
        raise PythonError(f"{path} can not be read: {error.strerror}") from error
    with _lock:
        return _probe(str(Path(path).absolute()), changed)


@lru_cache(maxsize=64)
def _probe(path: str, changed: int) -> Python:  # noqa: ARG001 - a changed file is asked anew
    answer = _own() if path == sys.executable else _ask([path], _PROBE)
    try:
        info = tuple(answer["info"])
        python = Python(
            executable=str(answer["executable"]) or path,
            library=str(answer["library"]),
            version=str(answer["version"]),
            digest=hashlib.sha256(json.dumps(answer["identity"]).encode()).hexdigest(),
        )
    except (TypeError, KeyError) as error:
        raise PythonError(f"{path} does not answer as Python does") from error
    if info < _OLDEST:
        raise PythonError(f"{path} is Python {python.version}: 3.11 or later is needed")
    return python


def _own() -> Any:
    """Return what the interpreter that runs this answers, without starting another."""
    said: list[str] = []
    exec(_PROBE, {"print": said.append})  # noqa: S102 - the same text as any other is asked
    return json.loads(said[0])


@lru_cache(maxsize=256)
def _versions(executable: str, paths: tuple[str, ...], names: tuple[str, ...]) -> dict[str, str | None]:
    answer: dict[str, str | None] = _ask([executable], _VERSIONS, json.dumps({"paths": paths, "names": names}))
    return answer


def _ask(command: list[str], code: str, *arguments: str) -> Any:
    """Return the JSON that an interpreter prints, run apart from the environment and the working directory."""
    try:
        done = subprocess.run(
            [*command, "-I", "-c", code, *arguments],
            capture_output=True,
            check=True,
            stdin=subprocess.DEVNULL,
            timeout=_PATIENCE,
        )
        return json.loads(done.stdout)
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip().splitlines()
        raise PythonError(f"{command[0]} is no interpreter that works: {' '.join(said[-1:]) or error}") from error
    except subprocess.TimeoutExpired as error:
        raise PythonError(f"{command[0]} did not answer within {_PATIENCE} seconds") from error
    except (OSError, ValueError) as error:
        raise PythonError(f"{command[0]} is no interpreter that works: {error}") from error
