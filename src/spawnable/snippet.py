"""A script, what it needs and what is expected of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from spawnable.expectation import START_METHODS, Expectations, fits

__all__ = ["Limits", "Snippet"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use; what is over a limit ends the run, or fails in the script.

    The defaults fit a documentation snippet.
    """

    #: seconds of wall time, from the start of the script to the end of its last process
    time: float = 20.0
    #: bytes of output that are kept; the rest is read, counted and dropped
    output: int = 1_000_000
    #: bytes of memory that all processes of the run may hold together
    memory: int = 2_000_000_000
    #: processes that may live at once; of threads, four times as many
    processes: int = 100
    #: open files of one process
    files: int = 1024
    #: bytes that all files and shared memory of the run may take together
    disk: int = 500_000_000
    #: whether the script sees the machine's network; else a loopback of its own
    network: bool = False


@dataclass(frozen=True, slots=True)
class Snippet:
    """A complete script, as a reader would copy and run it.

    What it is (`code`, `filename`, `companions`, `arguments`), how to run it
    (`start_methods`, `pythons`, `packages`, `limits`, `traced`), what it should do
    (`expectations`, `unordered`, `messages`) and where it stands (`page`, `line`).
    """

    #: unique on its site: page and cell, as in `article/zombies:zombie`
    name: str
    #: the script's text
    code: str
    #: the file name under which it is run
    filename: str = "main.py"
    #: files that lie beside it, text by file name; what is no UTF-8 in surrogates, as `surrogateescape` has it
    companions: Mapping[str, str] = field(default_factory=dict)
    #: what follows the file name on the command line
    arguments: tuple[str, ...] = ()
    #: run as `python -m MODULE` instead of by file name; then `code` is empty where it is an installed one
    module: str = ""
    #: the environment variables that it sees; None for those alone that any script needs
    variables: Mapping[str, str] | None = None
    expectations: Expectations = field(default_factory=Expectations)
    start_methods: tuple[str, ...] = START_METHODS
    #: the Pythons that can run it, such as `3.13+`; empty for all
    pythons: str = ""
    #: distributions that must be installed beside it
    packages: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    #: whether the order of its output lines is left to chance
    unordered: bool = False
    #: ids of messages that its runs print; see `spawnable.messages`
    messages: tuple[str, ...] = ()
    #: whether its processes record their messages, locks and events: see `spawnable.timeline`
    traced: bool = False
    #: where it stands: a page's file name and the line of its cell
    page: str = ""
    line: int = 0

    @property
    def where(self) -> str:
        """Where the snippet stands, as `page:line`, for messages."""
        return f"{self.page}:{self.line}" if self.page else self.name

    @property
    def digest(self) -> str:
        """The SHA-256 of script and companions, in 12 hexadecimal digits."""
        text = "\0".join([self.filename, self.code, *(f"{k}\0{v}" for k, v in sorted(self.companions.items()))])
        return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:12]

    def runs_on(self, version: str) -> bool:
        """Tell whether a Python such as `3.13` can run it."""
        return fits(self.pythons, version)
