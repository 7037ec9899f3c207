"""Messages between processes and their waiting for each other, where a run recorded them."""

from __future__ import annotations

from dataclasses import dataclass

from spawnable.transcript import Transcript

__all__ = ["Message", "Span", "messages", "spans"]


@dataclass(frozen=True, slots=True)
class Message:
    """Something that was sent, and who received it."""

    sender: int
    sent: float
    #: None where nobody received it
    receiver: int | None
    received: float | None
    #: what it went through, as the script calls it
    channel: str = ""
    #: what was sent, where it is short and simple
    content: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which a process waited for something, or held it."""

    pid: int
    begin: float
    end: float
    #: `wait` or `hold`
    what: str
    #: the lock or event, as the script calls it
    name: str
    #: whether it came to an end before the process or the run did
    over: bool = True


def messages(transcript: Transcript) -> list[Message]:  # noqa: ARG001
    """Return the messages of a run that recorded them, in the order in which they were sent."""
    return []


def spans(transcript: Transcript, end: float) -> list[Span]:  # noqa: ARG001
    """Return who waited for or held what, in a run that recorded it; `end` is when the drawing ends."""
    return []
