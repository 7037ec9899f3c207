"""What a cell may say, and what is said of it where it is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spawnable.expectation import Expectations
from spawnable.recipes import file_of
from spawnable.site.cells import Page, read_cells
from spawnable.site.options import described, parse_options
from spawnable.site.reader import PageError, by_kernel, read


def page(text: str) -> Page:
    """Return the cells of a page named guide."""
    return read_cells(read(text), "guide", "docs/guide.md")


def cell(options: str, code: str = "print(1)") -> str:
    """Return a cell's source."""
    return f"```{{code-cell}} python\n---\n{options}\n---\n{code}\n```\n"


def test_defaults_are_strict() -> None:
    """A cell that says its name alone is run under all start methods and expected to end well."""
    options, faults = parse_options({"name": "a"})
    assert not faults
    assert options.expect == Expectations()
    assert options.start_methods == ("fork", "forkserver", "spawn")
    assert options.run


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({}, "the cell has no name"),
        ({"name": "Zombie"}, "lower-case letters"),
        ({"name": "a", "expects": "ok"}, "did you mean 'expect'?"),
        ({"name": "a", "colour": "red"}, "expected one of name, expect,"),
        ({"name": "a", "expect": "fine"}, "unknown outcome 'fine': expected one of: ok,"),
        ({"name": "a", "expect": {"sqawn": "ok"}}, "unknown key 'sqawn': expected fork,"),
        ({"name": "a", "expect": None}, "nothing is expected"),
        ({"name": "a", "start-methods": ["spoon"]}, "unknown start method 'spoon': expected one of fork,"),
        ({"name": "a", "start-methods": []}, "`run: false`"),
        ({"name": "a", "start-methods": ["fork", "fork"]}, "twice"),
        ({"name": "a", "pythons": "latest"}, "expected 3.14, 3.14+"),
        ({"name": "a", "timeout": "5"}, "expected seconds"),
        ({"name": "a", "timeout": True}, "expected seconds"),
        ({"name": "a", "timeout": -1}, "expected seconds"),
        ({"name": "a", "unordered": "yes, please"}, "neither true nor false"),
        ({"name": "a", "file": "../worker.py"}, "without a folder"),
        ({"name": "a", "arguments": [1]}, "put it between quotes"),
        ({"name": "a", "recipes": ["soup"]}, "no recipe 'soup': expected one of"),
    ],
)
def test_wrong_option_says_what_is_right(raw: dict[str, Any], told: str) -> None:
    """Each wrong option or value has one message, which says what would be right."""
    _, faults = parse_options(raw)
    assert len(faults) == 1
    assert told in faults[0]


def test_every_option_is_described() -> None:
    """The reference table has a row for each option, none of whose columns is empty."""
    assert [row[0] for row in described()][:3] == ["`name`", "`expect`", "`start-methods`"]
    assert all(all(row) for row in described())


def test_cell_becomes_snippet() -> None:
    """A snippet knows its page, the line of its cell, and the exact script."""
    text = "# Title\n\n" + cell("name: a\ntimeout: 3\nexpect: {spawn: stuck}", "\nimport os\n\n\nprint(os.name)")
    snippet = page(text).cells["a"].snippet
    assert snippet.where == "docs/guide.md:3"
    assert snippet.name == "guide:a"
    assert snippet.code == "import os\n\n\nprint(os.name)\n"
    assert snippet.limits.time == 3
    assert str(snippet.expectations.of("spawn", "3.13")) == "stuck"


def test_expectation_may_name_a_python_alone() -> None:
    """A version is a number to YAML: as a key it stands beside one that is text, and the notebook can be written."""
    notebook = read(cell("name: a\nexpect: {3.11: exit 1, 3.12+: ok}"))
    assert "3.12+" in json.dumps(notebook, sort_keys=True)


def test_needed_cell_lies_beside() -> None:
    """A cell's companions are the files of the cells that it needs, wherever on the page they stand."""
    text = cell("name: a\nneeds: [b]", "import worker") + cell("name: b\nfile: worker.py\nrun: false", "x = 1")
    cells = page(text).cells
    assert cells["a"].snippet.companions == {"worker.py": "x = 1\n"}
    assert cells["b"].snippet.start_methods == ()


def test_recipe_lies_beside() -> None:
    """A recipe's file is a companion, exactly as it is in the package, and links to where the page shows it."""
    cells = page(cell("name: a\nneeds: [b]\nrecipes: [result]") + cell("name: b\nfile: worker.py")).cells
    assert cells["a"].snippet.companions["result.py"] == file_of("result").read_text(encoding="utf-8")
    assert cells["a"].companions == (("cell-b", "worker.py"), ("recipe-result", "result.py"))
    (cell_of,) = page(cell("name: a\nrecipes: [time_limit]")).cells.values()
    assert cell_of.companions == (("recipe-time-limit", "time_limit.py"),)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        (cell("name: a") + cell("name: a"), 7, "the name 'a' is taken by the cell of line 1"),
        (cell("name: a\nneeds: [b]"), 1, "no cell 'b' on this page"),
        (cell("name: a\nneeds: [a]"), 1, "the cell itself"),
        (cell("name: a\nneeds: [b]") + cell("name: b"), 1, "both have the file name 'main.py'"),
        (cell("name: a\nfile: result.py\nrecipes: [result]"), 1, "result.py is the cell itself"),
        (cell("name: a\nrecipes: [result]\nneeds: [b]") + cell("name: b\nfile: result.py"), 1, "file name 'result.py'"),
        (cell("name: a", ""), 1, "holds no code"),
    ],
)
def test_clash_is_a_fault(text: str, line: int, told: str) -> None:
    """What is wrong between cells is told with the line of the cell that has to change."""
    (fault,) = page(text).faults
    assert fault.line == line
    assert told in fault.message


def test_faulty_cell_is_not_run() -> None:
    """A cell with a fault is no snippet; the others of its page are."""
    assert list(page(cell("name: a\nexpect: fine") + cell("name: b")).cells) == ["b"]


@pytest.mark.parametrize("text", ["---\n[\n---\n# x\n", "---\n- 1\n---\n# x\n", "# x\n\n" + cell("name: [")])
def test_page_that_is_no_yaml(text: str) -> None:
    """Front matter or options that are not YAML are a PageError."""
    with pytest.raises(PageError):
        read(text)


def test_kernel_page_is_left_to_myst_nb() -> None:
    """A page is executed by a kernel if its front matter says so, and no other page is."""
    ours = read("# x\n")
    theirs = read("---\nspawnable: {execution: kernel}\n---\n# x\n")
    assert not by_kernel(ours)
    assert ours.metadata["mystnb"]["execution_mode"] == "off"
    assert by_kernel(theirs)
    assert "mystnb" not in theirs.metadata
