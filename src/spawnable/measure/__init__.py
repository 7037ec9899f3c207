"""What multiprocessing costs on a machine: seven subjects, each measured by a module of its own.

    Plan ──▶ measure(plan) ──▶ Table ──▶ JSON ──▶ chart, table, rules of a page
    (how long)  (a subject)    (rows)

A subject is a module of this package with a docstring that says what it measures and how,
a function `measure(plan) -> Table`, and `CHARTS`, the drawings that show it best, the first
before all others.  `python -m spawnable.measure SUBJECT` measures in a process that has
imported nothing else: what that process is itself, it hands on to its children.
"""

from __future__ import annotations

from spawnable.measure.chart import Chart
from spawnable.measure.plan import Plan
from spawnable.measure.subjects import SUBJECTS, Subject, subject
from spawnable.measure.table import Table, TableError

__all__ = ["SUBJECTS", "Chart", "Plan", "Subject", "Table", "TableError", "subject"]
