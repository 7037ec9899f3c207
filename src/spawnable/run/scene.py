"""What a script finds when it starts: its files and its environment."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spawnable.run.request import Request

__all__ = ["INJECT", "STACK_SIGNAL", "environment", "prepare", "shown_paths"]

#: the folder that holds the `sitecustomize` of every run
INJECT = str(Path(__file__).with_name("inject"))
#: asks a Python process for the stacks of its threads
STACK_SIGNAL = int(getattr(signal, "SIGRTMAX", 3)) - 3
#: variables of the user that a script may see
_KEPT = ("PATH", "TZ", "LD_LIBRARY_PATH", "SYSTEMROOT", "WINDIR", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def prepare(request: Request) -> None:
    """Lay out the folder of a run: `w` the working directory, `t` temporary files, `h` home."""
    folder = Path(request.folder)
    for name in "wth":
        (folder / name).mkdir()
    work = folder / "w"
    for name, text in request.files.items():
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")


def environment(request: Request) -> dict[str, str]:
    """Return the variables that the script sees."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    folder = request.folder
    if request.traced:
        kept["SPAWNABLE_TRACE"] = "1"
    return kept | {
        "HOME": f"{folder}/h",
        "TMPDIR": f"{folder}/t",
        "TMP": f"{folder}/t",
        "TEMP": f"{folder}/t",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "COLUMNS": "80",
        "PYTHONPATH": os.pathsep.join([INJECT, *request.paths]),
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
