"""What a cell's runs on other Pythons and systems did, beside the runs that the page shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape

from spawnable.agreement import compared, told_apart
from spawnable.site import words
from spawnable.site.language import _
from spawnable.site.markup import element, visible
from spawnable.site.results import Difference, Key, Results, Run

__all__ = ["across", "how"]

#: characters of a line that is quoted
_QUOTED = 60


def across(results: Results, output: Callable[[Run, list[str]], str]) -> str:
    """Return how many of a cell's runs agree, and which differ and how; nothing where one Python ran it.

    `output` makes the HTML of what a run wrote under some start methods.
    """
    methods = list(results.shown)
    counted = [key for key in results.runs if key[2] in methods]
    if len({key[:2] for key in counted}) < 2:  # noqa: PLR2004 - one place agrees with itself
        return ""
    differences = results.differences()
    agreeing = len(counted) - sum(len(difference.keys) for difference in differences)
    several = len(results.panels()) > 1
    said = words.agreement(_pythons(counted), methods, agreeing, len(counted), several)
    parts = [element("p", escape(said), {"class": "agreement"})]
    for difference in differences:
        summary = element(
            "summary", escape(visible(f"{words.places(difference.keys, counted[0][0])}: {how(difference)}"))
        )
        chosen = list(dict.fromkeys(method for _platform, _python, method in difference.keys))
        parts.append(element("details", summary + output(difference.run, chosen), {"class": "differing"}))
    return element("div", "\n" + "\n".join(parts) + "\n", {"class": "across"}) + "\n"


def how(difference: Difference) -> str:
    """Say what a run did that the shown one did not."""
    run, shown = difference.run, difference.shown
    ended = words.verdict(run.transcript, run.verdict.found)
    if compared(run.verdict.found) != compared(shown.verdict.found):
        parts = [", ".join(ended)]
    else:
        added, missing = map(_quoted, told_apart(shown.transcript, run.transcript))
        if added and missing:
            parts = [_("prints “%(added)s”, not “%(missing)s”") % {"added": added, "missing": missing}]
        elif added or missing:
            parts = [_("also prints “%s”") % added if added else _("does not print “%s”") % missing]
        else:
            parts = [_("prints the same lines in another order, or by other processes")]
    if not run.verdict.met:
        parts.append(_("not as the cell declares"))
    elif len(run.verdict.expected.alternatives) > 1:
        parts.append(_("a race decides"))
    return "; ".join(parts)


def _pythons(keys: Iterable[Key]) -> dict[str, list[str]]:
    """Return the versions of Python by system, in order."""
    found: dict[str, set[str]] = {}
    for platform, python, _method in keys:
        found.setdefault(platform, set()).add(words.minor(python))
    return {platform: sorted(minors, key=words.order) for platform, minors in found.items()}


def _quoted(line: str | None) -> str:
    """Return a line as it is quoted in a sentence; empty where there is none, or nothing in it."""
    text = (line or "").strip()
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"
