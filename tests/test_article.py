"""The article section: nothing of the article is left out, and each of its claims is tried and judged."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

SECTION = Path(__file__).resolve().parents[1] / "docs" / "article"
CLAIMS = [f"A{number:02}" for number in range(1, 37)]
VERDICTS = {"holds", "holds with limits", "outdated", "wrong"}

#: the article, part by part: the kind of each block of the translation and its first words
PARTS = [
    ("heading", "Python multiprocessing"),
    ("paragraph", "The `multiprocessing` package is Python's package"),
    ("paragraph", "But when using these shared APIs"),
    ("item", "On UNIX platforms, after a process has ended"),
    ("item", "`multiprocessing` provides means of IPC"),
    ("item", "Multiple processes should avoid sharing resources."),
    ("heading", "Pipe and Queue"),
    ("paragraph", "The `multiprocessing` package has the class Pipe"),
    ("paragraph", "But it should be noted that if a Queue is empty"),
    ("paragraph", "`Queue.qsize()` returns the size"),
    ("paragraph", "`Queue.empty()` returns True"),
    ("paragraph", "`Queue.full()` returns True"),
    ("paragraph", "`Queue.full` corresponds to"),
    ("paragraph", "`Queue.get([block[, timeout]])` gets"),
    ("paragraph", "`Queue.get_nowait()` is equivalent"),
    ("paragraph", "Non-blocking `Queue.put(item)` writes"),
    ("paragraph", "`Queue.put_nowait(item)` is equivalent"),
    ("paragraph", "`Queue.task_done()`: after"),
    ("paragraph", "`Queue.join()` in effect means"),
    ("paragraph", "1\\) A Pipe can be one-way"),
    ("paragraph", "The following program shows the use of Pipe:"),
    ("note", "here the article prints a program"),
    ("paragraph", "The Pipe here is two-way."),
    ("paragraph", "When a Pipe object is created"),
    ("paragraph", "2\\) Queue is similar to Pipe"),
    ("note", "here the article prints a second program"),
    ("paragraph", "Zhejiang Public Network Security Registration No. 33010602011771"),
]
#: how many sentences each paragraph and item of the article has, where it has more than one
SENTENCES = {
    "The `multiprocessing` package is Python's package": 6,
    "On UNIX platforms, after a process has ended": 3,
    "`multiprocessing` provides means of IPC": 2,
    "Multiple processes should avoid sharing resources.": 5,
    "The `multiprocessing` package has the class Pipe": 2,
    "But it should be noted that if a Queue is empty": 2,
    "1\\) A Pipe can be one-way": 3,
    "When a Pipe object is created": 2,
    "2\\) Queue is similar to Pipe": 3,
}


@dataclass(frozen=True)
class Claim:
    """A claim's directive, as it stands in a page's source."""

    page: str
    verdict: str
    runs: tuple[str, ...]
    says: str
    why: str


def fences(text: str) -> list[tuple[str, str]]:
    """Give the outermost fenced blocks of a page: what stands behind the backticks, and the body."""
    fence = re.compile(r"^(?P<ticks>`{3,})(?P<head>[^`\n]+)\n(?P<body>.*?)^(?P=ticks)$", re.MULTILINE | re.DOTALL)
    return [(match["head"].strip(), match["body"]) for match in fence.finditer(text)]


def cells(text: str) -> set[str]:
    """Give the names of the cells of a page that are run, and not only shown."""
    names = set()
    for head, body in fences(text):
        options = re.match(r"---\n(.*?)^---$", body, re.MULTILINE | re.DOTALL)
        if head == "{code-cell} python" and options:
            wanted = dict(re.findall(r"^([\w-]+):[ \t]*(.*?)[ \t]*$", options[1], re.MULTILINE))
            if wanted.get("run") != "false":
                names.add(wanted["name"])
    return names


def judged() -> dict[str, list[Claim]]:
    """Give every claim's directives, read from the pages."""
    found: dict[str, list[Claim]] = {}
    for page in sorted(SECTION.glob("*.md")):
        for head, body in fences(page.read_text(encoding="utf-8")):
            if head.startswith("{claim}"):
                options = dict(re.findall(r"^:(\w+):[ \t]*(.+)$", body, re.MULTILINE))
                why = re.sub(r"^:\w+:.*$", "", body, flags=re.MULTILINE).strip()
                claim = Claim(
                    page.name,
                    options.get("verdict", ""),
                    tuple(options.get("runs", "").replace(",", " ").split()),
                    options.get("says", ""),
                    why,
                )
                found.setdefault(head.removeprefix("{claim}").strip(), []).append(claim)
    return found


