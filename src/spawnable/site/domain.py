"""What the site knows of all its pages: claims with their verdicts, cells with their runs.

It is a Sphinx domain, so that pages may be read in parallel and read again one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict, cast

from docutils import nodes
from sphinx.domains import Domain
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

from spawnable.site.badge import badge

if TYPE_CHECKING:
    from docutils.nodes import Element
    from sphinx.addnodes import pending_xref
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment

__all__ = ["Claim", "PageRecord", "Source", "SpawnableDomain"]

_log = logging.getLogger(__name__)


class Claim(TypedDict):
    """A claim of the article, as a page judges it."""

    name: str
    docname: str
    line: int
    verdict: str
    says: str
    runs: list[str]


class Source(TypedDict):
    """A message that a page explains by a source, as no run can print it."""

    message: str
    #: of the section that explains it
    anchor: str
    #: the source's address
    source: str


class PageRecord(TypedDict):
    """The cells of one page."""

    #: what `snippets.json` says of each
    snippets: list[dict[str, Any]]
    #: texts by their path in the output folder
    files: dict[str, str]
    #: full versions of the Pythons that ran them, the page's first, and the system
    pythons: list[str]
    platform: str
    #: what the store had of these scripts; see `spawnable.site.others.known`
    known: dict[str, list[str]]
    #: whether something is wrong, so that the page is read again until it is not
    faulty: bool


class SpawnableDomain(Domain):
    """Claims (`claim`) and cells."""

    name = "spawnable"
    label = "Spawnable"
    initial_data: ClassVar[dict[str, Any]] = {
        "claims": {},
        "pages": {},
        "sources": {},
        "ledgers": set(),
        "matrices": set(),
    }
    dangling_warnings: ClassVar[dict[str, str]] = {"claim": "no page judges the claim %(target)s"}

    @property
    def claims(self) -> dict[str, Claim]:
        """All claims by name, in order of their names."""
        found = [claim for docname in sorted(self.claims_of) for claim in self.claims_of[docname]]
        return {claim["name"]: claim for claim in sorted(found, key=itemgetter("name"))}

    @property
    def claims_of(self) -> dict[str, list[Claim]]:
        """The claims of all pages, by document name."""
        return cast("dict[str, list[Claim]]", self.data["claims"])

    @property
    def pages(self) -> dict[str, PageRecord]:
        """The cells of all pages, by document name."""
        return cast("dict[str, PageRecord]", self.data["pages"])

    @property
    def sources(self) -> dict[str, list[Source]]:
        """The messages that are explained by a source, by document name."""
        return cast("dict[str, list[Source]]", self.data["sources"])

    @property
    def ledgers(self) -> set[str]:
        """The documents that show the table of all claims."""
        return cast("set[str]", self.data["ledgers"])

    @property
    def matrices(self) -> set[str]:
        """The documents that show the table of all cells and their runs."""
        return cast("set[str]", self.data["matrices"])

    def clear_doc(self, docname: str) -> None:
        """Forget a document."""
        self.pages.pop(docname, None)
        self.claims_of.pop(docname, None)
        self.sources.pop(docname, None)
        self.ledgers.discard(docname)
        self.matrices.discard(docname)

    def merge_domaindata(self, docnames: AbstractSet[str], otherdata: dict[str, Any]) -> None:
        """Take over what another process has read."""
        self.claims_of.update({name: claims for name, claims in otherdata["claims"].items() if name in docnames})
        self.sources.update({name: found for name, found in otherdata["sources"].items() if name in docnames})
        self.pages.update({name: page for name, page in otherdata["pages"].items() if name in docnames})
        self.ledgers.update(name for name in otherdata["ledgers"] if name in docnames)
        self.matrices.update(name for name in otherdata["matrices"] if name in docnames)

    def resolve_xref(
        self,
        env: BuildEnvironment,  # noqa: ARG002
        fromdocname: str,
        builder: Builder,
        typ: str,  # noqa: ARG002
        target: str,
        node: pending_xref,  # noqa: ARG002
        contnode: Element,  # noqa: ARG002
    ) -> nodes.reference | None:
        """Return a link to a claim, with its verdict."""
        claim = self.claims.get(target)
        if claim is None:
            return None
        shown = nodes.inline("", "", nodes.inline(target, target, classes=["claim-id"]), nodes.Text(" "))
        shown += badge(claim["verdict"])
        link = make_refnode(builder, fromdocname, claim["docname"], f"claim-{target}", shown, claim["says"])
        link["classes"].append("claim-ref")
        return link

    def check_consistency(self) -> None:
        """Report each claim that is judged twice."""
        first: dict[str, Claim] = {}
        for docname in sorted(self.claims_of):
            for claim in self.claims_of[docname]:
                other = first.setdefault(claim["name"], claim)
                if other is not claim:
                    _log.error(
                        "claim %s is judged already, on %s:%d",
                        claim["name"],
                        other["docname"],
                        other["line"],
                        location=(docname, claim["line"]),
                        type="spawnable",
                        subtype="claim",
                    )

    def resolve_any_xref(self, *_arguments: Any) -> list[tuple[str, nodes.reference]]:
        """Find nothing: claims are linked by their own role."""
        return []

    def get_objects(self) -> Iterable[tuple[str, str, str, str, str, int]]:
        """Give the claims, for the search."""
        for identifier, claim in self.claims.items():
            yield (identifier, identifier, "claim", claim["docname"], f"claim-{identifier}", 1)

    def note_fault(self, docname: str) -> None:
        """Keep that something is wrong on a page, so that it is read again until it is not."""
        empty = PageRecord(snippets=[], files={}, pythons=[], platform="", known={}, faulty=True)
        self.pages.setdefault(docname, empty)["faulty"] = True

    def faulty(self) -> Iterator[str]:
        """Give the documents on which something is wrong."""
        return (docname for docname, page in self.pages.items() if page["faulty"])
