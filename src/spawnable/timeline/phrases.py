"""The words of a timeline: whole phrases, each of which goes through a translator."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence

from spawnable.timeline.model import Lane
from spawnable.transcript import Process

__all__ = ["Phrases", "Translate"]

#: takes an English phrase and returns it in the reader's language
Translate = Callable[[str], str]

_MANY = 3


class Phrases:
    """What a timeline says."""

    def __init__(self, translate: Translate = str) -> None:
        self._ = translate

    def ms(self, seconds: float) -> str:
        """Say a time.

        >>> Phrases().ms(0.0512), Phrases().ms(12.0)
        ('51 ms', '12,000 ms')
        """
        return self._("%s ms") % f"{seconds * 1000:,.0f}"

    def exit(self, code: int | None) -> str:
        """Say how a process ended.

        >>> Phrases().exit(3), Phrases().exit(-9), Phrases().exit(None)
        ('exit code 3', 'ended by SIGKILL', 'exit code unknown')
        """
        if code is None:
            return self._("exit code unknown")
        if code < 0:
            return self._("ended by %s") % self.signal(-code)
        return self._("exit code %d") % code

    def signal(self, number: int) -> str:
        """Return a signal's name."""
        try:
            return signal.Signals(number).name
        except ValueError:
            return str(number)

    def end(self, process: Process) -> str:
        """Say how a process ended, or that it did not."""
        return self._("still running at the end") if process.death is None else self.exit(process.exit_code)

    def zombie(self, lane: Lane) -> str:
        """Say what the zombie of a lane is."""
        spell = lane.zombie
        if spell is None:
            return ""
        values = {"parent": self.parent(lane), "time": self.ms(spell.end - spell.begin)}
        if lane.reaped is None or lane.process.parent != lane.reaped.pid:
            return self._("zombie for %(time)s: it has ended, %(parent)s has not asked how") % values
        return self._("zombie for %(time)s: it has ended, %(parent)s has not joined it yet") % values

    def lost(self, count: int, content: str) -> str:
        """Say what a process sent that nobody received.

        >>> Phrases().lost(1, "1,000,016 bytes"), Phrases().lost(3, "None")
        ('sent 1,000,016 bytes, which nobody received', 'sent 3 messages, which nobody received')
        """
        if count == 1:
            return self._("sent %s, which nobody received") % content
        return self._("sent %d messages, which nobody received") % count

    def parent(self, lane: Lane) -> str:
        """Name a lane's parent."""
        return lane.parent.name if lane.parent is not None else self._("its parent")

    def lines(self, numbers: Sequence[int]) -> str:
        """Name lines of output.

        >>> Phrases().lines([4]), Phrases().lines([1, 2, 3]), Phrases().lines([1, 3]), Phrases().lines([1, 3, 4, 9])
        ('line 4', 'lines 1 to 3', 'lines 1, 3', '4 lines, the first is 1, the last 9')
        """
        first, last = numbers[0], numbers[-1]
        if first == last:
            return self._("line %d") % first
        if list(numbers) == list(range(first, last + 1)) and len(numbers) > 2:  # noqa: PLR2004
            return self._("lines %(first)d to %(last)d") % {"first": first, "last": last}
        if len(numbers) > _MANY:
            values = {"count": len(numbers), "first": first, "last": last}
            return self._("%(count)d lines, the first is %(first)d, the last %(last)d") % values
        return self._("lines %s") % ", ".join(map(str, numbers))

    def title(self, start_method: str) -> str:
        """Name a drawing."""
        return self._("Timeline under %s") % start_method

    def key(self, what: str) -> str:
        """Explain a sign."""
        return {
            "R": self._("runs"),
            "S": self._("sleeps"),
            "T": self._("stopped by a signal"),
            "Z": self._("zombie: ended, not waited for"),
            "?": self._("too short to be seen"),
            "line": self._("writes line 1"),
            "end": self._("ends with exit code 0"),
            "failed": self._("ends otherwise"),
            "reap": self._("parent learns the exit code"),
            "message": self._("message"),
            "messages": self._("message; %s3: three at once") % "\u00d7",
            "lost": self._("message that nobody received"),
            "hold": self._("holds a lock"),
            "wait": self._("waits for a lock or an event"),
            "cut": self._("time left out"),
        }[what]
