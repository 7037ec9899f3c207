"""Where the texts of a drawing go, so that they are apart on a screen of 390 pixels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from unicodedata import east_asian_width

from spawnable.timeline.model import Spell
from spawnable.timeline.scale import RIGHT, Scale

__all__ = ["NARROW", "cluster", "percent", "runs", "side", "width", "wrapped"]

#: pixels of the narrowest drawing whose texts do not touch
NARROW = 330
#: pixels of a character of 12 pixels' height
_CHARACTER = 6.3
#: pixels between the middles of two marks: as much as a finger needs
_FINGER = 24.0
#: where a text of several lines may begin at the right, in percent
_RIGHTMOST = 45.0
#: bars of one lane, and the least width of one in percent
_MOST_BARS, _LEAST = 48, 0.5


def width(text: str) -> float:
    """Return how many pixels a text takes."""
    return _CHARACTER * sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def percent(value: float) -> str:
    """Return a part of the drawing's width as it is written.

    >>> percent(2.0), percent(12.345)
    ('2%', '12.3%')
    """
    return f"{value:.1f}".rstrip("0").rstrip(".") + "%"


def side(at: float, text: str) -> tuple[float, str]:
    """Return where a text begins that belongs to a place, or where it ends if it would not fit: percent and anchor."""
    if at + width(text) / NARROW * 100 <= 100:  # noqa: PLR2004
        return at, "start"
    return (at, "end") if at - width(text) / NARROW * 100 >= 0 else (RIGHT, "end")


def wrapped(text: str, begin: float, end: float) -> tuple[list[str], float, str]:
    """Return a text in lines that fit under a bar, where they stand in percent, and their anchor."""
    place, anchor = (begin, "start") if begin <= _RIGHTMOST else (end, "end")
    room = (RIGHT - place if anchor == "start" else place) / 100 * NARROW
    found: list[str] = []
    for word in text.split():
        if found and width(f"{found[-1]} {word}") <= room:
            found[-1] += f" {word}"
        else:
            found.append(word)
    return found, place, anchor


def cluster(written: Sequence[tuple[int, float]], scale: Scale) -> Iterator[tuple[list[int], float, str]]:
    """Give the marks of a lane: numbers of lines, where the first is in percent, and a label; near ones are joined."""
    held: list[int] = []
    first = 0.0
    for number, time in written:
        at = scale.at(time)
        need = max(_FINGER, (width(_label(held)) + width(str(number))) / 2 + 14) if held else 0.0
        if held and (at - first) * NARROW / 100 >= need:
            yield held, first, _label(held)
            held = []
        if not held:
            first = at
        held.append(number)
    if held:
        yield held, first, _label(held)


def _label(numbers: Sequence[int]) -> str:
    first, last = numbers[0], numbers[-1]
    if len(numbers) == 1:
        return str(first)
    joint = "–" if last - first == len(numbers) - 1 else "…"  # noqa: RUF001
    return f"{first}{joint}{last}"


def runs(spells: Iterable[Spell], scale: Scale) -> list[tuple[float, float, str]]:
    """Return the bars of a lane, in percent, but those of sleep; what is too near to be told apart is joined."""
    bars = [(scale.at(spell.begin), scale.at(spell.end), spell.state) for spell in spells if spell.state != "S"]
    grain = _LEAST
    while True:
        found: list[tuple[float, float, str]] = []
        for begin, end, state in bars:
            end = max(end, begin + _LEAST) if state != "Z" else max(end, begin + 1)  # noqa: PLW2901
            if found and found[-1][2] == state and begin - found[-1][1] < grain:
                found[-1] = found[-1][0], end, state
            else:
                found.append((begin, end, state))
        if len(found) <= _MOST_BARS:
            return found
        grain *= 2
