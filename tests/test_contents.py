"""The pages' order: what a page calls the next one is the next one of the contents."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path, PurePosixPath

import pytest

DOCS = Path(__file__).parents[1] / "docs"
_CONTENTS = re.compile(r"^```\{toctree\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ENTRY = re.compile(r"^(?!:)(?:.*<)?([\w/-]+)>?$", re.MULTILINE)
_NEXT = re.compile(r"^Next: \[[^\]]*\]\(([^)#]+)\.md[^)]*\)", re.MULTILINE)


def text(page: str) -> str:
    """Return the source of a page."""
    return (DOCS / f"{page}.md").read_text(encoding="utf-8")


def ordered(page: str = "index") -> Iterator[str]:
    """Give a page and all below it, as the contents order them."""
    yield page
    for contents in _CONTENTS.findall(text(page)):
        for entry in _ENTRY.findall(contents):
            yield from ordered(str(PurePosixPath(page).parent / entry))


ORDER = list(ordered())


def test_every_page_is_in_the_contents_once() -> None:
    """Nothing is left out but what says that it is in none, and nothing has two places."""
    found = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")}
    pages = [page for page in found if not page.startswith("_build/")]
    assert sorted(ORDER) == sorted(page for page in pages if not re.search(r"^orphan: true$", text(page), re.MULTILINE))


@pytest.mark.parametrize(("page", "after"), list(pairwise(ORDER)), ids=ORDER[:-1])
def test_next_is_next(page: str, after: str) -> None:
    """What leads elsewhere is called "See also"."""
    for target in _NEXT.findall(text(page)):
        assert os.path.normpath(PurePosixPath(page).parent / target) == after
