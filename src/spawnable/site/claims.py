"""The directive `{claim}`, the role `{claim}` and the table of all claims, `{ledger}`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.roles import XRefRole
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

from spawnable.site.badge import VERDICTS, badge, verdict_class
from spawnable.site.domain import Claim, SpawnableDomain
from spawnable.site.language import _

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

__all__ = ["ClaimDirective", "ClaimRole", "LedgerDirective", "claim", "fill_ledgers", "ledger", "note_claims"]

_log = logging.getLogger(__name__)


class claim(nodes.container):  # noqa: N801 - nodes are named as they are written
    """A claim with its verdict: `claim`, `verdict`, `runs`."""


class ledger(nodes.General, nodes.Element):  # noqa: N801
    """Where the table of all claims comes."""


class ClaimDirective(SphinxDirective):
    """A claim of the article, its verdict, the cells that show it, and why."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[dict[str, Callable[[str], object]]] = {
        "verdict": lambda text: directives.choice(text, VERDICTS),
        "runs": str.split,
        "says": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Return the claim's box."""
        identifier = self.arguments[0].strip()
        missing = [name for name in ("verdict", "runs", "says") if not self.options.get(name)]
        if missing or not re.fullmatch(r"[A-Z]+\d+", identifier):
            wrong = f"options {', '.join(missing)} are missing" if missing else "expected a name such as A07"
            raise self.error(f"claim {identifier!r}: {wrong}; verdicts are: {', '.join(VERDICTS)}")
        verdict = self.options["verdict"]
        link = nodes.reference("", "", internal=True, refuri=f"#claim-{identifier}")
        link += nodes.inline("", identifier, classes=["claim-id"])
        head = nodes.paragraph("", "", link, nodes.Text(" "))
        head["classes"].append("claim-head")
        head += badge(verdict)
        text = self.options["says"]
        says = nodes.paragraph(text, "", *self.parse_inline(text, lineno=self.lineno)[0], classes=["claim-says"])
        self.set_source_info(says)
        box = claim(
            "",
            head,
            says,
            *self.parse_content_to_nodes(),
            self._runs(),
            claim=identifier,
            verdict=verdict,
            runs=self.options["runs"],
            classes=["claim", f"claim-{verdict_class(verdict)}"],
            ids=[f"claim-{identifier}"],
        )
        self.set_source_info(box)
        self.state.document.note_explicit_target(box)
        return [box]

    def _runs(self) -> nodes.paragraph:
        shown = nodes.paragraph("", _("Shown by") + " ", classes=["claim-runs"])
        for number, name in enumerate(self.options["runs"]):
            shown += nodes.Text(", " if number else "")
            shown += nodes.reference("", name, internal=True, refuri=f"#cell-{name}")
        return shown


class ClaimRole(XRefRole):
    """A link to a claim, with its verdict."""

    def __init__(self) -> None:
        super().__init__(warn_dangling=True)

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return a reference in the domain of the site."""
        self.refdomain, self.reftype = "spawnable", "claim"
        self.classes = ["xref", "spawnable", "spawnable-claim"]
        return self.create_xref_node()


class LedgerDirective(SphinxDirective):
    """The table of all claims."""

    def run(self) -> list[nodes.Node]:
        """Return the place of the table."""
        cast("SpawnableDomain", self.env.domains["spawnable"]).ledgers.add(self.env.docname)
        return [ledger()]


def note_claims(document: nodes.document, domain: SpawnableDomain, docname: str, cells: set[str]) -> None:
    """Keep the claims of a page, in the page's language; a cell that is not there is an error."""
    for node in document.findall(claim):
        place = (docname, node.line or 0)
        for name in set(node["runs"]) - cells:
            known = ", ".join(sorted(cells)) or "none"
            _log.error(
                "claim %s: no cell %r on this page, whose cells are: %s",
                node["claim"],
                name,
                known,
                location=place,
                type="spawnable",
                subtype="claim",
            )
        says = next(part for part in node if isinstance(part, nodes.Element) and "claim-says" in part["classes"])
        found = Claim(
            name=node["claim"],
            docname=docname,
            line=node.line or 0,
            verdict=node["verdict"],
            says=says.astext(),
            runs=list(node["runs"]),
        )
        domain.claims_of.setdefault(docname, []).append(found)


def fill_ledgers(app: Sphinx, document: nodes.document, docname: str) -> None:
    """Put the table of all claims where it belongs, once all pages are read."""
    for place in list(document.findall(ledger)):
        place.replace_self(_table(app, app.env, docname))


def _table(app: Sphinx, env: BuildEnvironment, docname: str) -> nodes.table:
    claims = cast("SpawnableDomain", env.domains["spawnable"]).claims
    titles = [_("Claim"), _("What the article says"), _("Verdict"), _("Page and runs")]
    group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in (8, 50, 17, 25)), cols=len(titles))
    group += nodes.thead("", _row([nodes.Text(title) for title in titles]))
    group += nodes.tbody(
        "",
        *(
            _row(
                [
                    make_refnode(
                        app.builder, docname, found["docname"], f"claim-{identifier}", nodes.inline("", identifier)
                    ),
                    nodes.Text(found["says"]),
                    badge(found["verdict"]),
                    _shown_by(app, env, docname, identifier, found),
                ]
            )
            for identifier, found in claims.items()
        ),
    )
    return nodes.table("", group, classes=["ledger"])


def _shown_by(app: Sphinx, env: BuildEnvironment, docname: str, identifier: str, found: Claim) -> nodes.inline:
    """Return links to the page of a claim and to the cells whose runs show it."""
    target = found["docname"]
    title = nodes.inline("", env.titles[target].astext())
    shown = nodes.inline("", "", make_refnode(app.builder, docname, target, f"claim-{identifier}", title))
    for number, name in enumerate(found["runs"]):
        shown += nodes.Text(", " if number else " — ")
        shown += make_refnode(app.builder, docname, target, f"cell-{name}", nodes.literal("", name))
    return shown


def _row(cells: list[nodes.Node]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))
