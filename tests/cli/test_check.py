"""`spawnable check`, `extract` and `store`, on small pages."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from spawnable.batch import Job
from spawnable.cli import main
from spawnable.cli.options import AVAILABLE
from spawnable.python import Python
from spawnable.run import close
from spawnable.snippet import Snippet

pytest.importorskip("myst_nb")

#: the module, which its command hides where both are looked for by name
check_module = importlib.import_module("spawnable.cli.check")
ONE = AVAILABLE[-1]
PAGE = f"""\
---
myst: {{html_meta: {{description: "A page."}}}}
---
# Does it work?

It does.

```{{code-cell}} python
---
name: fine
start-methods: [{ONE}]
needs: [beside]
---
from words import WORD

if __name__ == "__main__":
    print(WORD)
```

```{{code-cell}} python
---
name: beside
file: words.py
run: false
---
WORD = "fine"
```
"""
FAULTY = f"""\
# Does it fail?

```{{code-cell}} python
---
name: faulty
start-methods: [{ONE}]
---
raise ValueError("not declared")
```
"""


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close()


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """Return a guide with one page in a folder."""
    folder = tmp_path / "docs"
    (folder / "guide").mkdir(parents=True)
    (folder / "conf.py").touch()
    (folder / "guide" / "page.md").write_text(PAGE, encoding="utf-8")
    return folder


def spawnable(*arguments: str | Path) -> Result:
    """Return what the command did."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_cells_that_do_as_declared_pass(docs: Path) -> None:
    """Every round and the whole are told in a line each, and the exit status is 0."""
    result = spawnable("check", docs, "--repeat", "2")
    assert result.exit_code == 0, result.output
    first, second, last = result.output.splitlines()
    assert first.startswith("round 1 of 2: 1 run, all as declared, ")
    assert second.startswith("round 2 of 2: 1 run, all as declared, ")
    assert last.startswith("1 snippet, 2 runs on Python 3.")
    assert last.endswith(": 2 as declared, 0 not, 0 with a changing outcome")


def test_an_undeclared_outcome_is_reported(docs: Path) -> None:
    """A cell that does what it does not declare is named by page and line, with what it did."""
    (docs / "faulty.md").write_text(FAULTY, encoding="utf-8")
    result = spawnable("check", docs)
    assert result.exit_code == 1
    assert "faulty.md:3" in result.output
    assert "expected ok, found error ValueError" in result.output
    assert "ValueError: not declared" in result.output
    assert "1 as declared, 1 not, 0 with a changing outcome" in result.output


def test_one_page_can_be_checked(docs: Path) -> None:
    """A page's own path is enough."""
    (docs / "faulty.md").write_text(FAULTY, encoding="utf-8")
    assert spawnable("check", docs / "guide" / "page.md").exit_code == 0


def test_the_store_saves_runs(docs: Path, tmp_path: Path) -> None:
    """What has not changed is taken from the store, but in repeated rounds."""
    store = tmp_path / "store"
    assert "from the store" not in spawnable("check", docs, "--store", store).output
    assert "1 run (1 of them from the store), all as declared" in spawnable("check", docs, "--store", store).output
    assert "from the store" not in spawnable("check", docs, "--store", store, "--repeat", "2").output


def test_what_did_not_do_as_declared_is_run_again(docs: Path, tmp_path: Path) -> None:
    """A run in the store that is not what its cell declares may have been the machine's fault: it is not reused."""
    (docs / "faulty.md").write_text(FAULTY, encoding="utf-8")
    for _ in range(2):
        result = spawnable("check", docs / "faulty.md", "--store", tmp_path / "store")
        assert "from the store" not in result.output
        assert result.exit_code == 1


def test_packages_are_installed_where_needed(docs: Path, tmp_path: Path, distribution: Callable[[str], None]) -> None:
    """A cell that needs a distribution is run in an environment that has it, another one is not."""
    distribution("small-words")
    page = PAGE.replace(f"start-methods: [{ONE}]\n", f"start-methods: [{ONE}]\npackages: [small-words]\n")
    (docs / "guide" / "page.md").write_text(page.replace("from words import", "from small_words import"))
    result = spawnable("check", docs)
    assert result.exit_code == 2
    assert "lacks small-words" in result.output
    result = spawnable("check", docs, "--environments", tmp_path / "environments")
    assert result.exit_code == 0, result.output
    assert "1 run, all as declared" in result.output
    assert len(list((tmp_path / "environments").iterdir())) == 1


