"""What a client asks of a warden: one run, as a line of JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from spawnable.snippet import Limits
from spawnable.transcript import raw_of

__all__ = ["Request"]


@dataclass(slots=True)
class Request:
    """One run of one script."""

    #: the interpreter that runs the script
    executable: str
    #: its full version, for the transcript
    version: str
    start_method: str
    filename: str
    arguments: list[str]
    #: text by file name, the script's own among them
    files: dict[str, str]
    #: folders before the interpreter's own on the module search path
    paths: list[str]
    limits: Limits = field(default_factory=Limits)
    #: whether a tree that can be seen to wait without end may be ended before its time
    early: bool = False
    #: the module to run with `-m`, in place of the file
    module: str = ""
    #: variables that the script sees beside those of the run; None for the few that any script needs
    variables: dict[str, str] | None = None
    #: whether its processes record their messages, locks and events
    traced: bool = False
    #: folder of the run, empty
    folder: str = ""
    #: prefixes that a reader need not see, and what is shown instead
    shown: dict[str, str] = field(default_factory=dict)

    def to_line(self) -> bytes:
        """Return the request as a line."""
        return json.dumps(raw_of(self), default=raw_of).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Request:
        """Read a request."""
        raw: dict[str, Any] = json.loads(line)
        raw["limits"] = Limits(**raw["limits"])
        return cls(**raw)
