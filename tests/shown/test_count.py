"""`nox -s coverage`: names, messages and questions count where a script that shows them did as declared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.shown.count import answered, main, printed

from spawnable.messages import known

LOCK = "import multiprocessing\nmultiprocessing.Lock().acquire()\n"
KNOWN = [{"name": "multiprocessing.Lock.acquire"}, {"name": "multiprocessing.Lock", "since": "3.13"}]


MESSAGES = [message.id for message in known().values() if message.reach == "run"]
SOURCES = {message.id: {"source": "https://x"} for message in known().values() if message.reach == "source"}
QUESTION = {"id": "q1", "question": "Which?", "answer": "guide/locks#which"}


def site_of(folder: Path, runs: list[dict[str, Any]], messages: list[str], anchor: str = "which") -> None:
    """Write what a build leaves: one script, in one section."""
    (folder / "guide").mkdir()
    (folder / "guide" / "locks.html").write_text(f'<section id="{anchor}">', encoding="utf-8")
    (folder / "lock.py").write_text(LOCK, encoding="utf-8")
    complete = [{"messages": messages, **run} for run in runs]
    snippet = {"file": "lock.py", "page": "guide/locks", "sections": [anchor, "top"], "runs": complete}
    (folder / "snippets.json").write_text(json.dumps([snippet]), encoding="utf-8")
    (folder / "messages.json").write_text(json.dumps(SOURCES), encoding="utf-8")
    (folder / "names.json").write_text(json.dumps({"names": KNOWN}), encoding="utf-8")
    (folder / "questions.json").write_text(json.dumps({"questions": [QUESTION]}), encoding="utf-8")


def counted(folder: Path) -> tuple[int, str]:
    """What is said of a site."""
    arguments = [str(folder), str(folder / "names.json"), str(folder / "questions.json")]
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.output


def told(folder: Path, runs: list[dict[str, Any]]) -> tuple[int, str]:
    """What is said of a site of one script with these runs, which printed all messages."""
    site_of(folder, runs, MESSAGES)
    return counted(folder)


@pytest.mark.parametrize(("python", "count"), [("3.11.7", "1 of its 1"), ("3.13.0", "2 of its 2")])
def test_by_python(tmp_path: Path, python: str, count: str) -> None:
    """An older Python is not asked for what it has not."""
    _, output = told(tmp_path, [{"python": python, "met": True}])
    assert f"Python {python[:4]}: {count} names" in output


def test_all_shown(tmp_path: Path) -> None:
    """All names together may be shown on different Pythons."""
    assert told(tmp_path, [{"python": "3.13.0", "met": True}, {"python": "3.11.7", "met": True}])[0] == 0


@pytest.mark.parametrize("runs", [[], [{"python": "3.13.0", "met": False}], [{"python": "3.11.7", "met": True}]])
def test_missing(tmp_path: Path, runs: list[dict[str, Any]]) -> None:
    """A name that no run shows is named, and ends it with exit status 1; so is that of a run that did not do right."""
    status, output = told(tmp_path, runs)
    assert status == 1
    assert "uses: " in output
    assert "multiprocessing.Lock" in output


GOOD = {"python": "3.13.0", "met": True}


def test_every_message_and_answer_counts(tmp_path: Path) -> None:
    """Where all is there, it says so and ends with exit status 0."""
    status, output = told(tmp_path, [GOOD])
    assert status == 0, output
    assert f"messages printed by runs: {len(MESSAGES)} of {len(MESSAGES)}\n" in output
    assert f"messages explained by a source: {len(SOURCES)} of {len(SOURCES)}\n" in output
    assert "questions answered: 1 of 1\n" in output


def test_message_that_no_run_printed(tmp_path: Path) -> None:
    """It is named, and ends it with exit status 1."""
    site_of(tmp_path, [GOOD], MESSAGES[1:])
    status, output = counted(tmp_path)
    assert status == 1
    assert f"no run printed: {MESSAGES[0]}\n" in output


def test_message_without_source(tmp_path: Path) -> None:
    """It is named, and ends it with exit status 1; an entry without a source is none."""
    site_of(tmp_path, [GOOD], MESSAGES)
    first, *others = SOURCES
    places = {first: {"source": ""}} | {name: SOURCES[name] for name in others}
    (tmp_path / "messages.json").write_text(json.dumps(places), encoding="utf-8")
    status, output = counted(tmp_path)
    assert status == 1
    assert f"no page explains: {first}\n" in output


def test_question_without_answer(tmp_path: Path) -> None:
    """A question whose section has no script is named, and ends it with exit status 1."""
    site_of(tmp_path, [GOOD], MESSAGES, anchor="other")
    status, output = counted(tmp_path)
    assert status == 1
    assert "no section answers: q1\n" in output


def test_only_runs_as_declared_count(tmp_path: Path) -> None:
    """What a run printed that did not do as declared does not count, and neither does its section as an answer."""
    site_of(tmp_path, [{"python": "3.13.0", "met": False}], MESSAGES)
    snippets = json.loads((tmp_path / "snippets.json").read_text(encoding="utf-8"))
    assert printed(snippets) == set()
    assert answered({"q1": "guide/locks#which"}, snippets, tmp_path) == set()


def test_anchor_must_be_on_the_page(tmp_path: Path) -> None:
    """A section that the page has not, whatever is recorded, answers nothing."""
    site_of(tmp_path, [GOOD], MESSAGES)
    snippets = json.loads((tmp_path / "snippets.json").read_text(encoding="utf-8"))
    assert answered({"q1": "guide/locks#which"}, snippets, tmp_path) == {"q1"}
    assert answered({"q1": "guide/locks#top"}, snippets, tmp_path) == set()
    assert answered({"q1": "guide/pipes#which"}, snippets, tmp_path) == set()
