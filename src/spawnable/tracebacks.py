"""Which exceptions a text tells of, read from the tracebacks in it.

A traceback is known by its header, a frame or a phrase that Python alone prints;
its class by the first line after the frames that reads `Name` or `Name: message`.
The header may stand behind what was written without a newline, such as a prompt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["Raised", "exceptions", "raised"]

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_HEADER = "Traceback (most recent call last):"
_GROUP_HEADER = re.compile(r" *\+ Exception Group Traceback \(most recent call last\):")
_GROUP_AT_START = "  + Exception Group Traceback (most recent call last):"
_GROUP_LINE = re.compile(r" +[|+]")
_NAME = re.compile(r"(?:[\w<>]+\.)*(?P<name>[^\W\d]\w*)(?::(?: .*)?)?")
#: how the names of exceptions end, where a name alone must tell one from a message
_USUAL = ("Error", "Exception", "Exit", "Interrupt", "Warning", "Group")
_SYNTAX_FRAME = re.compile(r'  File "[^"]*", line \d+')
#: lines that Python prints below such a frame, at most
_SYNTAX_LINES = 8
_SYNTAX_ERRORS = ("SyntaxError", "IndentationError", "TabError")
_CONTAINED = re.compile(r"(^|.*\W)(Exception ignored |Exception in thread |Process \S.*:$)")
#: a frame below a traceback's header, and one below a group's
_FRAME = re.compile(r'  File "')
_GROUP_FRAME = re.compile(r'  \|   File "')
_CHAINS = (
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
)
#: lines between which an exception's message quotes another process's traceback
_FENCES = ('"""', "'''", "-" * 75)


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception that a text tells of."""

    #: its class, without the module
    name: str
    #: whether the text says that it was ignored, or that it ended a thread or a
    #: process of multiprocessing: then it is not what ended the interpreter
    contained: bool = False


def exceptions(text: str) -> list[str]:
    r"""Return the class that each traceback in the text ends in, in order.

    Chained tracebacks count as their last, an exception group as the group.

    >>> exceptions("Traceback (most recent call last):\n  File ...\nqueue.Empty: no item\n")
    ['Empty']
    """
    return [item.name for item in raised(text)]


def raised(text: str) -> list[Raised]:
    """Return the exceptions that the text tells of, in order; see `exceptions`."""
    return list(_Reader(_COLOUR.sub("", text).splitlines()).read())


class _Reader:
    """A text's lines, read once from first to last."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = [line.rstrip() for line in lines]
        self._at = 0
        self._found: list[Raised] = []
        #: the line that names the exception found last
        self._named = -1

    def read(self) -> Iterable[Raised]:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line == _HEADER or self._behind(line, _HEADER, _FRAME):
                self._traceback()
            elif _GROUP_HEADER.fullmatch(line):
                self._group()
            elif prompt := self._behind(line, _GROUP_AT_START, _GROUP_FRAME):
                self._lines[self._at] = line.removeprefix(prompt)
                self._group()
            elif _SYNTAX_FRAME.fullmatch(line):
                self._syntax_error()
            elif line in _CHAINS:
                self._chain()
            elif line.startswith("Exception ignored "):
                self._bare(self._at + 1)
            else:
                self._at += 1
        return self._found

    def _behind(self, line: str, header: str, frame: re.Pattern[str]) -> str:
        """Return what stands in a line before a traceback's header; empty where no frame follows."""
        following = self._lines[self._at + 1] if self._at + 1 < len(self._lines) else ""
        return line.removesuffix(header) if line.endswith(header) and frame.match(following) else ""

    def _traceback(self) -> None:
        start = self._at
        self._at += 1
        for at in self._unindented(self._at):
            if _starts_another(self._lines[at]):
                self._at = at
                return
            name = _named(self._lines[at])
            if name:
                self._add(name, at, start)
                return
        # cut off before its last line: nothing names it

    def _unindented(self, start: int, count: int | None = None) -> Iterator[int]:
        for at in range(start, len(self._lines) if count is None else min(len(self._lines), start + count)):
            line = self._lines[at]
            if line and not line.startswith(" "):
                yield at

    def _group(self) -> None:
        start = self._at
        end = start + 1
        while end < len(self._lines) and _GROUP_LINE.match(self._lines[end]):
            end += 1
        margin = self._lines[start].index("+")
        # the frames and the group's own name, up to where its members begin
        for at in range(start + 1, end):
            line = self._lines[at]
            name = _named(line[margin + 2 :]) if line.startswith("|", margin) else ""
            if name:
                self._add(name, at, start)
                break
        self._at = end

    def _syntax_error(self) -> None:
        start = self._at
        self._at += 1
        for at in self._unindented(self._at, _SYNTAX_LINES):
            if _named(self._lines[at]) in _SYNTAX_ERRORS:
                self._add(_named(self._lines[at]), at, start)
            return

    def _chain(self) -> None:
        """The exception above is not the last of its chain."""
        above = next((at for at in range(self._at - 1, -1, -1) if self._lines[at]), -1)
        without_frames = above != self._named and _named(self._lines[above]).endswith(_USUAL)
        contained = self._found.pop().contained if self._found and not without_frames else self._contained(above)
        before = len(self._found)
        self._at += 1
        while self._at < len(self._lines) and not self._lines[self._at]:
            self._at += 1
        if self._at < len(self._lines):
            self._next(contained, before)

    def _next(self, contained: bool, before: int) -> None:
        """Read what a chain goes on with; it is contained where the chain's begin is."""
        line = self._lines[self._at]
        if line == _HEADER:
            self._traceback()
        elif _GROUP_HEADER.fullmatch(line):
            self._group()
        else:
            self._bare(self._at)
        if contained and len(self._found) > before:
            self._found[-1] = Raised(self._found[-1].name, contained=True)

    def _bare(self, at: int) -> None:
        """An exception without frames may stand here; a traceback is left to be read."""
        self._at = at
        if at < len(self._lines) and _named(self._lines[at]):
            self._add(_named(self._lines[at]), at, at)

    def _add(self, name: str, at: int, start: int) -> None:
        self._found.append(Raised(name, self._contained(start)))
        self._named = at
        self._at = at + 1
        fence = self._lines[self._at] if self._at < len(self._lines) else ""
        if fence in _FENCES and self._lines[at].endswith(":") and fence in self._lines[self._at + 1 :]:
            self._at = self._lines.index(fence, self._at + 1) + 1

    def _contained(self, start: int) -> bool:
        """Tell whether the line above a traceback's first says that it ended less than the interpreter."""
        before = self._lines[start - 1] if start > 0 else ""
        if before in _FENCES and start > 2:  # noqa: PLR2004 - a quoted one: above the name that opens the quotation
            before = self._lines[start - 3]
        return bool(_CONTAINED.match(before))


def _named(line: str) -> str:
    """Return the class that a line names as an exception's last line does, or an empty text."""
    match = _NAME.fullmatch(line)
    return match["name"] if match else ""


def _starts_another(line: str) -> bool:
    return line == _HEADER or line in _CHAINS or line.startswith(("Exception ignored ", "Exception in thread "))
