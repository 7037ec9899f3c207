"""What building a site costs: cold, beside stock MyST-NB, and when little or nothing has changed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.bench.figures import Figure, at_least, at_most, cores
from tests.bench.pairs import in_turns
from tests.bench.scripts import COMPUTES, QUEUE, SLEEPS, script
from tests.bench.sites import OURS, STOCK, WITHOUT, BenchError, Site

from spawnable.expectation import START_METHODS
from spawnable.store import Store

__all__ = ["cold", "sleeping", "stock", "unchanged"]

COLD, FASTER, ALL_METHODS, UNCHANGED = 1.15, 2.0, 1.5, 1.1


def cold(folder: Path, pages: int, cells: int, rounds: int) -> Iterator[Figure]:
    """Give the time of a build that runs everything, of cells that compute, over its least possible time.

    That is the time of the same build with all transcripts stored, and the processor time
    of the runs shared by all processors.
    """
    site = _site(folder, pages, cells, COMPUTES)
    yield _cold("cold.computing", site, 0.0, rounds)


def sleeping(folder: Path, cells: int, seconds: float, rounds: int) -> Iterator[Figure]:
    """Give the time of a build whose cells sleep, over the same with the longest sleep counted once."""
    site = Site(folder)
    site.write(1, [script(SLEEPS, number, seconds=seconds) for number in range(cells)])
    yield _cold("cold.sleeping", site, seconds, rounds)


def _cold(key: str, site: Site, sleep: float, rounds: int) -> Figure:
    ratios, details = [], {}
    for _ in range(rounds):
        shutil.rmtree(site.folder / "_store", ignore_errors=True)
        ran, stored = site.build(OURS), site.build(OURS)
        if stored.runs:
            raise BenchError(f"{stored.runs} runs, though all were stored:\n{stored.log}")
        store = Store(site.folder / "_store")
        cpu = sum(transcript.cpu for entry in store.entries() if (transcript := store.read(entry)) is not None)
        ratios.append(ran.wall / (stored.wall + cpu / cores() + sleep))
        details = {
            "cold_s": ran.wall,
            "stored_s": stored.wall,
            "runs": ran.runs,
            "runs_cpu_s": cpu,
            "sleep_s": sleep,
        }
    return at_most(key, median(ratios), "x", COLD, **details)


def stock(folder: Path, pages: int, cells: int, rounds: int, jobs: str = "1") -> Iterator[Figure]:
    """Give how much faster than stock MyST-NB, with a kernel a page, the same pages are."""
    one, every = Site(folder / "one"), Site(folder / "all")
    for number in range(1, pages + 1):
        codes = [script(QUEUE, number * 1000 + index) for index in range(cells)]
        one.write(number, codes, "start-methods: [fork]\n")
        every.write(number, codes)
    faster, slower, details = [], [], {}
    for _ in range(rounds):
        for site in (one, every):
            shutil.rmtree(site.folder / "_store", ignore_errors=True)
        kernels = one.build(STOCK, "stock", jobs=jobs).wall
        _same_output(one, pages)
        fork, methods = one.build(OURS, jobs=jobs).wall, every.build(OURS, jobs=jobs).wall
        faster.append(kernels / fork)
        slower.append(methods / kernels)
        details = {"stock_s": kernels, "one_method_s": fork, "all_methods_s": methods, "pages": pages, "cells": cells}
    yield at_least("stock.one_method", median(faster), "x", FASTER, **details)
    yield at_most("stock.all_methods", median(slower), "x", ALL_METHODS, **details)


def _same_output(site: Site, pages: int) -> None:
    """Raise BenchError where a kernel did not run a page's cells: from Python 3.14 on none can, by default."""
    for number in range(1, pages + 1):
        page = site.folder / f"_build/stock/page-{number}.html"
        if page.read_text(encoding="utf-8").count(f"child {number}000") < 2:  # in the code, and in the output
            raise BenchError(f"stock MyST-NB did not run page {number}: measure with a Python whose default is fork")


def unchanged(folder: Path, pages: int, cells: int, count: int) -> Iterator[Figure]:
    """Give the time of a build when nothing changed, over that without us, and what runs when one cell did."""
    ours, without = _site(folder / "ours", pages, cells, QUEUE), _site(folder / "without", pages, cells, QUEUE)
    ours.build(OURS)
    without.build(WITHOUT)
    pairs = in_turns(lambda: without.build(WITHOUT, fresh=False), lambda: ours.build(OURS, fresh=False), count)
    sizes = {"pages": pages, "cells": cells}
    first, second = median(pairs.first), median(pairs.second)
    yield at_most("unchanged", pairs.ratio, "x", UNCHANGED, without_s=first, ours_s=second, **sizes)
    page = ours.folder / "page-1.md"
    page.write_text(page.read_text(encoding="utf-8").replace("child 1000", "changed", 1), encoding="utf-8")
    build = ours.build(OURS, fresh=False)
    expected = len(START_METHODS)
    met = build.runs == expected
    yield Figure("edited.runs", build.runs, "runs", f"{expected}: one cell's", met, {"wall_s": build.wall, **sizes})


def _site(folder: Path, pages: int, cells: int, template: str) -> Site:
    site = Site(folder)
    for number in range(1, pages + 1):
        site.write(number, [script(template, number * 1000 + index) for index in range(cells)])
    return site
