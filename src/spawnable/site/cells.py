"""The cells of one page, as snippets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spawnable.recipes import file_of
from spawnable.site.options import CellOptions, parse_options
from spawnable.snippet import Limits, Snippet

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["Cell", "Fault", "Page", "read_cells"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong on a page, and where."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell that has no fault."""

    options: CellOptions
    snippet: Snippet
    #: where on the page each companion stands, as a link's target, and its file name
    companions: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Page:
    """The cells of one page by name, in the page's order, and what is wrong with others."""

    docname: str
    cells: dict[str, Cell] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A code cell whose own options are read, and whose companions are still names."""

    line: int
    options: CellOptions
    code: str
    faulty: bool


def read_cells(notebook: NotebookNode, docname: str, path: str) -> Page:
    """Return the cells of a page that `spawnable.site.reader.read` has read."""
    page = Page(docname)
    drafts: dict[str, _Draft] = {}
    for draft in _drafts(notebook, page.faults):
        if (first := drafts.get(draft.options.name)) is not None:
            page.faults.append(
                Fault(
                    draft.line,
                    f"the name {draft.options.name!r} is taken by the cell of line {first.line}: choose another",
                )
            )
        else:
            drafts[draft.options.name] = draft
    for draft in drafts.values():
        wrong = list(_wrong_needs(draft, drafts))
        page.faults += [Fault(draft.line, message) for message in wrong]
        if not wrong and not draft.faulty:
            page.cells[draft.options.name] = _cell(draft, drafts, docname, path)
    return page


def _drafts(notebook: NotebookNode, faults: list[Fault]) -> Iterable[_Draft]:
    for cell, line in zip(notebook.cells, notebook.metadata.get("source_map", ()), strict=False):
        if cell.cell_type != "code":
            continue
        options, wrong = parse_options(cell.metadata)
        faults += [Fault(line, message) for message in wrong]
        if not cell.source.strip():
            wrong.append("empty")
            faults.append(Fault(line, "the cell holds no code: write a complete script into it"))
        if options.name:
            yield _Draft(line, options, cell.source.rstrip("\n") + "\n", bool(wrong))


def _wrong_needs(draft: _Draft, drafts: dict[str, _Draft]) -> Iterable[str]:
    files = {draft.options.file: draft.options.name}
    for name in draft.options.recipes:
        if files.setdefault(f"{name}.py", name) != name:
            yield f"option 'recipes': {name}.py is the cell itself: give it another name with the option 'file'"
    for name in draft.options.needs:
        if name == draft.options.name:
            yield f"option 'needs': {name!r} is the cell itself"
        elif name not in drafts:
            others = ", ".join(other for other in drafts if other != draft.options.name)
            yield f"option 'needs': no cell {name!r} on this page, whose other cells are: {others or 'none'}"
        elif (other := files.setdefault(drafts[name].options.file, name)) != name:
            yield (
                f"option 'needs': {other!r} and {name!r} both have the file name "
                f"{drafts[name].options.file!r}: give one of them another with the option 'file'"
            )


def _cell(draft: _Draft, drafts: dict[str, _Draft], docname: str, path: str) -> Cell:
    options = draft.options
    cells = {drafts[name].options.file: drafts[name].code for name in options.needs}
    recipes = {f"{name}.py": file_of(name).read_text(encoding="utf-8") for name in options.recipes}
    places = [(f"cell-{name}", drafts[name].options.file) for name in options.needs]
    # docutils makes such an anchor of that name
    places += [(f"recipe-{name.replace('_', '-')}", f"{name}.py") for name in options.recipes]
    snippet = Snippet(
        name=f"{docname}:{options.name}",
        code=draft.code,
        filename=options.file,
        companions=cells | recipes,
        arguments=options.arguments,
        expectations=options.expect,
        start_methods=options.start_methods if options.run else (),
        pythons=options.pythons,
        packages=options.packages,
        limits=Limits(time=options.timeout),
        unordered=options.unordered,
        messages=options.messages,
        page=path,
        line=draft.line,
    )
    return Cell(options, snippet, tuple(places))
