"""A subject measured in an interpreter of its own, and what that interpreter does."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from spawnable.measure.plan import Plan
from spawnable.measure.subjects import SUBJECTS, subject
from spawnable.measure.table import Table

__all__ = ["MeasureError", "main", "measure_apart"]


class MeasureError(RuntimeError):
    """A measurement that failed; the message says how."""


def measure_apart(name: str, plan: Plan, python: str = sys.executable) -> Table:
    """Return the table of a subject, measured by that interpreter in a process that does nothing else.

    Raises MeasureError where the process does not end well.
    """
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]))
    with tempfile.TemporaryDirectory(prefix="spawnable-") as folder:
        file = Path(folder, "table.json")
        command = [python, "-m", "spawnable.measure", name, "--json", str(file), f"--seconds={plan.seconds}"]
        command += ["--quick"] if plan.quick else []
        command += [f"--repeats={plan.repeats}"] if plan.repeats is not None else []
        # what a child prints is no result: it goes to stderr
        done = subprocess.run(command, check=False, stdout=2, env={**os.environ, "PYTHONPATH": path})
        if done.returncode:
            raise MeasureError(f"measuring {name} ended with exit code {done.returncode}: see above")
        return Table.from_json(file.read_text(encoding="utf-8"), str(file))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure one subject and write its table."""
    parser = argparse.ArgumentParser(prog="python -m spawnable.measure")
    parser.add_argument("subject", choices=SUBJECTS)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--repeats", type=int)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args(arguments)
    plan = Plan.trial() if given.quick else Plan()
    plan = Plan(given.seconds or plan.seconds, given.quick, given.repeats or plan.repeats)
    text = subject(given.subject).measure(plan).to_json()
    if given.json:
        given.json.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
