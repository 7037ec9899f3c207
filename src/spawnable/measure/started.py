"""The program whose starts are timed: run as a script of its own, by each Python that is asked.

    python started.py HOW MODULES MEGABYTES COUNT

HOW is a start method, `preloaded server`, which is a fork server that has imported the modules
already, `thread` or `interpreter`; MODULES are names, joined by commas, that the main module
imports; MEGABYTES are those of objects that the parent holds.  It starts COUNT of these one
after the other and prints, as JSON, what each took from just before its start until the
parent has heard from its first line, and its memory.
"""

from __future__ import annotations

import gc
import importlib
import json
import multiprocessing
import os
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import Any

#: what a main module imports is imported by each child that imports the main module
MODULES = [name for name in sys.argv[2].split(",") if name]
for _name in MODULES:
    importlib.import_module(_name)
PRELOADED = "preloaded server"
#: bytes of each of a parent's objects: as large as a small dictionary or list
_EACH = 480


def memory() -> dict[str, float]:
    """Return megabytes of this process: all that is mapped in, and what is its alone."""
    if sys.platform == "linux":
        with open("/proc/self/smaps_rollup", encoding="ascii") as file:  # noqa: PTH123 - imports nothing more
            sizes = {line.split()[0]: int(line.split()[1]) for line in file if line.endswith("kB\n")}
        own = sizes["Private_Clean:"] + sizes["Private_Dirty:"]
        return {"resident_mb": sizes["Rss:"] * 1.024 / 1000, "own_mb": own * 1.024 / 1000}  # kB are 1024 bytes
    else:  # noqa: RET505 - the type checker leaves out what only other systems do
        import psutil

        full = psutil.Process().memory_full_info()
        return {"resident_mb": full.rss / 1e6, "own_mb": full.uss / 1e6}


def say(connection: Connection) -> None:
    """Tell the parent that the first line is reached, then the memory."""
    connection.send_bytes(b"")
    connection.send(memory())
    connection.close()


def process(how: str) -> dict[str, float]:
    """Start a process and return its figures."""
    context: Any = multiprocessing.get_context("forkserver" if how == PRELOADED else how)
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=say, args=(theirs,))
    begin = time.perf_counter_ns()
    child.start()
    ours.recv_bytes()
    taken = time.perf_counter_ns() - begin
    figures = ours.recv()
    child.join()
    theirs.close()
    ours.close()
    return {"ready_ms": taken / 1e6, **figures}


def thread() -> dict[str, float]:
    """Start a thread and return its figures: its memory is what the process has more."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    done = threading.Event()

    def first_line() -> None:
        theirs.send_bytes(b"")
        done.wait()

    before = memory()
    child = threading.Thread(target=first_line)
    begin = time.perf_counter_ns()
    child.start()
    ours.recv_bytes()
    taken = time.perf_counter_ns() - begin
    after = memory()
    done.set()
    child.join()
    return {"ready_ms": taken / 1e6, "own_mb": max(0.0, after["own_mb"] - before["own_mb"])}


def interpreter() -> dict[str, float]:
    """Make an interpreter, import in it what a child would, and return its figures, as those of a thread."""
    interpreters = importlib.import_module("concurrent.interpreters")
    read, write = os.pipe()
    code = "".join(f"import {name}\n" for name in ("os", *MODULES)) + f"os.write({write}, b'.')\n"
    before = memory()
    begin = time.perf_counter_ns()
    made = interpreters.create()
    made.exec(code)
    os.read(read, 1)
    taken = time.perf_counter_ns() - begin
    after = memory()
    made.close()
    os.close(read)
    os.close(write)
    return {"ready_ms": taken / 1e6, "own_mb": max(0.0, after["own_mb"] - before["own_mb"])}


def main() -> None:
    """Start what is asked for as often as is asked for."""
    how, megabytes, count = sys.argv[1], int(sys.argv[3]), int(sys.argv[4])
    held = [bytes(_EACH) for _ in range(megabytes * 1_000_000 // (_EACH + 50))]
    gc.collect()
    if how == PRELOADED:
        multiprocessing.get_context("forkserver").set_forkserver_preload(MODULES)
    start = {"thread": thread, "interpreter": interpreter}.get(how, lambda: process(how))
    found = [start() for _ in range(count)]
    print(json.dumps(found))  # noqa: T201 - what it prints is what it is for
    del held


if __name__ == "__main__":
    main()
