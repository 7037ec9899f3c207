"""A value from a run, for a sentence: what the role `{run}` shows.

======================================  ==========================================
``CELL METHOD wall``                    seconds from start to end, as `1.03`
``CELL METHOD processes``               how many processes the script had
``CELL METHOD lines``                   how many lines it wrote
``CELL METHOD exit``                    its exit code
``CELL METHOD exit NAME``               the exit code of that process
``CELL METHOD zombie NAME``             for how many seconds it was a zombie
``CELL METHOD /regular expression/``    what its one group finds in the output
======================================  ==========================================
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from docutils import nodes
from sphinx.util.docutils import SphinxRole

from spawnable.site.results import Results
from spawnable.site.words import own_processes
from spawnable.transcript import Process, Transcript

__all__ = ["RunRole", "ValueLookupError", "run_value", "value"]

_FIELDS = "expected wall, processes, lines, exit, exit NAME, zombie NAME or /regular expression with one group/"


class ValueLookupError(LookupError):
    """A value that no run has; the message says what would be right."""


class run_value(nodes.Inline, nodes.TextElement):  # noqa: N801 - nodes are named as they are written
    """A value that is looked up once the page is read: `wanted`."""


class RunRole(SphinxRole):
    """The role `{run}`."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return a node that is replaced when the page is read."""
        node = run_value(self.rawtext, self.text, wanted=self.text)
        node.source, node.line = self.get_source_info()
        return [node], []


def value(wanted: str, results: Mapping[str, Results]) -> str:
    """Return the value that a text such as `zombie fork zombie Process-1` names.

    Raises ValueLookupError where a cell, start method, field or match is none.
    """
    cell, _, rest = wanted.strip().partition(" ")
    method, _, field = rest.strip().partition(" ")
    if cell not in results:
        known = ", ".join(name for name, found in results.items() if found.runs)
        raise ValueLookupError(f"no cell {cell!r} was run on this page; these were: {known or 'none'}")
    shown = results[cell].shown
    if method not in shown:
        under = ", ".join(shown) or "none"
        raise ValueLookupError(f"cell {cell!r} was not run under {method!r}; it was under: {under}")
    found = _field(shown[method].transcript, field.strip())
    if found is None:
        raise ValueLookupError(f"cell {cell!r} has no {field.strip()!r} under {method}: {_FIELDS}")
    return found


def _field(transcript: Transcript, field: str) -> str | None:
    if field.startswith("/") and field.endswith("/") and len(field) > 2:  # noqa: PLR2004 - two slashes and something
        return _match(transcript, field[1:-1])
    name, _, process = field.partition(" ")
    process = process.strip()
    of_run: dict[str, Callable[[], str]] = {
        "wall": lambda: f"{transcript.wall:.2f}",
        "processes": lambda: str(len(own_processes(transcript))),
        "lines": lambda: str(len(transcript.text.splitlines())),
        "exit": lambda: _exit(transcript.main),
    }
    of_process: dict[str, Callable[[], str]] = {
        "exit": lambda: _exit(_process(transcript, process)),
        "zombie": lambda: f"{_process(transcript, process).zombie:.2f}",
    }
    look_up = (of_process if process else of_run).get(name)
    return None if look_up is None else look_up()


def _match(transcript: Transcript, pattern: str) -> str:
    try:
        expression = re.compile(pattern, re.MULTILINE)
    except re.error as error:
        raise ValueLookupError(f"/{pattern}/ is no regular expression: {error}") from error
    if expression.groups != 1:
        raise ValueLookupError(f"/{pattern}/ has {expression.groups} groups: expected one, round the value")
    found = expression.search(transcript.text)
    if found is None or found[1] is None:
        raise ValueLookupError(f"/{pattern}/ matches nothing in the output:\n{transcript.text[:2000]}")
    return found[1]


def _process(transcript: Transcript, name: str) -> Process:
    found = [process for process in transcript.processes if process.name == name]
    if len(found) != 1:
        names = ", ".join(process.name for process in transcript.processes)
        raise ValueLookupError(f"{len(found)} processes are named {name!r}: the run had {names}")
    return found[0]


def _exit(process: Process) -> str:
    if process.exit_code is None:
        raise ValueLookupError(f"{process.name} has no exit code: it was still running")
    return str(process.exit_code)
