"""The entries of the failure gallery, found by what a run printed.

A message is in `messages.json`, and its entry is the section of a page whose cell makes it,
as in `docs/failures`: nothing else says where a message is explained.  Where the pages do
not lie beside the package, the row of the message in the table of all messages leads there.

What a run printed may fit several messages.  A text of its own is enough to tell one; words
that any program may print are its message only at the end of a traceback through the modules
that the message comes from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from spawnable.messages import GAP, Message, known
from spawnable.transcript import Transcript
from spawnable.verdict import outcomes, texts

__all__ = ["Found", "entries", "entry_of", "recognised"]

#: the guide's sources, where the package lies in a checkout
SOURCES = Path(__file__).parents[2] / "docs"
#: the folder of pages with entries, and the page of the table
FOLDER, TABLE = "failures", "failures/messages"
#: a module that a traceback to a message goes through, by how its id begins; for others by its group
_MODULES = {
    "auth": "connection",
    "cf": "futures/",
    "conn": "connection",
    "fs": "forkserver",
    "heap": "heap",
    "int": "interpreters/",
    "ipe": "interpreter",
    "iq": "interpreters/",
    "jq": "queues",
    "mgr": "managers",
    "pool": "pool",
    "ppe": "futures/process",
    "q": "queues",
    "red": "reduction",
    "rs": "resource_sharer",
    "rt": "resource_tracker",
    "sc": "sharedctypes",
    "shm": "shared_memory",
    "sl": "shared_memory",
    "smm": "managers",
    "sq": "queues",
    "sy": "synchronize|threading",
    "util": "util",
}
_GROUPS = {
    "starting": "spawn|forkserver|popen|context|process",
    "pickling": "reduction|connection|spawn",
    "queues": "queues|connection",
    "locks": "synchronize",
    "memory": "shared_memory|heap|sharedctypes",
    "managers": "managers",
    "pools": "pool",
    "executors": "futures/",
    "interpreters": "interpreters/",
    "processes": "process|util|popen",
    "resources": "",
}
#: the modules that such a traceback ends in
_ENDS = re.compile(
    r'File "(?:[^"]*(?:multiprocessing|concurrent|ctypes)/[\w/]+\.py|[^"]*/(?:queue|tempfile|threading|runpy)\.py|'
    r'<frozen runpy>)"'
)
#: characters in a row that make a text one's own, behind the name of an exception and without it
_OWN_RAISED, _OWN = 8, 16
#: what differs from run to run: gaps, and examples between quotes
_EXAMPLE = re.compile(rf"{GAP}|(?<![A-Za-z])'[^']*'")
#: words of the system or of Python, which are nobody's own
_COMMON = re.compile(
    r"\[Errno|division by zero|index out of range|Traceback|most recent call|Can't (?:pickle|get local)|cannot pickle"
)
#: kinds that have no text to be known by
_WORDLESS = ("silent", "hang", "signal")
#: kinds that are printed and not raised; and what a pattern has of such a text as it stands
_PRINTED = ("warn", "log", "stderr", "note")
_PLAIN = re.compile(r"(?<!\\)\b[A-Za-z][A-Za-z ,:']+")
#: characters at the end of what a process wrote that are looked at
_TAIL = 50_000
_TRACEBACK = re.compile(r"^Traceback \(most recent call last\):$", re.MULTILINE)
_PART = re.compile(
    r"^\((?P<anchor>[\w-]+)\)=$|^messages: \[(?P<made>[^\]]*)\]$|^`{3,}\{explained\} (?P<told>.+)$", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Found:
    """A message that a run printed."""

    message: Message
    #: the line in which it ends
    line: str
    #: the page that explains it, with an anchor on it
    page: str

    def __str__(self) -> str:
        """Return the message as the gallery has it, under the name of the exception that the line has."""
        names = self.message.classes or [""]
        name = next((name for name in names if name.rpartition(".")[2] in self.line), names[0])
        return ": ".join(part for part in (name, " ".join(self.message.message.split())) if part)


@cache
def entries(sources: Path = SOURCES) -> dict[str, str]:
    """Return the page and anchor of each message's entry, by its id; empty where the pages are not there."""
    found: dict[str, str] = {}
    for path in sorted((sources / FOLDER).glob("*.md")):
        place = page = f"{FOLDER}/{path.stem}"
        for part in _PART.finditer(path.read_text(encoding="utf-8")):
            if part["anchor"]:
                place = f"{page}#{part['anchor']}"
                continue
            for name in re.split(r"[,\s]+", (part["made"] or part["told"]).strip()):
                found.setdefault(name, place)
    return found


