"""`spawnable extract`: the cells of pages as files."""

from __future__ import annotations

from pathlib import Path

import click

from spawnable.cli.options import Failure
from spawnable.cli.pages import read
from spawnable.cli.rounds import counted
from spawnable.snippet import Snippet

__all__ = ["extract"]


@click.command
@click.argument("docs", type=click.Path(exists=True, path_type=Path))
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
def extract(docs: Path, out: Path) -> None:
    """Write the script of every cell under DOCS to OUT/page/cell/file, its companions beside it.

    Exit status 0: done; 2: DOCS could not be read, or OUT not be written.
    """
    snippets = read([docs])
    if not snippets:
        raise Failure(f"{docs} has no cell that is a script")
    try:
        for snippet in snippets:
            _write(snippet, out)
    except OSError as error:
        raise Failure(f"{error.filename or out} can not be written: {error.strerror}") from error
    click.echo(f"{counted(len(snippets), 'script')} in {out}")


def _write(snippet: Snippet, out: Path) -> None:
    page, _, cell = snippet.name.rpartition(":")
    folder = out / page / cell
    for name, text in {**snippet.companions, snippet.filename: snippet.code}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text if text.endswith("\n") else f"{text}\n", encoding="utf-8")
