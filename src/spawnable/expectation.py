"""What a run is expected to do, in the few words that a cell or a command gives.

An expectation is one of these, or several with `|` between them where a race
decides (`ok | stuck`):

========================  ====================================================
``ok``                    exit code 0, no traceback, every child process with
                          exit code 0, nothing left behind
``error NAME``            the script ends by an exception of that class
``exit N``                the script ends with that exit code, without a traceback;
                          negative when a signal ended it
``stuck``                 still running at the time limit
``traceback NAME``        exit code 0, but some process printed a traceback that
                          ends in that class
``child exit N``          exit code 0, but a child process ended with that code
``leaves KIND``           exit code 0, but something is left: `process`,
                          `shared memory`, `semaphore`, `socket`, `file`
========================  ====================================================

The outcomes stand in order of weight: a run is named by the first that is true
of it, from `stuck`, `error` and `exit` down to `ok`.  Two that are true of one run
are declared with `and`: ``traceback EOFError and leaves process``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "LEFTOVER_KINDS",
    "START_METHODS",
    "Expectation",
    "ExpectationError",
    "Expectations",
    "Outcome",
    "fits",
]

START_METHODS = ("fork", "forkserver", "spawn")
LEFTOVER_KINDS = ("process", "shared memory", "semaphore", "socket", "file")

_WORDS = (
    "expected one of: ok, error NAME, exit N, stuck, traceback NAME, child exit N, "
    "leaves process|shared memory|semaphore|socket|file; "
    "alternatives with ' | ', several at once with ' and '"
)
_KEY = re.compile(r"(?P<method>[a-z]+)?\s*(?P<version>3\.\d+[+-]?)?")


class ExpectationError(ValueError):
    """An expectation that can not be read; the message says what would be."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that is true of a run: a kind and, for most kinds, a detail.

    >>> str(Outcome("error", "RuntimeError"))
    'error RuntimeError'
    """

    kind: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.detail}".rstrip()

    @classmethod
    def parse(cls, text: str) -> Outcome:
        """Read one outcome.

        >>> Outcome.parse("child exit -9")
        Outcome(kind='child exit', detail='-9')

        Raises ExpectationError where the text names none.
        """
        words = " ".join(text.split())
        if words in ("ok", "stuck"):
            return cls(words)
        kind, _, detail = words.rpartition(" ")
        if kind in ("error", "traceback") and detail.isidentifier():
            return cls(kind, detail)
        if kind in ("exit", "child exit") and re.fullmatch(r"-?\d+", detail) and int(detail):
            return cls(kind, detail)
        kind, _, detail = words.partition(" ")
        if kind == "leaves" and detail in LEFTOVER_KINDS:
            return cls(kind, detail)
        raise ExpectationError(f"unknown outcome {text.strip()!r}: {_WORDS}")


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one run may do: one or more alternatives, each a set of outcomes."""

    alternatives: tuple[frozenset[Outcome], ...] = (frozenset({Outcome("ok")}),)

    @classmethod
    def parse(cls, text: str) -> Expectation:
        """Read an expectation.

        >>> str(Expectation.parse("ok|stuck"))
        'ok | stuck'

        Raises ExpectationError where a part of it names no outcome.
        """
        return cls(
            tuple(
                frozenset(Outcome.parse(part) for part in re.split(r"\sand\s", alternative))
                for alternative in str(text).split("|")
            )
        )

    def __str__(self) -> str:
        return " | ".join(
            " and ".join(sorted(str(outcome) for outcome in alternative)) for alternative in self.alternatives
        )

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of outcome that are allowed."""
        return frozenset(outcome.kind for alternative in self.alternatives for outcome in alternative)


@dataclass(frozen=True, slots=True)
class Expectations:
    """What the runs of one snippet may do, by start method and Python version.

    Built from a text, or from a mapping whose keys are a start method, a version
    (`3.14`: that one; `3.14+`: that and later; `3.12-`: that and earlier) or both
    (`fork 3.14+`).  The last key that fits a run counts; where none fits, `ok`.
    """

    rules: tuple[tuple[str, str, Expectation], ...] = field(default=())

    @classmethod
    def parse(cls, value: str | Mapping[str, object] | None) -> Expectations:
        """Read what a cell or a command says.

        >>> both = Expectations.parse({"spawn": "stuck", "spawn 3.14+": "error EOFError"})
        >>> str(both.of("spawn", "3.13")), str(both.of("spawn", "3.15")), str(both.of("fork", "3.15"))
        ('stuck', 'error EOFError', 'ok')

        Raises ExpectationError where a key or an outcome is none.
        """
        if value is None:
            return cls()
        if not isinstance(value, Mapping):
            return cls((("", "", Expectation.parse(str(value))),))
        rules = []
        for key, text in value.items():
            match = _KEY.fullmatch(str(key).strip())
            method = match["method"] or "" if match else "?"
            if match is None or method not in ("", *START_METHODS) or not str(key).strip():
                raise ExpectationError(
                    f"unknown key {key!r}: expected fork, forkserver, spawn, a version such as 3.14, 3.14+ or 3.12-, "
                    f"or both, as in 'spawn 3.14+'"
                )
            rules.append((method, match["version"] or "", Expectation.parse(str(text))))
        return cls(tuple(rules))

    def of(self, start_method: str, version: str) -> Expectation:
        """Return what a run under this start method and Python, such as `3.13`, may do."""
        found = Expectation()
        for method, versions, expectation in self.rules:
            if method in ("", start_method) and fits(versions, version):
                found = expectation
        return found


def fits(rule: str, version: str) -> bool:
    """Tell whether a version such as `3.13` is meant by a rule such as `3.12+`."""
    if not rule:
        return True
    wanted, had = (tuple(int(part) for part in text.rstrip("+-").split(".")[:2]) for text in (rule, version))
    return had >= wanted if rule.endswith("+") else had <= wanted if rule.endswith("-") else had == wanted
