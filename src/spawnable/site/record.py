"""What the output folder tells of the cells: `snippets.json`, and each script as a file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from docutils import nodes

from spawnable.messages import printed
from spawnable.site import elements
from spawnable.site.across import how
from spawnable.site.attach import script_path
from spawnable.site.cells import Cell
from spawnable.site.domain import PageRecord
from spawnable.site.execute import Executed
from spawnable.site.results import Results, Run
from spawnable.site.words import own_processes
from spawnable.snippet import Snippet

__all__ = ["anchors", "page_record", "write_records"]


def page_record(docname: str, executed: Executed, document: nodes.document) -> PageRecord:
    """Return what is kept of a page's cells, once they are in its document."""
    cells = executed.page.cells
    places = {node["name"]: anchors(node) for node in document.findall(elements.snippet)}
    files: dict[str, str] = {}
    for cell in cells.values():
        script = PurePosixPath(script_path(docname, cell))
        files[str(script)] = cell.snippet.code
        files |= {str(script.with_name(name)): text for name, text in cell.snippet.companions.items()}
    runs = [run for results in executed.results.values() for run in results.runs.values() if not run.elsewhere]
    return PageRecord(
        snippets=[
            _snippet(docname, cell, executed.results.get(name), places.get(name, [])) for name, cell in cells.items()
        ],
        files=files,
        pythons=list(dict.fromkeys(run.transcript.python for run in runs)),
        platform=runs[0].transcript.platform if runs else "",
        known=executed.known,
        faulty=executed.faulty,
    )


def anchors(node: nodes.Node) -> list[str]:
    """Return the anchors of the sections around a node, innermost first; of each first the one given by hand."""
    found: list[str] = []
    parent = node.parent
    while parent is not None:
        if isinstance(parent, nodes.section):
            found += parent["ids"]
        parent = parent.parent
    return found


def write_records(folder: Path, pages: Iterable[PageRecord]) -> None:
    """Write the scripts and, last, `snippets.json` into the output folder: where that is, all is there."""
    pages = list(pages)
    snippets = [snippet for page in pages for snippet in page["snippets"]]
    text = json.dumps(snippets, ensure_ascii=False, indent=1) + "\n"
    for page in pages:
        for name, script in page["files"].items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(script.encode())
    written = folder / ".snippets.json"
    written.write_text(text, encoding="utf-8")
    written.replace(folder / "snippets.json")


def _snippet(docname: str, cell: Cell, results: Results | None, sections: list[str]) -> dict[str, Any]:
    script = cell.snippet
    return {
        "page": docname,
        "line": script.line,
        "name": cell.options.name,
        "digest": script.digest,
        "file": script_path(docname, cell),
        "expect": _expectation(script),
        "sections": sections,
        "messages": list(script.messages),
        "runs": _runs(results) if results is not None else [],
    }


def _runs(results: Results) -> list[dict[str, Any]]:
    """Return each run, with what it did that the page does not show of its start method."""
    differing = {key: how(difference) for difference in results.differences() for key in difference.keys}
    messages = results.snippet.messages
    return [_run(run, messages) | {"differs": differing.get(key, "")} for key, run in results.runs.items()]


def _expectation(snippet: Snippet) -> dict[str, str]:
    """Return the rules as they stand in the cell; `ok` where there is none."""
    rules = {f"{method} {version}".strip(): str(rule) for method, version, rule in snippet.expectations.rules}
    return rules or {"": "ok"}


def _run(run: Run, messages: Iterable[str]) -> dict[str, Any]:
    transcript = run.transcript
    return {
        "start_method": transcript.start_method,
        "python": transcript.python,
        "platform": transcript.platform,
        "outcome": [str(outcome) for outcome in run.verdict.found],
        "met": run.verdict.met,
        "exit_code": transcript.exit_code,
        "wall": round(transcript.wall, 3),
        "cpu": round(transcript.cpu, 3),
        "processes": len(own_processes(transcript)),
        "leftovers": [f"{leftover.kind} {leftover.what}" for leftover in transcript.leftovers],
        "lines": len(transcript.text.splitlines()),
        "stored": run.stored,
        "messages": printed(messages, transcript),
    }
