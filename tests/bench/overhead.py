"""What a run costs beside the plain script, and what of Python's own start-up it adds."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.bench.figures import Figure, at_most
from tests.bench.pairs import Pairs, in_turns
from tests.bench.scripts import QUEUE, plain, script

from spawnable.python import Python
from spawnable.run import close, run
from spawnable.run.scene import INJECT, STACK_SIGNAL
from spawnable.snippet import Snippet

__all__ = ["overhead", "startup"]

#: a run may take so many times as long as the plain script
LIMIT = 1.05
#: or so many milliseconds longer
LIMIT_MS = 5.0
#: milliseconds that may be added to the start of one Python
STARTUP_MS = 1.0
_IMPORTED = "import sys; print(*sorted(sys.modules))"


def overhead(folder: Path, start_methods: tuple[str, ...], count: int) -> Iterator[Figure]:
    """Give the overhead of a run under each start method; at least 25 pairs make it certain."""
    code, python = script(QUEUE), Python.current()
    snippet = Snippet(name="bench:queue", code=code)
    try:
        for method in start_methods:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{method}.py").write_text(plain(code, method), encoding="utf-8")
            command = [python.executable, f"{method}.py"]
            pairs = in_turns(
                lambda command=command: _call(command, folder),  # type: ignore[misc]
                lambda method=method: run(snippet, method, python),  # type: ignore[misc]
                count,
            )
            yield _told(f"overhead.{method}", pairs, LIMIT, LIMIT_MS)
    finally:
        close()


def startup(folder: Path, count: int) -> Iterator[Figure]:
    """Give what the `sitecustomize` of a run adds to the start of one Python, and how many modules it imports."""
    folder.mkdir(parents=True, exist_ok=True)
    watched = {
        "PYTHONPATH": INJECT,
        "SPAWNABLE_FOLDER": str(folder),
        "SPAWNABLE_START_METHOD": "spawn",
        "SPAWNABLE_STACK_SIGNAL": str(STACK_SIGNAL),
    }
    command = [sys.executable, "-c", "pass"]
    pairs = in_turns(lambda: _call(command, folder), lambda: _call(command, folder, watched), count)
    yield _told("startup.sitecustomize", pairs, LIMIT, STARTUP_MS)
    asked = [sys.executable, "-c", _IMPORTED]
    more = set(_call(asked, folder, watched).split()) - set(_call(asked, folder).split()) - {"sitecustomize"}
    yield Figure("startup.modules", len(more), "", details={"imported": " ".join(sorted(more)) or "none"})


def _told(key: str, pairs: Pairs, limit: float, limit_ms: float) -> Figure:
    figure = at_most(
        key,
        pairs.ratio,
        "x",
        limit,
        added_ms=pairs.added * 1000,
        plain_ms=median(pairs.first) * 1000,
        watched_ms=median(pairs.second) * 1000,
        pairs=len(pairs.first),
    )
    met = figure.met or pairs.added * 1000 <= limit_ms
    return Figure(key, figure.value, "x", f"at most {limit:g} x, or {limit_ms:g} ms more", met, figure.details)


def _call(command: list[str], folder: Path, more: dict[str, str] | None = None) -> str:
    """Run a script plainly, its output going to a pipe."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        command,
        cwd=folder,
        env=kept | (more or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=True,
        text=True,
    )
    return done.stdout