def blocks() -> list[tuple[str, str]]:
    """Give the blocks of the translation in order, each with its kind: heading, paragraph, item, note."""
    text = (SECTION / "translation.md").read_text(encoding="utf-8")
    body = re.sub(r"\A---\n.*?^---\n", "", text, flags=re.MULTILINE | re.DOTALL)
    found = []
    for block in re.split(r"\n\s*\n", body.strip()):
        if block.startswith("#"):
            found.append(("heading", block.lstrip("# ")))
        elif block.startswith("- "):
            found.append(("item", block.removeprefix("- ")))
        elif block.startswith("[Editor's note: "):
            found.append(("note", block.removeprefix("[Editor's note: ")))
        else:
            found.append(("paragraph", block))
    return found


def test_every_claim_is_judged_once() -> None:
    """Each of the 36 claims has one verdict on one page, and there is no other."""
    found = judged()
    assert sorted(found) == CLAIMS
    assert {name: len(claims) for name, claims in found.items() if len(claims) != 1} == {}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_says_what_why_and_by_which_runs(name: str) -> None:
    """A verdict is one of four, tells the claim and a reason, and rests on cells of its page that are run."""
    (claim,) = judged()[name]
    assert claim.verdict in VERDICTS
    assert claim.says
    assert claim.why
    run = cells((SECTION / claim.page).read_text(encoding="utf-8"))
    assert claim.runs, f"{claim.page}: {name} names no run"
    assert set(claim.runs) <= run, f"{claim.page}: {name} names cells that are not run there"


def test_the_translation_has_every_part_of_the_article_in_its_order() -> None:
    """The title of the page, notes at its two ends, and between them the article's parts, none more and none less."""
    (title, opening, *parts, closing) = blocks()
    assert [title[0], opening[0], closing[0]] == ["heading", "note", "note"]
    assert len(parts) == len(PARTS)
    for (kind, text), (wanted, first_words) in zip(parts, PARTS, strict=True):
        assert (kind, text[: len(first_words)]) == (wanted, first_words)


def test_the_translation_has_every_sentence() -> None:
    """A sentence stands on a line of its own, and each part has as many lines as the article has sentences."""
    for (kind, text), (_, first_words) in zip(blocks()[2:-1], PARTS, strict=True):
        if kind in ("paragraph", "item"):
            assert len(text.splitlines()) == SENTENCES.get(first_words, 1), first_words


def test_the_translation_marks_every_claim_in_order() -> None:
    """The claims' verdicts stand in the translation from the first to the last, each once."""
    text = (SECTION / "translation.md").read_text(encoding="utf-8")
    assert re.findall(r"\{claim\}`(\w+)`", text) == CLAIMS


def test_nothing_of_the_translation_is_hidden() -> None:
    """What the translation has, a reader sees: it holds no comment and no fenced block."""
    text = (SECTION / "translation.md").read_text(encoding="utf-8")
    assert "<!--" not in text
    assert not re.search(r"^(%|`{3,}|:{3,})", text, re.MULTILINE)


def test_the_index_leads_to_every_page() -> None:
    """The section's table of contents names each page once, and no page that is not there."""
    (entries,) = [
        body for head, body in fences((SECTION / "index.md").read_text(encoding="utf-8")) if head == "{toctree}"
    ]
    named = [line for line in entries.split() if re.fullmatch(r"[a-z-]+", line)]
    assert sorted(named) == sorted(page.stem for page in SECTION.glob("*.md") if page.stem != "index")
