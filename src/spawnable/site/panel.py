"""The HTML of a cell's outputs: tabs where start methods differ, and what one panel holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from itertools import pairwise

from spawnable.normalise import lines
from spawnable.site import words
from spawnable.site.across import across
from spawnable.site.language import _
from spawnable.site.markup import element, output_lines, visible
from spawnable.site.results import Results, Run
from spawnable.site.table import process_table
from spawnable.site.timeline import Timelines
from spawnable.transcript import Transcript
from spawnable.waits import wait_of

__all__ = ["colours", "outputs"]


#: with the names that Sphinx and its extensions give to outputs and tabs, by which other tools find them
_PANEL = "panel highlight-none notranslate sd-tab-content"
_SEPARATOR = '<span class="sep"> · </span>'


def outputs(results: Results, name: str, table: bool, timeline: str = "") -> str:
    """Return the outputs of one cell, and whether runs elsewhere agree.

    They are one panel, or a tab for each group of start methods that agree.  `timeline` is
    the cell's option.
    """
    timelines = Timelines(results, name, timeline)
    panels = results.panels()
    others = across(results, _output)
    if len(panels) == 1:
        return _panel(results, panels[0], table, timelines) + others
    tabs = "".join(
        _tab(name, methods, checked=number == 0) + _panel(results, methods, table, timelines)
        for number, methods in enumerate(panels)
    )
    legend = element("legend", escape(_("Output by start method")))
    return element("fieldset", f"\n{legend}\n{tabs}", {"class": "snippet-tabs sd-tab-set"}) + "\n" + others


def colours(transcript: Transcript) -> dict[int, str]:
    """Return each process's colour class: `p0` for main, `p1` to `p7` in order of birth, and round again."""
    return {
        process.pid: f"p{1 + (number - 1) % 7 if number else 0}"
        for number, process in enumerate(words.own_processes(transcript))
    }


def _tab(name: str, methods: list[str], *, checked: bool) -> str:
    """Return the button of a tab: its panel follows it."""
    title, note = words.tab(methods)
    identifier = f"tab-{name}-{'-'.join(methods)}"
    mark = " checked" if checked else ""
    label = escape(title) + (" " + element("span", escape(note), {"class": "tab-note"}) if note else "")
    return f'<input type="radio" name="tabs-{name}" id="{identifier}"{mark}>\n' + element(
        "label", label, {"for": identifier}
    )


def _panel(results: Results, methods: list[str], table: bool, timelines: Timelines) -> str:
    run = results.shown[methods[0]]
    parts = [
        _output(run, methods, timelines.links(methods)),
        _verdict(results, methods),
        *_notes(results, run, methods),
        timelines.figures(methods),
        _stacks(run.transcript),
        process_table(run.transcript, colours(run.transcript)) if table else "",
    ]
    content = "\n".join(part for part in parts if part)
    return "\n" + element("div", f"\n{content}\n", {"class": _PANEL, "data-start-methods": " ".join(methods)}) + "\n"


def _written(transcript: Transcript, unordered: bool) -> list[tuple[str, str]]:
    """Return the writer and the text of each line, times and names included."""
    written = [(line.name, line.text) for line in lines(transcript)]
    return sorted(written) if unordered else written


#: what is code in a sentence
_CODE = re.compile("`([^`]+)`")


def _output(run: Run, methods: list[str], links: Mapping[int, str] | None = None) -> str:
    written = lines(run.transcript)
    classes = ["output"]
    if not written:
        classes.append("empty")
    elif all(first.pid == second.pid for first, second in pairwise(written)):
        classes.append("one-process")
    attributes = {
        "class": " ".join(classes),
        "data-start-methods": " ".join(methods),
        "data-python": run.minor,
        "data-platform": run.transcript.platform if run.elsewhere else None,
    }
    pre = element("pre", output_lines(written, colours(run.transcript), links), {"tabindex": "0" if written else None})
    html = element("div", pre, attributes)
    if not written:
        html += element("p", escape(_("No output.")), {"class": "no-output"})
    if run.transcript.dropped:
        dropped = _("Another %d bytes of output were not kept.") % run.transcript.dropped
        html += element("p", escape(dropped), {"class": "no-output"})
    return html


def _verdict(results: Results, methods: list[str]) -> str:
    """Return the line that says how the runs of a panel ended."""
    runs = [results.shown[method] for method in methods]
    transcript, found = runs[0].transcript, runs[0].verdict.found
    walls = sorted(run.transcript.wall for run in runs)
    first, last = words.seconds(walls[0]), words.seconds(walls[-1])
    head, *rest = words.verdict(transcript, found)
    rest += [", ".join(methods), words.versions(transcript.python), words.platform(transcript.platform)]
    if transcript.ended != "stuck":
        rest.append(first if first == last else _("%(first)s to %(last)s") % {"first": first, "last": last})
    rest.append(words.processes(transcript))
    parts = [element("span", escape(visible(head)), {"class": "verdict-outcome"})]
    parts += [element("span", escape(visible(text)), {"class": "verdict-part"}) for text in rest]
    kind = found[0].kind.replace(" ", "-")
    return element("p", _SEPARATOR.join(parts), {"class": f"verdict verdict-{kind}"})


def _notes(results: Results, run: Run, methods: list[str]) -> list[str]:
    """Return the sentences on what is expected, where more than one thing can happen, and on what is to be noted."""
    notes = []
    written = [_written(results.shown[method].transcript, results.snippet.unordered) for method in methods]
    if any(other != written[0] for other in written[1:]):
        notes.append(("masked", _("Times and names are those of %s: the others differ in these alone.") % methods[0]))
    expected = run.verdict.expected
    if not run.verdict.met:
        notes.append(("unexpected", _("Not expected: the cell declares %s.") % expected))
    if len(expected.alternatives) > 1:
        notes.append(("race", _("A race decides how it ends, one of: %s.") % str(expected).replace(" | ", ", ")))
    if results.snippet.unordered:
        notes.append(("unordered", _("The order of the lines is left to chance.")))
    notes += [("notice", text) for text in words.notices(run.transcript)]
    return [
        element("p", _CODE.sub(r"<code>\1</code>", escape(visible(text))), {"class": f"verdict-note verdict-{kind}"})
        for kind, text in notes
    ]


def _stacks(transcript: Transcript) -> str:
    """Return where each process of a stuck run was, open."""
    if transcript.ended != "stuck":
        return ""
    stacks = "\n".join(
        element(
            "details",
            element("summary", _CODE.sub(r"<code>\1</code>", escape(visible(wait_of(process, transcript)))))
            + element("pre", escape(visible(process.stack), quote=False), {"tabindex": "0"}),
        ).replace("<details>", "<details open>", 1)
        for process in words.own_processes(transcript)
        if process.stack
    )
    return element("div", f"\n{stacks}\n", {"class": "stacks"}) if stacks else ""
