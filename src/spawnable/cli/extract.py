"""`spawnable extract`: the cells of pages as files."""

from __future__ import annotations

from pathlib import Path

import click

from spawnable.cli.pages import read
from spawnable.cli.rounds import counted

__all__ = ["extract"]


@click.command
@click.argument("docs", type=click.Path(exists=True, path_type=Path))
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
def extract(docs: Path, out: Path) -> None:
    """Write the script of every cell under DOCS to OUT/page/cell/file, its companions beside it."""
    snippets = read([docs])
    for snippet in snippets:
        page, _, cell = snippet.name.rpartition(":")
        folder = out / page / cell
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in {**snippet.companions, snippet.filename: snippet.code}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text if text.endswith("\n") else f"{text}\n", encoding="utf-8")
    click.echo(f"{counted(len(snippets), 'script')} in {out}")
