"""The command itself, and its subcommands by name."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import click

from spawnable.cli.check import check
from spawnable.cli.extract import extract
from spawnable.cli.run import run
from spawnable.cli.store import store

__all__ = ["main"]


def _version() -> str:
    try:
        return version("spawnable")
    except PackageNotFoundError:
        return "not installed"


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(_version(), prog_name="spawnable")
def main() -> None:
    """Run scripts that use multiprocessing under every start method, and see what each process did."""


for _command in (run, check, extract, store):
    main.add_command(_command)
