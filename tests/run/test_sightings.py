"""`spawnable.run.sightings`: what psutil sees of the processes of a run."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.waiting import until

from spawnable.run.notes import Note, Notes
from spawnable.run.sightings import Sightings

#: becomes the program that it is told, as a text of one line
BECOMES = """
import ast, os, sys
program = ast.literal_eval(sys.stdin.readline())
os.execv(sys.executable, [sys.executable, "-c", program])
"""
#: has the command line of the one that multiprocessing starts, and waits for its input
TRACKER = """
import sys
if False:
    from multiprocessing.resource_tracker import main
print("here", flush=True)
sys.stdin.read()
"""
MAIN = "import subprocess, sys; subprocess.run([sys.executable, '-c', *sys.argv[1:]])"


@contextmanager
def started() -> Iterator[subprocess.Popen[str]]:
    """Start a program whose child will become a resource tracker."""
    command = [sys.executable, "-c", MAIN, BECOMES]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.communicate("''\n", timeout=60)


def seen(sightings: Sightings, *wanted: str) -> bool:
    """Look at the processes once more; tell whether they are of these kinds."""
    sightings.look()
    return [process.kind for process in sightings.everyone] == list(wanted)


@pytest.mark.skipif(sys.platform == "win32", reason="there a program does not become another")
def test_a_helper_that_was_seen_before_it_was_one() -> None:
    """Between fork and exec it has the command line of its parent: it is asked again."""
    with started() as process:
        assert process.stdin is not None
        assert process.stdout is not None
        sightings = Sightings(process.pid, "", time.monotonic())
        until(lambda: seen(sightings, "main", "other"))
        process.stdin.write(f"{TRACKER!r}\n")
        process.stdin.flush()
        assert process.stdout.readline() == "here\n"
        until(lambda: seen(sightings, "main", "resource_tracker"))


@pytest.mark.parametrize(("kind", "became"), [("resource_tracker", "resource_tracker"), ("fork", "other")])
def test_what_a_process_notes_of_itself_counts(kind: str, became: str) -> None:
    """A helper is one from its first note on, and a fork of the fork server is none, whatever its command line is."""
    with started() as process:
        sightings = Sightings(process.pid, "", time.monotonic())
        until(lambda: seen(sightings, "main", "other"))
        child = sightings.everyone[1]
        child.kind = "forkserver" if kind == "fork" else "other"
        notes = Notes(0.0, processes={child.pid: Note(0.0, kind=kind)})
        sightings.take_notes(notes, {child.pid})
        assert child.kind == became
