"""Run scripts under every start method of multiprocessing, and tell what each process did.

One way, no way back::

    page.md ──▶ Snippet ──▶ run ──▶ Transcript ──▶ Store ──▶ page.html
    (code cell) (script +   (under   (who wrote     (by       (tabs, process
                 what is     a start  what, when;    content)  colours, timeline,
                 expected)   method)  how it ended)            verdict)
                   │                     │
                   │     normalise ◀─────┤    process ids, paths and addresses
                   │     agreement ◀─────┤    which start methods do the same
                   │     timeline  ◀─────┤    the run as a drawing
                   └───▶ verdict   ◀─────┘    what was expected, what was found

`snippet` and `script` make a snippet, `expectation` says what it may do, `python`
names the interpreter, `run` runs it once and `batch` many at once, by way of the
`store`; `environments` installs what a snippet needs.  `site` and `cli` know all of
these; none of these knows `site` or `cli`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spawnable.expectation import Expectations, Outcome
    from spawnable.python import Python
    from spawnable.snippet import Limits, Snippet
    from spawnable.transcript import Transcript
    from spawnable.verdict import judge, report

__all__ = ["Expectations", "Limits", "Outcome", "Python", "Snippet", "Transcript", "judge", "report"]

_HOMES = {
    "Expectations": "expectation",
    "Limits": "snippet",
    "Outcome": "expectation",
    "Python": "python",
    "Snippet": "snippet",
    "Transcript": "transcript",
    "judge": "verdict",
    "report": "verdict",
}


def __getattr__(name: str) -> Any:
    """Import a public name at its first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
