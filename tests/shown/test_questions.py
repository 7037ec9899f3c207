"""`docs/failures/questions.json`: each answer leads to a section of a page that has a script."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[2] / "docs"
LIST = DOCS / "failures" / "questions.json"
QUESTIONS: list[dict[str, Any]] = json.loads(LIST.read_text(encoding="utf-8"))["questions"]
_HEADING = re.compile(r"^(?:\(([\w-]+)\)=\n)?(#{1,4}) (.+)$", re.MULTILINE)


def section(text: str, anchor: str) -> str | None:
    """Return the source of the section of that anchor, with those below it; None where there is none."""
    plain = re.sub(r"^(`{3,})[\s\S]*?^\1$", lambda match: re.sub(r"[^\n]", " ", match[0]), text, flags=re.MULTILINE)
    headings = list(_HEADING.finditer(plain))
    for number, heading in enumerate(headings):
        slug = re.sub(r"[^a-z0-9]+", "-", heading[3].lower()).strip("-")
        if anchor in (heading[1], slug):
            deeper = (other.start() for other in headings[number + 1 :] if len(other[2]) <= len(heading[2]))
            return text[heading.start() : next(deeper, len(text))]
    return None


def test_section_ends_where_the_next_begins() -> None:
    """A section is found by the anchor above its heading or by its title, and ends before one of its level."""
    text = "# Top\n\n(mine)=\n## One thing\n\n```python\n# no heading\n```\n\n### Below\n\n## Two\n"
    assert section(text, "mine") == "(mine)=\n## One thing\n\n```python\n# no heading\n```\n\n### Below\n\n"
    assert section(text, "one-thing") == section(text, "mine")
    assert section(text, "two") == "## Two\n"
    assert section(text, "no-heading") is None


def test_every_question_is_listed_once() -> None:
    """The list has 97 questions, each with an id of its own."""
    assert len(QUESTIONS) == len({item["id"] for item in QUESTIONS}) == 97
    assert all(set(item) == {"id", "question", "answer"} for item in QUESTIONS)


@pytest.mark.parametrize("item", [item for item in QUESTIONS if item["answer"]], ids=lambda item: item["id"])
def test_answer_has_a_script(item: dict[str, str]) -> None:
    """The anchor is on the page, and a cell that is run stands in its section."""
    page, _, anchor = item["answer"].partition("#")
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    found = section(text, anchor)
    assert found is not None, f"{page}.md has no anchor {anchor}"
    cells = re.findall(r"^```\{code-cell\} python\n---\n([\s\S]*?)\n---$", found, re.MULTILINE)
    assert [cell for cell in cells if "run: false" not in cell], f"no script in the section of {item['answer']}"
