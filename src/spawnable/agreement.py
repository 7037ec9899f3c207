"""Which runs did the same, so that a page shows them once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

from spawnable.expectation import Outcome
from spawnable.normalise import Line, lines, normalise
from spawnable.transcript import Transcript
from spawnable.verdict import outcomes

__all__ = ["agree", "compared", "groups", "signature", "told_apart"]

Key = TypeVar("Key")

# what two runs of one script never share
_MASKS = (
    # seconds, and the time of day
    (re.compile(r"\b\d+(?:\.\d+)?(?:e-?\d+)?(?= ?(?:s|ms|us|µs|ns|sec|secs|second|seconds|milliseconds)\b)"), "TIME"),
    (re.compile(r"\b\d{1,2}:\d\d:\d\d(?:[.,]\d+)?"), "TIME"),
    # ids of threads, and the moment in seconds or more finely since 1970 or since the machine's start
    (re.compile(r"\b\d{12,}\b"), "ID"),
    (re.compile(r"\b\d{10}\.\d+\b"), "TIME"),
    # names that the standard library draws by lot
    (re.compile(r"\b(psm_|wnsm_|pymp-|listener-|mp-|tmp)[0-9a-z_]{8}\b"), r"\1ID"),
)
#: outcomes of a script that failed itself
_HEAVY = ("stuck", "stopped", "error", "exit")
#: outcomes that are not seen where writers are not attested
_UNSEEN = ("child exit", "leaves")
# `ForkPoolWorker-1` and `SpawnPoolWorker-1` are the same writer
_METHOD = re.compile(r"^(?:ForkServer|Fork|Spawn)(?=[A-Z])")


def signature(transcript: Transcript, unordered: bool = False, frames: bool = True) -> Hashable:
    """Return what two runs that did the same share, and no others.

    That is who wrote what, in which order unless `unordered`, and what is true of
    the run; times, process ids and names drawn by lot do not count, nor, if so asked, the `frames` of tracebacks,
    which differ between Pythons.
    """
    written = _written(transcript, frames)
    return tuple(sorted(written) if unordered else written), tuple(str(outcome) for outcome in outcomes(transcript))


def _written(transcript: Transcript, frames: bool) -> list[tuple[str, str]]:
    """Return the writer and the masked text of each line that counts."""
    shown = lines(normalise(transcript))
    counted = shown if frames else _without_frames(shown)
    return [(_METHOD.sub("", line.name), _masked(line.text)) for line in counted]


def _without_frames(written: list[Line]) -> Iterator[Line]:
    """Pass on all lines but the indented ones of each process's tracebacks: they differ between Pythons."""
    inside: set[int | None] = set()
    for line in written:
        if line.pid in inside and line.text.startswith("  "):
            continue
        inside.discard(line.pid)
        if line.text.startswith("Traceback (most recent call last):"):
            inside.add(line.pid)
        yield line


def groups(transcripts: Mapping[Key, Transcript], unordered: bool = False, frames: bool = True) -> list[list[Key]]:
    """Return the keys whose runs did the same, together, in order of the first of each."""
    found: dict[Hashable, list[Key]] = {}
    for key, transcript in transcripts.items():
        found.setdefault(signature(transcript, unordered, frames), []).append(key)
    return list(found.values())


def agree(shown: Transcript, other: Transcript, unordered: bool = False) -> bool:
    """Tell whether a run did the same as the shown one on another Python or system, as far as both were observed.

    Where nobody attested one run's writers, who wrote a line does not count, nor what can
    not be seen there: how a child ended and what was left behind.
    """
    same = _attested(shown) == _attested(other)
    texts = [[(writer if same else "", text) for writer, text in _written(run, frames=False)] for run in (shown, other)]
    if (sorted(texts[0]) != sorted(texts[1])) if unordered else (texts[0] != texts[1]):
        return False
    ends = [set(compared(outcomes(run))) for run in (shown, other)]
    if same:
        return ends[0] == ends[1]
    sure, seen = ends if _attested(shown) else reversed(ends)
    return seen <= sure and all(outcome.kind in _UNSEEN for outcome in sure - seen)


def compared(found: Iterable[Outcome]) -> list[Outcome]:
    """Return what counts of a run's outcomes, heaviest first, where it is compared on several Pythons.

    Where the script itself failed, how its children ended does not: nor is it declared.
    """
    counted = [outcome for outcome in found if outcome.kind != "ok"]
    failed = any(outcome.kind in _HEAVY for outcome in counted)
    return [outcome for outcome in counted if not (failed and outcome.kind == "child exit")]


def told_apart(shown: Transcript, other: Transcript) -> tuple[str | None, str | None]:
    """Return the first line that a run wrote and the shown one did not, and the first that it did not write.

    What two runs never share is masked; None stands for no such line.
    """
    had, has = ([text for _, text in _written(run, frames=False)] for run in (shown, other))
    added, missing = Counter(has) - Counter(had), Counter(had) - Counter(has)
    return next((text for text in has if text in added), None), next((text for text in had if text in missing), None)


def _attested(transcript: Transcript) -> bool:
    return transcript.watched != "portable"


def _masked(text: str) -> str:
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return text