def entry_of(message: Message, sources: Path = SOURCES) -> str:
    """Return where a message is explained: its entry, or its row in the table where no page is at hand."""
    return entries(sources).get(message.id) or f"{TABLE}#message-{message.id}"


def recognised(transcript: Transcript) -> list[Found]:
    """Return the messages that processes of a run printed, one for each entry.

    Of those that end in one line the surest counts.  A line that stands in the output of several processes counts once.
    """
    reached = {str(outcome) for outcome in outcomes(transcript)}
    able = [
        message
        for message in known().values()
        if message.reach != "never"
        and message.kind not in _WORDLESS
        and (not message.outcome or message.outcome in reached)
        and message.fits(transcript)
    ]
    best: dict[str, tuple[float, Message]] = {}
    for text in texts(transcript).values():
        for message, line, score in _matches(able, text[-_TAIL:]):
            if score > best.get(line, (0, message))[0]:
                best[line] = (score, message)
    told: dict[str, Found] = {}
    for line, (_, message) in best.items():
        page = entry_of(message)
        told.setdefault(page, Found(message, line, page))
    return list(told.values())


def _matches(messages: list[Message], text: str) -> Iterator[tuple[Message, str, float]]:
    """Give each message with the line in which it ends, and how sure that is."""
    starts = [match.start() for match in _TRACEBACK.finditer(text)]
    for message in messages:
        if not message.regex:
            continue
        own = _own(message)
        enough = _OWN_RAISED if message.exception and not message.pattern else _OWN
        for match in re.finditer(message.regex, text, re.MULTILINE):
            line = text[text.rfind("\n", 0, max(match.end() - 1, 0)) + 1 :].partition("\n")[0].strip()
            told = " ".join((match[0] + text[match.end() :].partition("\n")[0]).split())
            literal = len(own) if len(own) >= enough and own in told else 0
            through = _through(message, text, starts, match.start())
            if literal or through:
                yield message, line, literal + through + _likeness(message, line)


def _through(message: Message, text: str, starts: list[int], at: int) -> int:
    """Return how much it says that the line at a place ends a traceback: 0 where the library's own code raised none."""
    begin = text.rfind("\n", 0, at) + 1
    start = max((start for start in starts if start < begin), default=None)
    if start is None:
        return 0
    lines = text[start:begin].splitlines()[1:]
    if not all(line.startswith((" ", "\t")) for line in lines):
        return 0
    frames = [line for line in lines if line.lstrip().startswith("File ")]
    if not frames or not _ENDS.search(frames[-1]):
        return 0
    own = _MODULES.get(message.id.partition("-")[0])
    module = _GROUPS[message.group] if own is None else own
    if not any(re.search(rf"/(?:{module})\w*\.py\"", frame) for frame in frames):
        return 0
    return _OWN if own is None else _OWN + 1


def _own(message: Message) -> str:
    """Return the longest part of a message's text that is its own; empty where it has none."""
    parts = [" ".join(part.split()) for part in _EXAMPLE.split(message.message)]
    if message.pattern and message.kind in _PRINTED:
        parts += [part.strip() for part in _PLAIN.findall(message.pattern)]
    return max((part for part in parts if not _COMMON.search(part)), key=len, default="")


def _likeness(message: Message, line: str) -> float:
    """Return how much of a message's words a line has, from 0 to 1."""
    words = message.message.replace(GAP, " ").split()
    return sum(word in line for word in words) / len(words) if words else 0.0
