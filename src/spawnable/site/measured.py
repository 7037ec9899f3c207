"""A measured figure, for a sentence: what the role `{measured}` shows.

The text names a file of `spawnable_measured`, what to take from it, and how to show it:

=============================  ==============================================
``bench overhead.fork``        ``value`` of that figure, with three digits
``bench overhead.fork KEY``    another number or word of that figure
``soak runs``                  a number or a word of the file itself
=============================  ==============================================

Any other name is that of a table in the folder `spawnable_tables`, and what follows it are
figures as `spawnable.measure.rules` reads them: `transports latency_us where transport=Pipe
size=8` is shown with its unit, `… / …` as a ratio.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole

from spawnable.measure.rules import RuleError, quantity
from spawnable.site.tables import holds_table, note_faults, table_of, warn

__all__ = ["MeasuredRole", "look_up", "setup"]


class MeasuredRole(SphinxRole):
    """The role `{measured}`; a page is read again when its files change."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the figure as text; a warning where there is none."""
        name, _, wanted = self.text.strip().partition(" ")
        try:
            if name not in self.config.spawnable_measured and holds_table(self.env, name):
                text = quantity(wanted.strip(), table_of(self.env, name))
            else:
                path = self._file(name)
                self.env.note_dependency(str(path))
                text = look_up(_content(path), wanted.strip())
        except (LookupError, RuleError) as error:
            warn(self.inliner.document, "measured", error, (self.env.docname, self.lineno))
            text = self.text
        return [nodes.inline(self.rawtext, text, classes=["measured"])], []

    def _file(self, name: str) -> Path:
        files: dict[str, str] = self.config.spawnable_measured
        if name not in files:
            raise LookupError(f"spawnable_measured has no {name!r} but {', '.join(sorted(files)) or 'nothing'}")
        return Path(self.env.app.confdir, files[name])


def _content(path: Path) -> dict[str, Any]:
    """Return what a file holds; raise LookupError where that is no JSON object."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LookupError(f"{path} can not be read as JSON: {error}") from error
    if isinstance(content, dict):
        return content
    raise LookupError(f"{path} holds no JSON object")


def look_up(content: dict[str, Any], wanted: str) -> str:
    """Return what a text such as `overhead.fork added_ms` names.

    Raises LookupError where there is no such figure or key, or what is there is no number and no word.

    >>> look_up({"figures": {"cold": {"value": 1.0432}}, "runs": 10040}, "cold")
    '1.04'
    >>> look_up({"runs": 10040}, "runs")
    '10,040'
    """
    figures = content.get("figures", {})
    first, _, key = wanted.partition(" ")
    if first in figures:
        found = figures[first].get(key.strip() or "value")
        known = figures[first]
    else:
        found = content.get(wanted)
        known = figures | {name: value for name, value in content.items() if not isinstance(value, dict | list)}
    if isinstance(found, int | float | str) and not isinstance(found, bool):
        return _shown(found)
    raise LookupError(f"there is no {wanted!r}; there are {', '.join(known)}")


def _shown(value: float | str) -> str:
    """Return a number with three digits, or all of those before its point; a word as it is."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) or abs(value) >= 100 or value == round(value):  # noqa: PLR2004 - three digits
        return f"{value:,.0f}"
    return f"{value:.3g}"


def setup(app: Sphinx) -> None:
    """Register the role and its files."""
    app.add_config_value("spawnable_measured", {}, "env", types=(dict,))
    app.add_config_value("spawnable_tables", "performance/data", "env", types=(str,))
    app.add_role("measured", MeasuredRole())
    app.connect("doctree-read", note_faults, priority=900)
