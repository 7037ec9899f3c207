"""Put a page's scripts and what their runs did where MyST-NB left its cells."""

from __future__ import annotations

from docutils import nodes

from spawnable.normalise import lines
from spawnable.site import words
from spawnable.site.cells import Cell
from spawnable.site.elements import snippet, snippet_code, snippet_outputs
from spawnable.site.markup import cut, visible
from spawnable.site.panel import outputs
from spawnable.site.results import Results

__all__ = ["replace_cells", "script_path"]


def script_path(docname: str, cell: Cell) -> str:
    """Return where in the output folder a cell's script lies, for download."""
    return f"scripts/{docname}/{cell.options.name}/{cell.options.file}"


def replace_cells(document: nodes.document, docname: str, cells: dict[str, Cell], results: dict[str, Results]) -> None:
    """Replace each of MyST-NB's nodes of a known cell; cells with faults stay as they are, without outputs."""
    for container in list(document.findall(nodes.container)):
        if container.get("nb_element") != "cell_code":
            continue
        if (cell := cells.get(str(container["cell_metadata"].get("name")))) is not None:
            container.replace_self(_snippet(container, docname, cell, results.get(cell.options.name)))


def _snippet(container: nodes.container, docname: str, cell: Cell, results: Results | None) -> snippet:
    block = next(container.findall(nodes.literal_block))
    script = nodes.literal_block(cell.snippet.code, cell.snippet.code, language="python")
    script.source, script.line = block.source, block.line
    code = snippet_code(
        "",
        script,
        name=cell.options.name,
        file=cell.options.file,
        script=script_path(docname, cell),
        needs=cell.companions,
        pythons=cell.options.pythons,
    )
    node = snippet(
        "",
        code,
        name=cell.options.name,
        full_name=cell.snippet.name,
        companion=not cell.options.run,
        expect=" ".join(results.expect_tokens()) if results is not None else "",
        ids=[f"cell-{cell.options.name}"],
    )
    node.source, node.line = container.source, container.line
    if results is not None and results.runs:
        html = outputs(results, cell.options.name, cell.options.table, cell.options.timeline)
        node += snippet_outputs("", *_plain(results), html=html)
    return node


def _plain(results: Results) -> list[nodes.Element]:
    """Return the outputs as plain paragraphs and blocks, none of them for translators."""
    found: list[nodes.Element] = []
    for methods in results.panels():
        run = results.shown[methods[0]]
        said = ", ".join(words.verdict(run.transcript, run.verdict.found))
        title = f"{', '.join(methods)}, {words.versions(run.transcript.python)}: {visible(said)}"
        found.append(nodes.paragraph(title, title))
        first, left_out, last = cut(lines(run.transcript))
        text = "".join(line.text for line in first) + (f"… {left_out} …\n" if left_out else "")
        text = visible(text + "".join(line.text for line in last))
        if text:
            found.append(nodes.literal_block(text, text, language="none"))
    return found
