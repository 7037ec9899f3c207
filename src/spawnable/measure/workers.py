"""The same work by threads, processes, interpreters and a free-threaded Python, by the number of workers.

`compute` is work in Python alone, `wait` are waits as for answers of a network.  `wall_ms` is
the time of all tasks, once all workers are there; `speedup_ratio` is that of a loop in the
same Python, divided by it.  `start_ms` is the time until all workers have done something for
the first time, `worker_mb` by how much the memory of the program grew with each, pages that
they share counted once.

The workers are those of `ThreadPoolExecutor`, `ProcessPoolExecutor` and
`InterpreterPoolExecutor`, or tasks of asyncio.  Interpreters are there from Python 3.14 on: the
newest Python on PATH does the work; a free-threaded one, such as `python3.14t`, does it too.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spawnable.measure.busy import loops_per_us
from spawnable.measure.chart import Chart
from spawnable.measure.plan import Plan
from spawnable.measure.sampling import in_turns, spread
from spawnable.measure.table import Row, Table, Value

__all__ = ["CHARTS", "measure"]

_NEWEST = ("python3.15", "python3.14")
_FREE = ("python3.15t", "python3.14t", "python3.13t")
#: seconds of a wait
_WAIT = 0.01
#: more processes than this are not started to wait
_SOME = 4

CHARTS = (
    Chart(
        "Work in Python: times as fast as a loop",
        x="workers",
        y="speedup_ratio",
        series="kind",
        where={"work": "compute"},
        x_title="workers",
        y_title="times as fast as a loop",
        name="compute",
    ),
    Chart(
        "Waits: times as fast as a loop",
        x="workers",
        y="speedup_ratio",
        series="kind",
        where={"work": "wait"},
        log="xy",
        x_title="workers",
        y_title="times as fast as a loop",
        name="wait",
    ),
)


@dataclass(frozen=True, slots=True)
class _Case:
    """One kind and number of workers, and the work."""

    work: str
    kind: str
    workers: int
    free: bool = False


@dataclass(slots=True)
class _Python:
    """A Python that does the work it is asked for."""

    process: subprocess.Popen[str]
    version: str
    loops: int
    quick: bool
    #: by the case, what it took beside the wall time
    beside: dict[_Case, list[dict[str, float]]] = field(default_factory=dict)

    def wall_ms(self, case: _Case) -> float:
        """Have it done once."""
        compute = case.work == "compute"
        many = 4 if self.quick else 16
        asked = {"work": case.work, "kind": case.kind, "workers": case.workers, "tasks": many}
        answer = self._ask({**asked, "size": self.loops if compute else _WAIT})
        self.beside.setdefault(case, []).append(answer)
        return answer["wall_ms"]

    def _ask(self, asked: dict[str, Any]) -> dict[str, float]:
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("it was started without pipes")
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"Python {self.version} ended: see above")
        answer: dict[str, float] = json.loads(line)
        return answer


def measure(plan: Plan) -> Table:
    """Measure workers; see the module's text."""
    newest, free = _newest(), _free()
    missing = []
    counts, waiting = ((2,), (2,)) if plan.quick else ((1, 2, 4), (2, 4, 16))
    kinds = ["threads", "processes", "interpreters"]
    if not _asked(newest, "sys.version_info >= (3, 14)"):
        kinds.remove("interpreters")
        missing.append("No Python from 3.14 on is on PATH, so there are no interpreters.")
    if free is None:
        missing.append("No free-threaded Python, such as python3.14t, is on PATH.")
    cases = [_Case("compute", "loop", 1), _Case("wait", "loop", 1)]
    cases += [_Case("compute", kind, count) for count in counts for kind in kinds]
    cases += [
        _Case("wait", kind, count)
        for count in waiting
        for kind in ["asyncio", *kinds]
        if count <= _SOME or kind not in {"processes", "interpreters"}
    ]
    loops = int((2_000 if plan.quick else 10_000) * loops_per_us())
    with ExitStack() as stack:
        pythons = {False: stack.enter_context(_python(newest, loops, quick=plan.quick))}
        if free:
            pythons[True] = stack.enter_context(_python(free, loops, quick=plan.quick))
            cases += [_Case("compute", "loop", 1, free=True)]
            cases += [_Case("compute", "threads", count, free=True) for count in counts]
        found = in_turns(
            {case: _once(pythons[case.free], case) for case in cases},
            plan.part(0.85),
            warm_up=0,
        )
        rows = list(_rows(found, pythons))
    return Table("workers", tuple(rows), tuple(missing))


def _once(python: _Python, case: _Case) -> Any:
    return lambda: python.wall_ms(case)


def _rows(found: dict[_Case, list[float]], pythons: dict[bool, _Python]) -> Iterator[Row]:
    for case, took in found.items():
        loop = found[_Case(case.work, "loop", 1, free=case.free)]
        row: dict[str, Value] = {
            "work": case.work,
            "kind": f"{case.kind}, free-threaded" if case.free else case.kind,
            "workers": case.workers,
            "python": pythons[case.free].version,
            **spread("wall_ms", took),
            **spread("speedup_ratio", [one / other for one, other in zip(loop, took, strict=True)]),
        }
        for name in ("start_ms", "worker_mb"):
            values = [beside[name] for beside in pythons[case.free].beside[case] if name in beside]
            row |= spread(name, values) if values else {}
        yield row


@contextmanager
def _python(path: str, loops: int, *, quick: bool) -> Iterator[_Python]:
    """Give a Python that waits for work."""
    version = _said(path, "platform.python_version()")
    command = [path, "-m", "spawnable.measure.work"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_environment()
    ) as process:
        try:
            yield _Python(process, version, loops, quick)
        finally:
            if process.stdin:
                process.stdin.close()


def _environment() -> dict[str, str]:
    package = str(Path(__file__).parents[2])
    return {**os.environ, "PYTHONPATH": package}


def _said(path: str, expression: str) -> str:
    """Return what a Python says of itself."""
    command = [path, "-c", f"import platform, sys, sysconfig; print({expression})"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _asked(path: str, expression: str) -> bool:
    return _said(path, expression) == "True"


def _works(names: Sequence[str]) -> Iterator[str]:
    """Give the Pythons of these names that are on PATH and answer: a name can be there without its Python."""
    for name in names:
        path = shutil.which(name)
        if path and subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0:
            yield path


def _newest() -> str:
    """Return this Python, if it has interpreters and a lock, else the newest that is on PATH, else this."""
    if sys.version_info >= (3, 14) and not sysconfig.get_config_var("Py_GIL_DISABLED"):
        return sys.executable
    return next(_works(_NEWEST), sys.executable)


def _free() -> str | None:
    """Return a free-threaded Python: this one, or one on PATH."""
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return sys.executable
    return next(_works(_FREE), None)
