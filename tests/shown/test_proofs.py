"""Sentences of the pages that no script of theirs shows: each is shown by a script in `proofs/`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from spawnable.cli.pages import read
from spawnable.python import Python
from spawnable.run import run
from spawnable.snippet import Snippet
from spawnable.verdict import judge, report

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sentences on fork, and on what Linux does")
PROOFS = Path(__file__).with_name("proofs")
DOCS = Path(__file__).parents[2] / "docs"
_SECTION = re.compile(r"^## (\S+)\n(.+?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_QUOTE = re.compile(r"^> (.+)$", re.MULTILINE)
SNIPPETS = read([PROOFS])
SECTIONS = [
    match.groups()
    for path in sorted(PROOFS.glob("*.md"))
    for match in _SECTION.finditer(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("page", "text"), SECTIONS, ids=[page for page, _ in SECTIONS])
def test_what_is_quoted_stands_on_its_page(page: str, text: str) -> None:
    """So a sentence is not changed without its proof; and each has one below it."""
    quotes = _QUOTE.findall(text)
    assert quotes
    content = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    assert [quote for quote in quotes if quote not in content] == []
    assert "```{code-cell}" in text[text.rindex(quotes[-1]) :]


@pytest.mark.parametrize("snippet", SNIPPETS, ids=[snippet.name for snippet in SNIPPETS])
def test_it_is_so(snippet: Snippet, start_method: str) -> None:
    """Under every start method that it speaks of, on this Python."""
    python = Python.current()
    if start_method not in snippet.start_methods or not snippet.runs_on(python.minor):
        pytest.skip("it does not speak of this")
    transcript = run(snippet, start_method, python)
    verdict = judge(snippet, transcript)
    assert verdict.met, report(snippet, transcript, verdict)
