"""Which warnings the processes of a run printed, and which exceptions Python could only report."""

from __future__ import annotations

import re
from dataclasses import dataclass

from spawnable.normalise import lines
from spawnable.tracebacks import raised
from spawnable.transcript import Transcript

__all__ = ["Warned", "warned", "warnings_in"]

#: as the module `warnings` prints it
_WARNING = re.compile(r"\S.*?:\d+: (?P<category>[A-Za-z_][\w.]*Warning): (?P<message>.*)")
#: as Python prints an exception that has nobody to be raised to; the words after `ignored` differ between versions
_IGNORED = re.compile(r"Exception ignored (?:in|on|while|from)\b:? ?(?P<where>.*)")


@dataclass(frozen=True, slots=True)
class Warned:
    """One warning, or one exception that was ignored."""

    #: the class of the warning or of the exception, without its module; empty where it was cut off
    category: str
    #: the text of the warning; of an exception, the whole line that says where it was ignored
    message: str
    #: whether it is an exception that Python could not raise
    ignored: bool = False
    #: the process that printed it; None where the system does not tell
    pid: int | None = None

    def __str__(self) -> str:
        return f"{self.message} ({self.category})" if self.ignored else f"{self.category}: {self.message}"


def warned(transcript: Transcript) -> list[Warned]:
    """Return what the processes of a run were warned of, process by process in the order of their first output."""
    texts: dict[int | None, list[str]] = {}
    for line in lines(transcript):
        texts.setdefault(line.pid, []).append(line.text)
    return [item for pid, written in texts.items() for item in warnings_in("".join(written), pid)]


def warnings_in(text: str, pid: int | None = None) -> list[Warned]:
    """Return the warnings in what one process wrote, in order.

    >>> [str(item) for item in warnings_in("main.py:3: ResourceWarning: unclosed file 'x'")]
    ["ResourceWarning: unclosed file 'x'"]
    """
    written = text.splitlines()
    found = []
    for at, line in enumerate(written):
        if match := _WARNING.fullmatch(line):
            category = match["category"].rpartition(".")[2]
            found.append(Warned(category, match["message"].removeprefix("resource_tracker: "), pid=pid))
        elif _IGNORED.fullmatch(line):
            named = raised("\n".join(written[at:]))
            found.append(Warned(named[0].name if named else "", line.rstrip(": "), ignored=True, pid=pid))
    return found
