"""What kind a process of a run is: by its command line, and by what it noted of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spawnable.normalise import HELPERS

if TYPE_CHECKING:
    from spawnable.run.notes import Note
    from spawnable.transcript import Process

__all__ = ["by_command", "by_note"]


def by_command(words: list[str], program: str) -> tuple[str, str]:
    """Return kind and name of a process with this command line, whose program the system calls so.

    A fork has the command line of its parent, and so has a program that has not begun yet.
    """
    line = " ".join(words)
    for module in HELPERS:
        if f"multiprocessing.{module} import main" in line:
            return module, module
    if "--multiprocessing-fork" in words or "multiprocessing.spawn import spawn_main" in line:
        return "child", "?"
    return "other", program


def by_note(process: Process, note: Note, program: str) -> None:
    """Set kind and name of a process by what was noted of it, which counts for more than its command line."""
    if note.kind == "fork" and process.kind in HELPERS:  # it has the command line of what it was forked from
        process.kind, process.name = "other", program
    if note.kind in HELPERS and process.kind == "other":
        process.kind = process.name = note.kind
    if note.name:
        process.name, process.kind, process.daemon = note.name, "child", note.daemon
