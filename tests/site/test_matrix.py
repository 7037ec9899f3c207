"""A site that is built with the runs of other Pythons and systems, which the store has."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from spawnable.site.others import known, news, others
from spawnable.snippet import Snippet
from spawnable.store import SUBJECT, Store
from spawnable.transcript import Transcript

CELL = "```{code-cell} python\n---\nname: hello\nstart-methods: [spawn]\n---\nprint('hello')\n```\n"
PAGE = f"# Site\n\n```{{toctree}}\nguide/other\nmatrix\n```\n\n{CELL}"


def keyed(subject: str, place: str) -> str:
    """Return a key of a script, run at a place."""
    return subject[:SUBJECT] + hashlib.sha256(place.encode()).hexdigest()[SUBJECT:]


def export(store: Store, file: Path, **changes: Any) -> None:
    """Write what a machine elsewhere would: the store's runs, with changes, under keys of its own."""
    away = Store(file.parent / "away")
    for key in store.entries():
        transcript = store.read(key)
        assert transcript is not None
        chunks = [replace(chunk, pid=None) for chunk in transcript.chunks]
        away.write(keyed(key, str(changes)), replace(transcript, watched="portable", chunks=chunks, **changes))
    away.export(away.entries(), file)


def test_merged_runs_are_shown(site: Any, tmp_path: Path) -> None:
    """A run that is merged is shown at the next build, on its cell and in the table, and nothing is run again."""
    site.write(PAGE)
    (site.folder / "guide").mkdir()
    site.write(f"# Other\n\n{CELL.replace('hello', 'other')}", "guide/other")
    site.write("# Runs\n\n```{matrix}\n```\n", "matrix")
    built = site.build()
    assert built.code == 0, built.log
    assert built.cell("hello").select(".across") == []
    store = Store(site.folder / "_build" / "transcripts")
    export(store, tmp_path / "mac.jsonl.gz", platform="Darwin-arm64", python="3.13.9", exit_code=3)
    store.merge(tmp_path / "mac.jsonl.gz")
    built = site.build()
    assert (built.code, built.runs) == (0, 0), built.log
    cell = built.cell("hello")
    assert "1 of 2 runs agree" in cell.select_one(".agreement").get_text()
    told = "macOS arm64, Python 3.13, spawn: exit code 3; not as the cell declares"
    assert cell.select_one(".differing > summary").get_text() == told
    assert cell.select_one(".differing > .output")["data-platform"] == "Darwin-arm64"
    table = built.page("matrix")
    assert table.select_one(".matrix-summary").get_text().startswith("2 scripts, 4 runs: 2 agree")
    links = ["guide/other.html#cell-other", "index.html#cell-hello"]
    assert [link["href"] for link in table.select(".matrix td a")] == links
    # a folder has a table of its own
    assert [link["href"] for link in table.select("#matrix-guide tbody th a")] == links[:1]
    for link in table.select(".matrix-jumps a"):
        assert table.find(id=str(link["href"]).removeprefix("#"))
    assert f"hello: {told}" in table.select_one(".matrix-differences").get_text()
    assert {run["differs"] != "" for run in built.snippets[0]["runs"]} == {True, False}
    assert "reading sources" not in site.build().log.replace("reading sources... \n", "")


def test_which_runs_count(tmp_path: Path, make_transcript: Any) -> None:
    """Of a script's runs elsewhere the latest release counts, where the cell declares the place and none was made."""
    store, own = Store(tmp_path), "a" * 64
    store.write(own, make_transcript())
    wanted = Snippet("page:cell", "", start_methods=("spawn",), pythons="3.12+")

    def add(subject: str = own, **fields: Any) -> Transcript:
        transcript: Transcript = make_transcript(**fields)
        store.write(keyed(subject, str(fields)), transcript)
        return transcript

    add(python="3.13.5")
    add(python="3.14.0", start_method="fork")
    add(python="3.11.0")
    add(python="../3.14")
    add("b" * 64, python="3.12.0")
    add(python="3.15.0rc2")
    add(python="3.15.0rc1")
    add(python="3.14.9")
    latest = [add(python="3.14.10"), add(python="3.15.0")]
    mac = add(python="3.13.5", platform="Darwin-arm64")
    made = [("Linux-x86_64", "3.13.0", "spawn")]
    assert others(store, wanted, [own], made) == [mac, *latest]


def test_news_of_the_store(tmp_path: Path, make_transcript: Any) -> None:
    """A page is read again for a run that came, not for one that is gone."""
    store, key = Store(tmp_path), "a" * 64
    store.write(key, make_transcript())
    pages = {"page": known(store, [key]), "other": known(store, ["b" * 64])}
    assert news(tmp_path, pages) == []
    store.write(keyed(key, "elsewhere"), make_transcript())
    assert news(tmp_path, pages) == ["page"]
    assert news(tmp_path / "gone", pages) == []
