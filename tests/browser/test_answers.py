"""The search leads from each message of the standard library, and from each known question, to its entry."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page
from tests.browser.searching import open_search, results_of

from spawnable.messages import GAP, Message, known

QUESTIONS = Path(__file__).parents[2] / "docs" / "failures" / "questions.json"
#: of the questions, how many have their page among the first three results
SHARE = 0.9
#: exceptions whose class says all that is printed: they stand for many causes
BARE = ("AssertionError", "EOFError", "NotImplementedError", "FileNotFoundError")


def _pasted(message: Message) -> str:
    """Return what a reader pastes: the last line of a traceback, or the line that was logged or printed."""
    name = next(iter(message.classes), "")
    return f"{name}: {message.message}" if name and message.message else name or message.message


@pytest.fixture
def entries(folder: Path) -> dict[str, str]:
    """The page that explains each message."""
    content = json.loads((folder / "messages.json").read_text(encoding="utf-8"))
    return {name: entry["page"] for name, entry in content.items()}


def test_every_message(page: Page, entries: dict[str, str]) -> None:
    """Each message that is printed, pasted whole, finds its page among the first three results."""
    open_search(page)
    missed = []
    asked = [
        message
        for message in known().values()
        if message.id in entries
        and message.kind not in ("hang", "silent", "signal")
        and (message.message.strip(f"{GAP} ") or message.exception not in ("", *BARE))
    ]
    for message in asked:
        results = results_of(page, _pasted(message))[:3]
        if entries[message.id] not in results:
            missed.append(f"{message.id} {_pasted(message)!r}: {results}, not {entries[message.id]}")
    assert not missed, f"{len(missed)} of {len(asked)}:\n" + "\n".join(missed)


def test_questions(page: Page) -> None:
    """Each question, as it was asked, finds its page among the first three results, but for one in ten."""
    open_search(page)
    questions = json.loads(QUESTIONS.read_text(encoding="utf-8"))["questions"]
    missed = []
    for question in questions:
        results = results_of(page, question["question"])[:3]
        if question["answer"].partition("#")[0] not in results:
            missed.append(f"{question['id']} {question['question']!r}: {results}, not {question['answer']}")
    assert len(questions) - len(missed) >= SHARE * len(questions), "\n".join(missed)
