"""A subject measured in an interpreter of its own, and what that interpreter does."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from spawnable.measure.plan import Plan
from spawnable.measure.subjects import SUBJECTS, subject
from spawnable.measure.table import Table

__all__ = ["MeasureError", "main", "measure_apart"]


#: seconds in which a measurement that is interrupted ends its children
_PATIENCE = 20


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
        code = _run(command, {**os.environ, "PYTHONPATH": path})
        if code:
            raise MeasureError(f"measuring {name} ended with exit code {code}: see above")
        return Table.from_json(file.read_text(encoding="utf-8"), str(file))


def _run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a measurement and return its exit code; where this is interrupted, it ends its children and itself."""
    # what it prints is no result and goes to stderr; a session of its own, so that Ctrl-C comes to it from here alone
    with subprocess.Popen(command, stdout=2, env=environment, start_new_session=True) as process:
        try:
            return process.wait()
        except BaseException:
            if os.name != "nt":
                process.send_signal(signal.SIGINT)
            try:
                process.wait(_PATIENCE if os.name != "nt" else 0)
            except subprocess.TimeoutExpired:
                _kill(process)
            raise


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a measurement with all that it has started, as far as the system lets this."""
    if sys.platform != "win32":
        # the resource tracker takes no notice, and removes what the others leave in memory
        os.killpg(process.pid, signal.SIGTERM)
    else:
        process.kill()


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
    try:
        text = subject(given.subject).measure(plan).to_json()
    except KeyboardInterrupt:
        sys.exit(130)  # who interrupts it says so
    if given.json:
        given.json.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
