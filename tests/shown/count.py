"""Count what the built site shows: names of the standard library, its messages, answers: `nox -s coverage`.

For each Python that ran scripts, prints how many of the names that it has are used by a script
which did there as declared; then how many of the messages that ordinary code brings about were
printed by a run, how many of the others that a user can meet are explained by a source, and how
many of the questions are answered in a section with a script that did as declared.  Ends with
exit status 1 if anything is missing.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from spawnable.messages import Message, known
from spawnable.names import exercised

__all__ = ["answered", "count", "main", "printed"]


def count(known: list[dict[str, str]], snippets: list[dict[str, Any]], folder: Path) -> dict[str, set[str]]:
    """Return the names that are shown on each Python, by its minor version."""
    scripts = {snippet["file"]: (folder / snippet["file"]).read_text(encoding="utf-8") for snippet in snippets}
    users = exercised([item["name"] for item in known], scripts)
    ran: dict[str, set[str]] = {}
    for snippet in snippets:
        for run in snippet["runs"]:
            minor = ".".join(run["python"].split(".")[:2])
            ran.setdefault(minor, set()).add(snippet["file"])
    for snippet in snippets:
        for run in snippet["runs"]:
            if not run["met"]:
                ran[".".join(run["python"].split(".")[:2])].discard(snippet["file"])
    return {
        minor: {item["name"] for item in known if _has(minor, item) and files.intersection(users[item["name"]])}
        for minor, files in ran.items()
    }


def _has(minor: str, item: dict[str, str]) -> bool:
    """Tell whether a Python has a name."""
    return _order(minor) >= _order(item.get("since", "3.11"))


def _order(minor: str) -> tuple[int, ...]:
    return tuple(map(int, minor.split(".")))


def printed(snippets: Iterable[dict[str, Any]]) -> set[str]:
    """Return the ids of the messages that a run which did as declared printed."""
    return {name for snippet in snippets for run in snippet["runs"] if run["met"] for name in run["messages"]}


def answered(answers: Mapping[str, str], snippets: Iterable[dict[str, Any]], folder: Path) -> set[str]:
    """Return the questions whose anchor is on its page, in a section with a script that did as declared.

    `answers` are anchors such as `guide/queues#an-end` by question.
    """
    sections: dict[str, set[str]] = {}
    for snippet in snippets:
        if snippet["runs"] and all(run["met"] for run in snippet["runs"]):
            sections.setdefault(snippet["page"], set()).update(snippet["sections"])
    found = set()
    for question, answer in answers.items():
        page, _, anchor = answer.partition("#")
        file = folder / f"{page}.html"
        if anchor in sections.get(page, ()) and file.is_file():
            there = set(re.findall(r'\bid="([^"]+)"', file.read_text(encoding="utf-8")))
            found |= {question} if anchor in there else set()
    return found


def _names(site: Path, names: Path, snippets: list[dict[str, Any]]) -> list[str]:
    """Print what is shown of the names; return those that are not."""
    listed = json.loads(names.read_text(encoding="utf-8"))["names"]
    shown = count(listed, snippets, site)
    for minor in sorted(shown, key=_order):
        has = sum(_has(minor, item) for item in listed)
        click.echo(f"Python {minor}: {len(shown[minor])} of its {has} names are used by scripts that ran on it")
    everywhere = set().union(*shown.values())
    click.echo(f"together: {len(everywhere)} of {len(listed)}")
    return [item["name"] for item in listed if item["name"] not in everywhere]


def _part(what: str, wanted: Iterable[str], found: set[str]) -> list[str]:
    """Print how many of what is wanted were found; return the others."""
    names = list(wanted)
    click.echo(f"{what}: {len(found.intersection(names))} of {len(names)}")
    return [name for name in names if name not in found]


def _of_reach(reach: str) -> list[str]:
    """Return the messages that are reached in that way."""
    messages: Iterable[Message] = known().values()
    return [message.id for message in messages if message.reach == reach]


@click.command
@click.argument("site", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("names", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("questions", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(site: Path, names: Path, questions: Path) -> None:
    """Count what the SITE shows of the NAMES, of all messages, and of the QUESTIONS."""
    snippets = json.loads((site / "snippets.json").read_text(encoding="utf-8"))
    places = json.loads((site / "messages.json").read_text(encoding="utf-8"))
    explained = {name for name, place in places.items() if place["source"]}
    asked = json.loads(questions.read_text(encoding="utf-8"))["questions"]
    answers = answered({item["id"]: item["answer"] for item in asked}, snippets, site)
    missing = {
        "no script that ran uses": _names(site, names, snippets),
        "no run printed": _part("messages printed by runs", _of_reach("run"), printed(snippets)),
        "no page explains": _part("messages explained by a source", _of_reach("source"), explained),
        "no section answers": _part("questions answered", (item["id"] for item in asked), answers),
    }
    for what, which in missing.items():
        if which:
            click.echo(f"{what}: {', '.join(which)}")
    if any(missing.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
