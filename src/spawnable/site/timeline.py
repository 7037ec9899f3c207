"""The drawings of a cell's runs, as HTML: each with the same in words and as a table."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from spawnable.agreement import signature
from spawnable.normalise import lines
from spawnable.site import words
from spawnable.site.language import _
from spawnable.site.markup import cut, element, visible
from spawnable.site.results import Results, Run
from spawnable.timeline import Happening, Phrases, Timeline, common_scale, draw, happenings, marks, story, timeline

__all__ = ["Timelines"]

#: rows of a table, and how many of them are the last ones
_ROWS, _LAST = 80, 20
_SAY = Phrases(_)
_NAMED = {"scope": "row"}


class Timelines:
    """The drawings of one cell; `wanted` is its option: empty for none, `processes`, `messages` or `compare`."""

    def __init__(self, results: Results, name: str, wanted: str) -> None:
        self._name, self._wanted, self._shown = name, wanted, results.shown
        self._runs: dict[str, Run] = {}
        if wanted:
            self._runs = {**results.shown, **results.traced} if wanted == "messages" else dict(results.shown)
        self._lines = {method: timeline(run.transcript) for method, run in self._runs.items()}
        self._scale = common_scale(list(self._lines.values())) if wanted == "compare" else None

    def links(self, methods: list[str]) -> dict[int, str]:
        """Return the links from the lines of a panel's output to their marks, by number from 1."""
        method = methods[0]
        if method not in self._runs or not self._same(method):
            return {}
        run, name = self._lines[method], self._drawing(method)
        ids = marks(run, name, self._scale)
        colours = {number: lane.colour for lane in run.lanes for number, _time in lane.written}
        return {
            number: element(
                "a",
                "",
                {
                    "class": f"line-mark n{number} {colours.get(number, '')}".rstrip(),
                    "id": f"{name}-line-{number}",
                    "href": f"#{ids[number]}",
                    "data-number": str(number),
                    "aria-label": _("Line %d in the timeline") % number,
                },
            )
            for number in self._numbers(run)
        }

    def figures(self, methods: list[str]) -> str:
        """Return the drawings of a panel: the first, or all where they are compared, is open."""
        parts = []
        for number, method in enumerate(method for method in methods if method in self._runs):
            figure = self._figure(method, linked=number == 0)
            if number and self._wanted != "compare":
                summary = element("summary", escape(_SAY.title(method)))
                figure = element("details", f"{summary}\n{figure}", {"class": "timeline-more"})
            parts.append(figure)
        return "\n".join(parts)

    def _drawing(self, method: str) -> str:
        return f"timeline-{self._name}-{method}"

    def _same(self, method: str) -> bool:
        """Tell whether what is drawn wrote the lines that are shown."""
        drawn, shown = self._runs[method], self._shown[method]
        return drawn is shown or signature(drawn.transcript) == signature(shown.transcript)

    def _numbers(self, run: Timeline) -> Iterator[int]:
        """Give the numbers of the lines that a page shows."""
        first, left_out, last = cut(run.lines)
        yield from range(1, len(first) + 1)
        yield from range(1 + len(first) + left_out, 1 + len(first) + left_out + len(last))

    def _figure(self, method: str, *, linked: bool) -> str:
        run, transcript, name = self._lines[method], self._runs[method].transcript, self._drawing(method)
        told, rows = story(run, _SAY), self._cut(happenings(run, _SAY))
        at_output = linked and self._same(method)
        numbers = self._numbers(run) if at_output else (row.line for row in rows if row is not None and row.line)
        target = "line" if at_output else "row"
        links = {number: f"#{name}-{target}-{number}" for number in numbers}
        drawing = draw(transcript, name=name, links=links, scale=self._scale, translate=_)
        caption = element("strong", escape(_SAY.title(method)))
        if (note := self._note(method)) != "":
            caption += " " + escape(note)
        ids = marks(run, name, self._scale) if not at_output else {}
        words_ = element("p", escape(visible(" ".join(told))), {"id": f"{name}-story"})
        summary = element("summary", escape(_("The same in words and as a table")))
        details = element("details", f"{summary}\n{words_}\n{_table(rows, name, ids, method)}")
        return element("figure", f"\n{element('figcaption', caption)}\n{drawing}\n{details}\n", {"class": "timeline"})

    def _note(self, method: str) -> str:
        """Say which run is drawn, where it is not the one that is shown."""
        drawn, shown = self._runs[method], self._shown[method]
        if drawn is shown:
            return ""
        if self._same(method):
            return _("Drawn from a second run, which recorded its messages and wrote the same lines.")
        said = ", ".join(words.verdict(drawn.transcript, drawn.verdict.found))
        count = len(lines(drawn.transcript))
        values = {"outcome": said, "count": count}
        return (
            _("Drawn from a second run, which recorded its messages: %(outcome)s, lines written: %(count)d.") % values
        )

    def _cut(self, rows: list[Happening]) -> list[Happening | None]:
        """Return the rows that a table has; None stands for those that are left out."""
        return list(rows) if len(rows) <= _ROWS else [*rows[: _ROWS - _LAST], None, *rows[-_LAST:]]


def _table(rows: list[Happening | None], name: str, ids: dict[int, str], method: str) -> str:
    """Return what happened as a table; lines link to their marks in `ids`."""
    head = "".join(element("th", escape(title), {"scope": "col"}) for title in (_("Time"), _("Process"), _("What")))
    body = "\n".join(element("tr", _row(row, ids), _row_attributes(row, name, ids)) for row in rows)
    table = element("caption", escape(_("What happened under %s") % method))
    table += element("thead", element("tr", head)) + element("tbody", f"\n{body}\n")
    inner = element("table", table, {"class": "process-table"})
    label = {"class": "process-table-wrapper", "tabindex": "0", "role": "region"}
    return element("div", inner, label | {"aria-label": _("What happened under %s") % method})


def _row_attributes(row: Happening | None, name: str, ids: dict[int, str]) -> dict[str, str | None]:
    return {"id": f"{name}-row-{row.line}" if row is not None and row.line in ids else None}


def _row(row: Happening | None, ids: dict[int, str]) -> str:
    if row is None:
        return element("td", escape(_("Further events are not shown.")), {"colspan": "3"})
    text = escape(visible(row.text), quote=False)
    if row.line in ids:
        text = element("a", text, {"href": f"#{ids[row.line]}", "class": f"n{row.line}"})
    return (
        element("td", escape(_SAY.ms(row.time)))
        + element(
            "th" if row.name else "td", escape(visible(row.name)), _NAMED | {"class": row.colour} if row.name else {}
        )
        + element("td", text)
    )
