"""The messages of the standard library's multiprocessing family, and which of them a run printed.

They stand in `messages.json`, one a line; `Message` says what its fields mean.

>>> known()["proc-closed"].exception
'ValueError'
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

from spawnable.expectation import fits
from spawnable.transcript import Transcript
from spawnable.verdict import outcomes, texts

__all__ = ["GROUPS", "Message", "known", "message_of", "printed", "unprinted"]

#: what stands in a message for what differs from run to run
GAP = "…"
#: the causes by which messages are grouped
GROUPS = {
    "starting": "Start-up and main guard",
    "pickling": "Pickling",
    "queues": "Queues and pipes",
    "locks": "Locks and semaphores",
    "memory": "Shared memory",
    "managers": "Managers and connections",
    "pools": "Pools",
    "executors": "Executors",
    "interpreters": "Interpreters",
    "processes": "Processes and signals",
    "resources": "Resources and limits",
}
_SYSTEMS = {"": (), "POSIX": ("Linux", "Darwin"), "Linux": ("Linux",), "macOS": ("Darwin",), "Windows": ("Windows",)}


@dataclass(frozen=True, slots=True)
class Message:
    """A message or warning that the library can put before a user, or what stands for one where there is none."""

    id: str
    #: a key of `GROUPS`
    group: str
    #: its text, a `…` for each part that differs from run to run; empty where there is none
    message: str
    #: the class of the exception or warning, several with `or` between them; empty for log records and output
    exception: str = ""
    #: `warn`, `log`, `stderr`, `note`, `cause`, `signal`, `hang` or `silent`; empty where it is raised
    kind: str = ""
    #: the Pythons that have it, such as `3.14+`; empty for all from 3.11 on
    pythons: str = ""
    #: `Linux`, `POSIX`, `macOS` or `Windows`; empty for all
    platform: str = ""
    #: the start methods that it needs; empty where any will do
    start_methods: tuple[str, ...] = ()
    #: whether it is an assertion, which `python -O` leaves out
    assertion: bool = False
    #: `run`: ordinary code brings it about; `source`: it can be explained alone; `never`: no user meets it
    reach: str = "run"
    #: why no run can print it, as a sentence
    reason: str = ""
    #: what finds it in the output of a process; without it, exception and message are looked for
    pattern: str = ""
    #: an outcome that is true of a run that shows it, such as `stuck`
    outcome: str = ""

    @property
    def classes(self) -> list[str]:
        """The classes that its exception or warning may be of."""
        return [name for name in self.exception.split(" or ") if name]

    @property
    def regex(self) -> str:
        """The pattern that finds it in the output of a process: in a traceback, or as `print` shows an exception."""
        if self.pattern:
            return self.pattern
        names = "|".join(re.escape(name.rpartition(".")[2]) for name in self.classes)
        names = rf"\b(?:{names})" if "|" in names else rf"\b{names}" if names else ""
        if not self.message:
            return rf"{names}(?:\(\))?:?[ \t]*$" if names else ""
        text = ".*?".join(re.escape(part) for part in self.message.split(GAP))
        return rf"{names}(?:: |\([\"']){text}" if names else text

    def fits(self, transcript: Transcript) -> bool:
        """Tell whether a run was made where it exists."""
        system = transcript.platform.partition("-")[0]
        return (
            fits(self.pythons, _minor(transcript))
            and (not self.platform or system in _SYSTEMS[self.platform])
            and (not self.start_methods or transcript.start_method in self.start_methods)
        )

    def printed_by(self, transcript: Transcript) -> bool:
        """Tell whether a process of the run wrote it, and whether the run had the outcome that belongs to it."""
        if not self.fits(transcript) or not (self.regex or self.outcome):
            return False
        if self.outcome and self.outcome not in map(str, outcomes(transcript)):
            return False
        # what hangs may print nothing
        if self.outcome and not self.pattern:
            return True
        return any(re.search(self.regex, text, re.MULTILINE) for text in texts(transcript).values())


@cache
def known() -> dict[str, Message]:
    """Return all messages by id, in the order of the file."""
    raw = json.loads(files("spawnable").joinpath("messages.json").read_text(encoding="utf-8"))
    found = [Message(**{**item, "start_methods": tuple(item.get("start_methods", ()))}) for item in raw["messages"]]
    return {message.id: message for message in found}


def message_of(identifier: str) -> Message:
    """Return a message.  Raises LookupError with a message that says what is there."""
    if (found := known().get(identifier)) is not None:
        return found
    near = get_close_matches(identifier, known(), n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else "its ids stand in messages.json"
    raise LookupError(f"no message {identifier!r}: {hint}")


def printed(identifiers: Iterable[str], transcript: Transcript) -> list[str]:
    """Return those messages that a run printed."""
    return [name for name in identifiers if message_of(name).printed_by(transcript)]


def unprinted(identifiers: Iterable[str], transcripts: Iterable[Transcript]) -> Iterator[str]:
    """Give in words each message that none of these runs printed, by Python: of those where it exists."""
    runs = list(transcripts)
    for message in map(message_of, identifiers):
        able = [run for run in runs if message.fits(run)]
        for minor in dict.fromkeys(map(_minor, able)):
            if not any(message.printed_by(run) for run in able if _minor(run) == minor):
                looked = " and ".join(
                    part
                    for part in (message.regex and f"for {message.regex}", message.outcome and "for its outcome")
                    if part
                )
                yield f"message {message.id!r}: no run on Python {minor} printed it; looked {looked}"


def _minor(transcript: Transcript) -> str:
    return ".".join(transcript.python.split(".")[:2])
