"""How long it takes until a process's first line, and what memory it has then.

A script starts a child, once and then again, and waits until it has heard from the child's
first line.  Each round runs the script anew in every way: under each start method, beside
a thread and, on Python 3.14 and later, an interpreter of the same process; with 0, 10 and 50
modules of the standard library imported by the main module; with 0, 100 and 500 MB
of objects in the parent.  Further Pythons on PATH start the smallest script too: one of 3.14 or
later, if that is not the one that measures, and builds with free threading.

`ready_ms` is the time from just before `start()`; `own_mb` is the child's memory that no other
process shares, `resident_mb` all that it has mapped in; a thread's or an interpreter's is what the
process has more.  `start` tells the first child of a parent, which may have helper processes to
wait for, from those after it; `python` is `this` where it is the one that measures.
"""

from __future__ import annotations

import json
import multiprocessing
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from spawnable.measure.chart import Chart
from spawnable.measure.plan import Plan
from spawnable.measure.sampling import spread
from spawnable.measure.table import Row, Table
from spawnable.python import MINORS, Python, PythonError

__all__ = ["CHARTS", "measure"]

#: modules of the standard library on every Python and system, none of which another here imports
_MODULES = (
    *("asyncio", "http.server", "xml.dom.minidom", "email.mime.multipart", "sqlite3", "decimal", "unittest.mock"),
    *("xmlrpc.client", "concurrent.futures", "logging.config", "argparse", "csv", "configparser", "zipfile"),
    *("tarfile", "ftplib", "imaplib", "smtplib", "poplib", "http.cookiejar", "urllib.robotparser", "wsgiref.validate"),
    *("difflib", "doctest", "fractions", "statistics", "calendar", "gettext", "getpass", "glob", "graphlib", "html"),
    *("ipaddress", "json", "mailbox", "mimetypes", "netrc", "optparse", "pdb", "pickletools", "plistlib", "pprint"),
    *("pyclbr", "queue", "sched", "shelve", "socketserver", "tomllib", "uuid", "zipapp"),
)
_IMPORTS = (0, 10, 50)
_PARENTS_MB = (0, 100, 500)
#: children that one parent starts after its first
_NEXT = 4
_PRELOADED = "preloaded server"
#: seconds that one script may take
_PATIENCE = 120

_ONE_BY_ONE = ("thread", "fork", "forkserver", "spawn", "interpreter")
_AT_IMPORTS = ("fork", "forkserver", _PRELOADED, "spawn", "interpreter")
_AT_PARENTS = ("fork", "forkserver", "spawn", "thread")

CHARTS = (
    Chart(
        "What a first line waits for",
        x="way",
        y="ready_ms",
        where={"how": _ONE_BY_ONE, "imports": 0, "parent_mb": 0, "start": "next"},
        ordered=True,
        log="y",
        x_title="started by",
        y_title="time to the first line",
        name="ways",
    ),
    Chart(
        "Each import of the main module is paid for by every child that imports it",
        x="imports",
        y="ready_ms",
        series="how",
        where={"python": "this", "how": _AT_IMPORTS, "parent_mb": 0, "start": "next"},
        x_title="modules that the main module imports",
        y_title="time to the first line",
        name="imports",
    ),
    Chart(
        "A fork takes longer, the more its parent holds",
        x="parent_mb",
        y="ready_ms",
        series="how",
        where={"python": "this", "how": _AT_PARENTS, "imports": 0, "start": "next"},
        x_title="MB of objects in the parent",
        y_title="time to the first line",
        name="parent",
    ),
    Chart(
        "What memory a child has to itself at its first line",
        x="way",
        y="own_mb",
        where={"how": _ONE_BY_ONE, "imports": 0, "parent_mb": 0, "start": "next"},
        ordered=True,
        x_title="started by",
        y_title="memory that it shares with nobody",
        name="memory",
    ),
)


@dataclass(frozen=True, slots=True)
class _Case:
    """One way of starting children."""

    how: str
    imports: int
    parent_mb: int
    python: Python


