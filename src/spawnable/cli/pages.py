"""The cells of pages; the site's part of the package is loaded when the first page is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from spawnable.cli.options import Failure
from spawnable.snippet import Snippet

__all__ = ["pages_of", "read", "root_of"]


def pages_of(path: Path) -> list[Path]:
    """Return the page, or all pages under the folder but those in built and hidden folders.

    Raises Failure where it is no page, or has none.
    """
    if path.is_file():
        if path.suffix != ".md":
            raise Failure(f"{path} is no page: a page is MyST Markdown and ends in .md; `spawnable run` takes scripts")
        return [path]
    found = sorted(
        page
        for page in path.rglob("*.md")
        if not any(part == "_build" or part.startswith(".") for part in page.relative_to(path).parts)
    )
    if not found:
        raise Failure(f"{path} has no page: a page is MyST Markdown and ends in .md")
    return found


def root_of(path: Path) -> Path:
    """Return the folder of the guide that a page or folder belongs to: where `conf.py` is, if anywhere."""
    folder = path if path.is_dir() else path.parent
    parents = (folder, *folder.absolute().parents)
    return next((parent for parent in parents if (parent / "conf.py").is_file()), folder)


def read(paths: Iterable[Path]) -> list[Snippet]:
    """Return the cells of all pages, in order, each once.

    Raises Failure where something is wrong on a page, naming page and line, or where the
    extra `site` is missing.
    """
    snippets: dict[str, Snippet] = {}
    faults: list[str] = []
    for path in paths:
        for page in pages_of(path):
            for found in _cells(page, root_of(path)):
                if isinstance(found, Snippet):
                    snippets[found.name] = found
                else:
                    faults.append(found)
    if faults:
        raise Failure("\n".join(faults))
    return list(snippets.values())


def _cells(page: Path, root: Path) -> Iterator[Snippet | str]:
    """Give the page's cells, and in words what is wrong with others."""
    try:
        from spawnable.site.cells import read_cells
        from spawnable.site.reader import PageError, by_kernel
        from spawnable.site.reader import read as read_page
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("spawnable"):
            raise
        raise Failure(f"{error.name} is missing, which reading pages needs: pip install 'spawnable[site]'") from error
    docname = page.absolute().relative_to(root.absolute()).with_suffix("").as_posix()
    try:
        notebook = read_page(page.read_text(encoding="utf-8"))
    except (PageError, OSError, UnicodeDecodeError) as error:
        yield f"{page}: {error}"
        return
    if by_kernel(notebook):
        return
    cells = read_cells(notebook, docname, str(page))
    yield from (cell.snippet for cell in cells.cells.values())
    yield from (f"{page}:{fault.line}: {fault.message}" for fault in cells.faults)