def test_a_store_is_taken_to_another(docs: Path, tmp_path: Path) -> None:
    """What one store exports another one merges, and uses."""
    store, other, file = tmp_path / "store", tmp_path / "other", tmp_path / "runs.jsonl.gz"
    spawnable("check", docs, "--store", store)
    assert spawnable("store", "export", store, file).output == f"1 run in {file}\n"
    assert "1 taken" in spawnable("store", "merge", other, file).output
    assert "1 of them from the store" in spawnable("check", docs, "--store", other).output


def test_a_damaged_export_is_refused(tmp_path: Path) -> None:
    """A file that is no export changes nothing, and the exit status says so."""
    file = tmp_path / "runs.jsonl.gz"
    file.write_bytes(b"no gzip")
    result = spawnable("store", "merge", tmp_path / "store", file)
    assert result.exit_code == 1
    assert "refused" in result.output


def test_a_faulty_page_is_named(docs: Path) -> None:
    """What can not be read on a page is told with page and line, and nothing is run."""
    page = docs / "wrong.md"
    page.write_text(FAULTY.replace("name: faulty", "nmae: faulty"), encoding="utf-8")
    result = spawnable("check", docs)
    assert result.exit_code == 2
    assert f"{page}:3: " in result.output
    assert "nmae" in result.output


def test_nothing_to_run_is_an_error(tmp_path: Path) -> None:
    """A folder without cells is not taken for a success."""
    result = spawnable("check", tmp_path)
    assert result.exit_code == 2
    assert "has no page" in result.output


def test_cells_become_files(docs: Path, tmp_path: Path) -> None:
    """A cell is written as page/cell/file, exactly as it is on the page, companions beside it."""
    out = tmp_path / "out"
    result = spawnable("extract", docs, out)
    assert result.exit_code == 0, result.output
    written = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert written == {"guide/page/fine/main.py", "guide/page/fine/words.py", "guide/page/beside/words.py"}
    assert (out / "guide/page/beside/words.py").read_text(encoding="utf-8") == 'WORD = "fine"\n'


def test_built_folders_hold_no_pages(docs: Path, tmp_path: Path) -> None:
    """Pages under `_build` and in hidden folders are left out."""
    for name in ("_build", ".hidden"):
        (docs / name).mkdir()
        (docs / name / "copy.md").write_text(FAULTY, encoding="utf-8")
    assert "2 scripts in" in spawnable("extract", docs, tmp_path / "out").output


def test_message_that_is_not_printed_is_told(docs: Path) -> None:
    """A message that a cell declares and no run of it prints is told with page, line and id, and exit status is 1."""
    page = docs / "guide" / "page.md"
    declared = PAGE.replace("needs: [beside]", "needs: [beside]\nmessages: [proc-closed]")
    page.write_text(declared, encoding="utf-8")
    done = spawnable("check", page)
    assert done.exit_code == 1
    assert f"{page}:8: cell fine: message 'proc-closed': no run on Python 3." in done.output
    assert "1 declared message not printed" in done.output
    said = declared.replace("print(WORD)", 'print("ValueError: process object is closed", WORD)')
    page.write_text(said, encoding="utf-8")
    assert spawnable("check", page).exit_code == 0


def test_what_there_is_no_time_for_is_told(docs: Path) -> None:
    """After the time given no cell is begun: how many runs that leaves out is said, and is no failure."""
    result = spawnable("check", docs, "--within", "1e-9")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1].endswith("with a changing outcome, 1 run left out for lack of time")
    assert "1 snippet, 0 runs on Python 3." in result.output
    enough = spawnable("check", docs, "--within", "600")
    assert ": 1 as declared, 0 not, 0 with a changing outcome" in enough.output
    assert "left out" not in enough.output


def test_order_decides_what_is_begun_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each text puts the cells in another order, the same one always; each part has all runs of its cells."""
    monkeypatch.setattr(check_module, "_PART", 4)
    jobs = [
        Job(Snippet(name=f"page:{number}", code=""), method, Python.current())
        for method in ("fork", "spawn")
        for number in range(20)
    ]
    first, again, other = ([*check_module._parts(jobs, text)] for text in ("a", "a", "b"))
    assert first == again != other
    for parts in (first, other):
        assert sorted(job.snippet.name for part in parts for job in part) == sorted(job.snippet.name for job in jobs)
        assert all(len(part) == 4 for part in parts)
        assert all(len({job.snippet.name for job in part}) == 2 for part in parts)
