"""Cells that declare messages, the table of all messages, and those that a source explains."""

from __future__ import annotations

import json
from typing import Any

EXTENSION = 'extensions += ["spawnable.site.messages"]\n'
CELL = """\
```{code-cell} python
---
name: closed
start-methods: [spawn]
messages: [proc-closed]
---
import multiprocessing

if __name__ == "__main__":
    process = multiprocessing.Process(target=print)
    process.close()
    try:
        process.start()
    except ValueError as error:
        print("ValueError:", error)
```
"""
EXPLAINED = "```{explained} c-getvalue-mac\n:source: https://docs.python.org/3/\n```\n"
ENTRY = f"(failure-closed)=\n## `process object is closed`\n\n{CELL}\n"
PAGE = f"# Site\n\n```{{toctree}}\ntable\n```\n\n{ENTRY}## On macOS\n\n{EXPLAINED}"


def test_entry_of_a_message(site: Any) -> None:
    """What a run printed has its entry, in the table and in the records; so has what a source explains."""
    site.configure(EXTENSION)
    site.write(PAGE)
    site.write("# Table\n\n```{messages}\n```\n", "table")
    built = site.build()
    assert built.code == 0, built.log
    (snippet,) = built.snippets
    assert snippet["messages"] == ["proc-closed"]
    assert snippet["sections"][0] == "failure-closed"
    assert [run["messages"] for run in snippet["runs"]] == [["proc-closed"]]
    records = json.loads((built.folder / "messages.json").read_text(encoding="utf-8"))
    assert records == {
        "proc-closed": {"page": "index", "anchor": "failure-closed", "source": ""},
        "c-getvalue-mac": {"page": "index", "anchor": "on-macos", "source": "https://docs.python.org/3/"},
    }
    table = built.page("table")
    assert table.select_one(".messages-summary").get_text().startswith("2 of the 343 messages")
    row = table.find(id="message-proc-closed").find_parent("tr")
    assert [cell.get_text() for cell in row.select("td")] == ["process object is closed", "ValueError", "all", "Site"]
    assert row.select_one("a")["href"] == "index.html#failure-closed"
    assert built.page().find(id="failure-closed") is not None
    unmet = table.find(id="message-proc-name").find_parent("tr")
    assert unmet.select("td")[3].get_text() == "no page yet"
    assert "not under python -O" in unmet.select("td")[1].get_text()
    never = table.find(id="message-fs-authkey-len").find_parent("tr")
    assert never.select("td")[3].get_text().startswith("It guards the entry point of the fork server")
    assert len(table.select("table.messages tbody tr")) == 440
    told = built.page().select_one(".explained-by-source")
    assert told.get_text() == "No run here prints it. Only macOS raises it. It is known from the source."


def test_the_search_knows_the_message(site: Any) -> None:
    """The index of the search leads from a message to the section that explains it, and no other."""
    site.configure(EXTENSION + 'extensions += ["spawnable.site.finding"]\n')
    site.write(PAGE)
    site.write("# Table\n\n```{messages}\n```\n", "table")
    built = site.build()
    assert built.code == 0, built.log
    text = (built.folder / "search-index.js").read_text(encoding="utf-8")
    index = json.loads(text.removeprefix("searchIndex(").removesuffix(")\n"))
    told = {tuple(parts): (names, index["sections"][section]) for section, names, parts in index["messages"]}
    names, (page, anchor, title, _) = told["process object is closed",]
    assert (names, index["pages"][page][0], anchor) == (["ValueError"], "index.html", "failure-closed")
    assert title == "process object is closed"
    assert len(told) == 2


def test_message_that_was_not_printed_fails_every_build(site: Any) -> None:
    """A declared message that no run printed fails the build, with page, line and id, until the cell prints it."""
    silent = CELL.replace('print("ValueError:", error)', 'print("closed", error)')
    site.write(f"# Site\n\n{silent}")
    for _ in range(2):
        built = site.build()
        assert built.code == 1
        assert "index.md:3: WARNING: cell closed: message 'proc-closed': no run on Python 3." in built.log
        assert built.snippets[0]["runs"][0]["messages"] == []
    site.write(f"# Site\n\n{CELL}")
    assert site.build().code == 0


def test_message_that_can_not_be_declared(site: Any) -> None:
    """An unknown message, one that no run can print, and a source that is none fail the build, each with its line."""
    site.configure(EXTENSION)
    unknown = CELL.replace("proc-closed", "proc-clossed")
    never = CELL.replace("proc-closed", "fs-authkey-len").replace("name: closed", "name: never")
    bare = "```{explained} c-getvalue-mac\n```\n"
    wrong = "```{explained} proc-closed\n:source: https://docs.python.org/3/\n```\n"
    site.write(f"# Site\n\n{unknown}\n{never}\n{bare}\n{wrong}")
    built = site.build()
    assert built.code == 1
    assert built.runs == 0
    assert "index.md:3: WARNING: option 'messages': no message 'proc-clossed': did you mean proc-closed" in built.log
    assert "option 'messages': no run can print the message 'fs-authkey-len': It guards" in built.log
    assert "the option source is missing" in built.log
    assert "a run can print proc-closed, or no user meets it" in built.log


def test_entry_moves_with_its_page(site: Any) -> None:
    """The table is written anew when the page of an entry has changed."""
    site.configure(EXTENSION)
    site.write(PAGE)
    site.write("# Table\n\n```{messages}\n```\n", "table")
    assert site.build().code == 0
    site.write(PAGE.replace("(failure-closed)=", "(failure-other)="))
    row = site.build().page("table").find(id="message-proc-closed").find_parent("tr")
    assert row.select_one("a")["href"] == "index.html#failure-other"
