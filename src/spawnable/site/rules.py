"""The directive `{rule}`: what to do, and what must be true of the measurements for that to be right.

    ```{rule} transports
    ---
    holds: |
      latency_us where transport=Queue size=8 / latency_us where transport=Pipe size=8 > 1.5
    ---
    Take a `Pipe` between two processes.
    ```

Where a comparison does not hold, the build warns, and so it fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from spawnable.measure.rules import Held, RuleError, hold
from spawnable.site.language import _
from spawnable.site.tables import table_of, warn

__all__ = ["RuleDirective"]


def _comparisons(text: str) -> list[str]:
    return [line.strip() for part in text.split(";") for line in part.splitlines() if line.strip()]


class RuleDirective(SphinxDirective):
    """A rule that a page ends with."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[dict[str, Callable[[str], object]]] = {"holds": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return the rule, and what it was held against; a warning for each comparison that is not true."""
        comparisons = _comparisons(self.options.get("holds", ""))
        if not comparisons:
            self._warn("it has no `holds:`, so that nothing would show when it is false")
        checked = nodes.bullet_list("", classes=["rule-holds"])
        for text in comparisons:
            held = self._held(text)
            if held is None:
                continue
            if not held.holds:
                self._warn(f"it does not hold that {text}: {held}")
            checked += nodes.list_item("", _said(text, held))
        summary = _("Comparisons that the build holds against the data: %d") % len(comparisons)
        begin = f"<details><summary>{summary}</summary>"
        return [
            nodes.container(
                "",
                *self.parse_content_to_nodes(),
                nodes.raw("", begin, format="html"),
                checked,
                nodes.raw("", "</details>", format="html"),
                classes=["rule"],
            )
        ]

    def _held(self, text: str) -> Held | None:
        try:
            return hold(text, table_of(self.env, self.arguments[0]))
        except (LookupError, RuleError) as error:
            self._warn(str(error))
            return None

    def _warn(self, text: str) -> None:
        warn(self.state.document, "rule", text, (self.env.docname, self.lineno))


def _said(text: str, held: Held) -> nodes.paragraph:
    return nodes.paragraph("", "", nodes.literal("", text), nodes.Text(f": {held.shown}"))
