"""What a build does: few sites, really built, with really run cells."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import psutil
import pytest

HELLO = """\
```{code-cell} python
---
name: hello
---
import multiprocessing


def worker() -> None:
    print("<script>alert(1)</script>")


if __name__ == "__main__":
    process = multiprocessing.Process(target=worker)
    process.start()
    process.join()
    print("joined")
```
"""
FAILS = """\
```{code-cell} python
---
name: fails
start-methods: [fork]
---
print("so far so good")
raise LookupError("gone")
```
"""


def hanging(mark: str) -> str:
    """Return a cell that is stuck, with a child; `mark` stands on the command line."""
    return f"""\
```{{code-cell}} python
---
name: hangs
start-methods: [fork]
timeout: 2
arguments: [{mark}]
---
import multiprocessing


def worker() -> None:
    multiprocessing.Event().wait()


if __name__ == "__main__":
    process = multiprocessing.Process(target=worker)
    process.start()
    process.join()
```
"""


def test_page_shows_what_was_run(site: Any) -> None:
    """A page has the exact script with its copy for download, outputs, values and claims; nothing is run twice."""
    site.write(
        f"# Title\n\n{HELLO}\n"
        "There were {run}`hello spawn processes` processes, see {claim}`A01`.\n\n"
        "```{claim} A01\n:verdict: holds\n:runs: hello\n:says: It is so.\nBecause.\n```\n\n```{ledger}\n```\n"
    )
    built = site.build()
    assert built.code == 0, built.log
    assert built.runs == 3
    cell = built.cell("hello")
    script = HELLO.partition("name: hello\n---\n")[2].removesuffix("```\n")
    assert cell.select(".highlight pre")[0].get_text() == script
    link = cell.select("a.snippet-download")[0]["href"]
    assert (built.folder / str(link)).read_text(encoding="utf-8") == script
    assert cell["data-snippet"] == "index:hello"
    assert cell["data-expect"] == "fork=ok forkserver=ok spawn=ok"
    assert [pre.get_text() for pre in cell.select(".output > pre")] == ["<script>alert(1)</script>\njoined\n"]
    assert built.page().select(".measured")[0].get_text() == "2"
    assert built.page().select("a.claim-ref .badge-holds")
    assert built.page().select("table.ledger tbody tr td")[0].get_text() == "A01"
    (snippet,) = built.snippets
    assert (snippet["page"], snippet["line"], snippet["expect"]) == ("index", 3, {"": "ok"})
    assert [run["outcome"] for run in snippet["runs"]] == [["ok"]] * 3

    assert site.build().runs == 0
    site.write(
        (site.folder / "index.md").read_text() + "\n" + HELLO.replace("hello", "again").replace("joined", "done")
    )
    edited = site.build()
    assert edited.code == 0, edited.log
    assert edited.runs == 3
    assert [[run["stored"] for run in snippet["runs"]] for snippet in edited.snippets] == [[True] * 3, [False] * 3]
    text = site.build("text")
    assert text.code == 0, text.log
    assert text.runs == 0
    assert "joined" in (text.folder / "index.txt").read_text(encoding="utf-8")
    assert site.build("gettext").code == 0
    catalog = (site.folder / "_build" / "gettext" / "index.pot").read_text(encoding="utf-8")
    assert "There were {run}`hello spawn processes` processes" in catalog
    assert "It is so." in catalog
    assert "joined" not in catalog


def test_unexpected_outcome_fails_every_build(site: Any) -> None:
    """A run that its cell does not expect fails the build, with all that it did, until it is mended."""
    site.write(f"# Title\n\n{FAILS}")
    for _ in range(2):
        built = site.build()
        assert built.code == 1
        assert built.runs == 1
        assert "index.md:3" in built.log
        assert "cell fails under fork on Python" in built.log
        assert "expected ok, found error LookupError" in built.log
        assert "so far so good" in built.log
    site.write(f"# Title\n\n{FAILS}".replace("name: fails", "name: fails\nexpect: error LookupError"))
    mended = site.build()
    assert mended.code == 0, mended.log
    assert mended.cell("fails")["data-expect"] == "fork=error:LookupError"


def test_hanging_cell_ends_at_its_limit(site: Any) -> None:
    """A cell that hangs fails the build within two seconds of its limit, shows its stacks, and leaves no process."""
    mark = uuid.uuid4().hex
    site.write(f"# Title\n\n{hanging(mark)}")
    built = site.build()
    assert built.code == 1
    assert built.seconds < 4
    assert "found stuck" in built.log
    assert "main.py" in built.log.partition("stack of main")[2]
    assert built.cell("hangs").select(".stacks details[open]")
    assert not [process for process in psutil.process_iter() if mark in _command(process)]


def test_faults_name_page_line_and_what_is_right(site: Any) -> None:
    """Wrong options, values, cells, claims and YAML fail the build, each with its line."""
    site.write(
        "# Title\n\n"
        "```{toctree}\nyaml\n```\n\n"
        "```{code-cell} python\n---\nname: a\nexpekt: ok\nstart-methods: [fork]\n---\nprint(1)\n```\n\n"
        "{run}`a fork walls` {claim}`A99`\n\n"
        "```{claim} A01\n:verdict: holds\n:runs: b\n:says: It is so.\n```\n"
    )
    site.write("# Other\n\n```{code-cell} python\n---\nname: [\n---\nprint(1)\n```\n", "yaml")
    built = site.build()
    assert built.code == 1
    assert built.runs == 0
    assert "index.md:7: WARNING: unknown option 'expekt': did you mean 'expect'?" in built.log
    assert "index.md:16: WARNING: run: no cell 'a' was run on this page" in built.log
    assert "index.md:16: WARNING: no page judges the claim A99" in built.log
    assert "index.md:18: ERROR: claim A01: no cell 'b' on this page" in built.log
    assert "yaml.md:3: WARNING: " in built.log
    assert "Traceback" not in built.log


def test_pages_are_read_in_parallel(site: Any) -> None:
    """Pages that several processes read show their runs, and what they tell is put together."""
    names = [f"page{number}" for number in range(6)]
    site.write("# Title\n\n```{toctree}\n" + "\n".join(names) + "\n```\n\n```{ledger}\n```\n")
    for number, name in enumerate(names):
        cell = "```{code-cell} python\n---\nname: one\nstart-methods: [fork]\n---\nprint(1)\n```\n"
        claim = f"```{{claim}} A0{number}\n:verdict: wrong\n:runs: one\n:says: No.\n```\n"
        site.write(f"# Page {number}\n\n{cell}\n{claim}", name)
    built = site.build("html", "-j", "2")
    assert built.code == 0, built.log
    assert built.runs == 1
    assert [snippet["page"] for snippet in built.snippets] == names
    assert len(built.page().select("table.ledger tbody tr")) == 6
    assert built.page("page5").select(".output > pre")[0].get_text() == "1\n"


def test_unknown_python_is_named(site: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A Python that is not there ends the build with the name of the setting."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # where Sphinx keeps the traceback of an error in the settings
    site.configure('spawnable_pythons = ["3.99"]\n')
    site.write("# Title\n")
    built = site.build()
    assert built.code == 2
    assert "spawnable_pythons: Python 3.99 is not on PATH" in built.log


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def test_ledger_rests_when_nothing_changed(site: Any) -> None:
    """The table of all claims is written anew when a page was read, and not when nothing changed."""
    claim = "# Other\n\n```{claim} A01\n:verdict: holds\n:runs: hello\n:says: It is so.\nBecause.\n```\n"
    cell = "\n```{code-cell} python\n---\nname: hello\n---\nprint(1)\n```\n"
    site.write("# Site\n\n```{toctree}\nother\n```\n\n```{ledger}\n```\n")
    site.write(claim + cell, "other")
    assert site.build().code == 0
    page = site.folder / "_build/html/index.html"
    written = page.stat().st_mtime_ns
    site.build()
    assert page.stat().st_mtime_ns == written
    site.write(claim.replace(":verdict: holds", ":verdict: wrong") + cell, "other")
    assert "wrong" in site.build().page().select_one("table.ledger tbody tr").get_text()
