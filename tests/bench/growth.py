"""How time and memory of a build grow with the number of pages, all transcripts being stored."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from tests.bench.figures import Figure, at_most
from tests.bench.scripts import QUEUE, script
from tests.bench.sites import OURS, WITHOUT, BenchError, Build, Site

from spawnable.cli.pages import read
from spawnable.python import Python
from spawnable.store import Job, Store

__all__ = ["growth"]

CONSTANT, LOOK_UP_MS = 1.2, 1.0
#: that a further page may add to the peak, beyond what Sphinx itself holds of it; its 15 transcripts would be 150
MEMORY_KB = 128.0
CELLS = 5


def growth(folder: Path, sizes: tuple[int, ...], rounds: int = 1) -> Iterator[Figure]:
    """Give time per further page, milliseconds per look-up and memory, from each size to the next."""
    ours: dict[int, Build] = {}
    without: dict[int, Build] = {}
    pattern = _pattern(folder / "pattern")
    for size in sizes:
        site = Site(folder / str(size))
        jobs = _fill(site, size, pattern)
        yield _look_ups(Store(site.folder / "_store"), jobs, size)
        ours[size] = _best(site, OURS, rounds)
        without[size] = _best(site, WITHOUT, rounds)
        if ours[size].runs:
            raise BenchError(f"{ours[size].runs} runs, though all were stored:\n{ours[size].log[-2000:]}")
        details = {"seconds": ours[size].wall, "without_s": without[size].wall}
        yield Figure(f"growth.memory_{size}", ours[size].memory / 1e6, "MB", details=details)
        shutil.rmtree(site.folder)
    steps = list(pairwise(sizes))
    rates = [_rate(ours, step) for step in steps]
    plain = [_rate(without, step) for step in steps]
    for name, values, limit in (("growth.page", rates, True), ("growth.page_without", plain, False)):
        details = {f"ms_{a}_{b}": rate * 1000 for (a, b), rate in zip(steps, values, strict=True)}
        value = max(values) / min(values) if min(values) > 0 else float("inf")
        yield at_most(name, value, "x", CONSTANT, **details) if limit else Figure(name, value, "x", details=details)
    first, last = sizes[0], sizes[-1]
    held, own = ((builds[last].memory - builds[first].memory) / (last - first) / 1e3 for builds in (ours, without))
    yield at_most("growth.memory_page", max(0.0, held - own), "kB", MEMORY_KB, with_kb=held, without_kb=own)


def _pattern(folder: Path) -> Store:
    """Run one page's cells, and return the store that holds what they did."""
    site = Site(folder)
    site.write(1, [script(QUEUE, index) for index in range(CELLS)])
    site.build(OURS)
    return Store(folder / "_store")


def _fill(site: Site, size: int, pattern: Store) -> list[Job]:
    """Write the pages, and store for every run what another one did."""
    for number in range(1, size + 1):
        site.write(number, [script(QUEUE, number * 1000 + index) for index in range(CELLS)])
    site.configure(OURS)
    python = Python.current()
    jobs = [Job(snippet, method, python) for snippet in read([site.folder]) for method in snippet.start_methods]
    entries = {transcript.start_method: transcript for key in pattern.entries() if (transcript := pattern.read(key))}
    store = Store(site.folder / "_store")
    for job in jobs:
        store.put(job, entries[job.start_method])
    return jobs


def _look_ups(store: Store, jobs: list[Job], size: int) -> Figure:
    start = time.perf_counter()
    found = sum(store.get(job) is not None for job in jobs)
    each = (time.perf_counter() - start) * 1000 / len(jobs)
    if found < len(jobs):
        raise BenchError(f"{found} of {len(jobs)} transcripts are in {store.folder}")
    return at_most(f"growth.look_up_{size}", each, "ms", LOOK_UP_MS, look_ups=len(jobs))


def _best(site: Site, configuration: str, rounds: int) -> Build:
    """Return the fastest of some builds: what disturbs one only makes it slower."""
    return min((site.build(configuration) for _ in range(rounds)), key=lambda build: build.cpu)


def _rate(builds: dict[int, Build], step: tuple[int, int]) -> float:
    """Return the seconds of each page that the larger of two sites has more: of processor time, as nothing is run."""
    return (builds[step[1]].cpu - builds[step[0]].cpu) / (step[1] - step[0])
