"""What a script finds when it starts: its files and its environment."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spawnable.run.request import Request

__all__ = ["INJECT", "STACK_SIGNAL", "command", "environment", "lay_out", "prepare", "shown_paths"]

#: the folder that holds the `sitecustomize` of every run
INJECT = str(Path(__file__).with_name("inject"))
#: asks a Python process for the stacks of its threads: one that nobody uses, and on macOS that is ignored
#: by all others; 0 on Windows, where processes print them when the run's time is over
if sys.platform == "linux":
    STACK_SIGNAL = int(signal.SIGRTMAX) - 3
else:
    STACK_SIGNAL = int(getattr(signal, "SIGINFO", 0))
#: variables of the user that a script may see
_KEPT = ("PATH", "TZ", "LD_LIBRARY_PATH", "SYSTEMROOT", "WINDIR", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def lay_out(folder: str) -> None:
    """Make the folders of a run: `w` the working directory, `t` temporary files, `h` home."""
    for name in "wth":
        os.mkdir(f"{folder}/{name}")


def prepare(request: Request) -> None:
    """Write the files that the script finds in its working directory."""
    for name, text in request.files.items():
        path = f"{request.folder}/w/{name}"
        if "/" in name:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(text)


def command(request: Request) -> list[str]:
    """Return what is executed."""
    what = ["-m", request.module] if request.module else [request.filename]
    return [request.executable, *what, *request.arguments]


def environment(request: Request) -> dict[str, str]:
    """Return the variables that the script sees: a reader's own, or few, and those of the run."""
    folder = request.folder
    paths = [INJECT, *request.paths]
    if request.variables is None:
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        kept |= {"LANG": "C.UTF-8", "TERM": "dumb", "COLUMNS": "80"}
    else:
        kept = dict(request.variables)
        paths += filter(None, [kept.get("PYTHONPATH")])
    if request.traced:
        kept["SPAWNABLE_TRACE"] = "1"
    return kept | {
        "HOME": f"{folder}/h",
        "TMPDIR": f"{folder}/t",
        "TMP": f"{folder}/t",
        "TEMP": f"{folder}/t",
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONIOENCODING": "utf-8",
        "SPAWNABLE_FOLDER": folder,
        "SPAWNABLE_START_METHOD": request.start_method,
        "SPAWNABLE_STACK_SIGNAL": str(STACK_SIGNAL),
    }


def shown_paths(request: Request) -> dict[str, str]:
    """Return what a reader is shown instead of the folders of the run and of the machine."""
    folder = request.folder
    own = {f"{folder}/w/": "", f"{folder}/w": ".", f"{folder}/t": "/tmp", f"{folder}/h": "~"}  # noqa: S108
    return own | request.shown
