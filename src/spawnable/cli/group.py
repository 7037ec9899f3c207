"""The command itself, its subcommands by name, and how it ends when it is cut short."""

from __future__ import annotations

import codecs
import os
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import click

from spawnable.cli.check import check
from spawnable.cli.extract import extract
from spawnable.cli.measure import measure
from spawnable.cli.run import run
from spawnable.cli.store import store

__all__ = ["INTERRUPTED", "UNREAD", "main"]

#: exit status after Ctrl-C, as shells have it: 128 and the number of SIGINT
INTERRUPTED = 130
#: exit status where what reads the output went away first: 128 and the number of SIGPIPE
UNREAD = 141


#: how what a terminal can not show is written, as codecs know it
_ERRORS = "spawnable.cli"
#: signs of the command's own that have a plain form; any other character is escaped
_PLAIN = {"·": "-", "…": "."}


def _replaced(error: UnicodeError) -> tuple[str | bytes, int]:
    """Return what is written instead of characters that an encoding lacks, and where to go on."""
    if isinstance(error, UnicodeEncodeError) and error.object[error.start] in _PLAIN:
        return _PLAIN[error.object[error.start]], error.start + 1
    return codecs.backslashreplace_errors(error)


codecs.register_error(_ERRORS, _replaced)


def _version() -> str:
    try:
        return version("spawnable")
    except PackageNotFoundError:
        return "not installed"


class _Group(click.Group):
    """A command that says in one line that it was interrupted, and nothing where nobody reads on."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand."""
        for stream in (sys.stdout, sys.stderr):
            with suppress(AttributeError, ValueError):  # a stream of a test has one encoding, and it is UTF-8
                stream.reconfigure(errors=_ERRORS)  # type: ignore[union-attr]
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("spawnable: interrupted; everything that was started is ended", err=True)
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            _drop_output()
            ctx.exit(UNREAD)


def _drop_output() -> None:
    """Let what is still to be written vanish, so that the interpreter's last flush does not fail."""
    with suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(_version(), prog_name="spawnable")
def main() -> None:
    """Run scripts that use multiprocessing under every start method, and see what each process did."""


for _command in (run, check, extract, measure, store):
    main.add_command(_command)
