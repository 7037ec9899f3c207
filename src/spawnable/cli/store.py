"""`spawnable store`: remembered runs, taken from one machine to another."""

from __future__ import annotations

from pathlib import Path

import click

from spawnable.cli.options import Failure
from spawnable.cli.rounds import counted
from spawnable.store import Store, StoreError

__all__ = ["store"]

_folder = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))


@click.group
def store() -> None:
    """Pack the remembered runs of a folder into a file, or unpack them from one."""


@store.command
@_folder
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(folder: Path, file: Path) -> None:
    """Pack every run that FOLDER remembers into FILE, which is best called `….jsonl.gz`.

    Exit status 0: done; 2: FOLDER could not be read, or FILE not be written.
    """
    if not folder.is_dir():
        raise Failure(f"{folder} does not exist: name the folder that was given to `spawnable check --store`")
    held = Store(folder)
    try:
        number = held.export(held.entries(), file)
    except StoreError as error:
        raise Failure(str(error)) from error
    click.echo(f"{counted(number, 'run')} in {file}")


@store.command
@_folder
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def merge(folder: Path, file: Path) -> None:
    """Add to FOLDER every run in FILE that it does not remember.

    Exit status 0: done; 1: a part of FILE was refused; 2: FILE could not be read, or FOLDER not be written.
    """
    try:
        merged = Store(folder).merge(file)
    except StoreError as error:
        raise Failure(str(error)) from error
    click.echo(f"{folder}: {merged}")
    if merged.refused:
        click.get_current_context().exit(1)