def measure(plan: Plan) -> Table:
    """Measure starts, as the module says."""
    own = Python.current()
    others, missing = _others(own)
    cases = list(_cases(plan, own, others))
    found: dict[tuple[_Case, str], list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="spawnable-") as folder:
        script = Path(folder, "main.py")
        shutil.copy(Path(__file__).with_name("started.py"), script)
        for number in plan.rounds(most=100):
            turn = number % len(cases)
            for case in cases[turn:] + cases[:turn]:
                first, *later = _start(case, script, 1 if plan.quick else _NEXT)
                found.setdefault((case, "first"), []).append(first)
                found.setdefault((case, "next"), []).extend(later)
    return Table("startup", tuple(_rows(found, own)), missing=tuple(missing))


def _cases(plan: Plan, own: Python, others: list[Python]) -> Iterator[_Case]:
    """Give all ways: those of the Python that measures with imports and parents, those of others without."""
    methods = multiprocessing.get_all_start_methods()
    preloaded = [_PRELOADED] if "forkserver" in methods else []
    for python in (own, *others):
        ways = ["thread", "interpreter"] if _has_interpreters(python) else ["thread"]
        yield from (_Case(how, 0, 0, python) for how in (*methods, *ways))
    interpreter = ["interpreter"] if _has_interpreters(own) else []
    for imports in _IMPORTS[1:2] if plan.quick else _IMPORTS:
        known = [*preloaded, *(methods if imports else []), *(interpreter if imports else [])]
        yield from (_Case(how, imports, 0, own) for how in known)
    for megabytes in (10,) if plan.quick else _PARENTS_MB[1:]:
        yield from (_Case(how, 0, megabytes, own) for how in (*methods, "thread"))


def _has_interpreters(python: Python) -> bool:
    return tuple(map(int, python.minor.split("."))) >= (3, 14)


def _others(own: Python) -> tuple[list[Python], list[str]]:
    """Return further Pythons on PATH: one with interpreters, all with free threading; and say what there is not."""
    found, missing = [], []
    if not _has_interpreters(own):
        later = [python for minor in ("3.14", "3.15") if (python := _probed(minor)) is not None]
        found += later[:1]
        if not later:
            missing.append("Interpreters of one process are not measured: there is no Python 3.14 or later.")
    free = [python for minor in MINORS if (python := _probed(f"{minor}t")) is not None and _is_another(python, own)]
    found += free
    if not free and "free-threading" not in sys.version:
        missing.append("Free threading is not measured: there is no such build on PATH.")
    return found, missing


def _is_another(python: Python, own: Python) -> bool:
    return python.digest != own.digest


def _probed(name: str) -> Python | None:
    try:
        return Python.probe(name)
    except PythonError:
        return None


def _start(case: _Case, script: Path, later: int) -> list[dict[str, float]]:
    """Run the script once, and return the figures of each child that it started: the first and the later ones."""
    modules = ",".join(_MODULES[: case.imports])
    command = [case.python.executable, str(script), case.how, modules, str(case.parent_mb), str(1 + later)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=_PATIENCE)
    found: list[dict[str, float]] = json.loads(done.stdout)
    return found


def _rows(found: dict[tuple[_Case, str], list[dict[str, float]]], own: Python) -> Iterator[Row]:
    for (case, start), samples in found.items():
        python = "this" if case.python is own else _name(case.python)
        figures = {name: spread(name, [sample[name] for sample in samples]) for name in samples[0]}
        yield {
            "python": python,
            "how": case.how,
            "way": case.how if case.python is own else f"{case.how}, {python}",
            "imports": case.imports,
            "parent_mb": case.parent_mb,
            "start": start,
            **figures.pop("ready_ms"),
            **{name: values[name] for name, values in figures.items()},
        }


def _name(python: Python) -> str:
    """Return the version as commands have it, such as `3.14t`."""
    free = Path(python.executable).name.rstrip("0123456789.").endswith("t") and python.minor > "3.12"
    return python.minor + ("t" if free else "")
