"""The table of the processes of one run, as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from spawnable.site import words
from spawnable.site.language import _
from spawnable.site.markup import element, visible
from spawnable.transcript import Process, Transcript

__all__ = ["process_table"]


def process_table(transcript: Transcript, colours: Mapping[int, str]) -> str:
    """Return a table with a row for each process, in order of birth."""
    head = [
        _("Name"),
        _("Kind"),
        _("Parent"),
        _("Born"),
        _("Ended"),
        _("Exit code"),
        _("Zombie for"),
        _("Memory"),
    ]
    cells = "".join(element("th", escape(title), {"scope": "col"}) for title in head)
    main, *others = transcript.processes
    rows = "\n".join(
        _row(process, transcript, colours.get(process.pid))
        for process in (main, *sorted(others, key=lambda process: process.birth))
    )
    table = (
        element("caption", escape(_("Processes of this run")))
        + element("thead", element("tr", cells))
        + element("tbody", f"\n{rows}\n")
    )
    return element(
        "div", element("table", table, {"class": "process-table"}), {"class": "process-table-wrapper", "tabindex": "0"}
    )


def _row(process: Process, transcript: Transcript, colour: str | None) -> str:
    parent = transcript.process(process.parent)
    texts = [process.kind, "" if parent is None else parent.name]
    numbers = [
        words.seconds(process.birth),
        _("still running") if process.death is None else words.seconds(process.death),
        "" if process.death is None else words.exit_code(process.exit_code),
        words.seconds(process.zombie) if process.zombie else "",
        words.size(process.memory),
    ]
    row = element("th", escape(visible(process.name)), {"scope": "row", "class": colour})
    row += "".join(element("td", escape(visible(text))) for text in texts)
    row += "".join(element("td", escape(text), {"class": "number"}) for text in numbers)
    return element("tr", row)
