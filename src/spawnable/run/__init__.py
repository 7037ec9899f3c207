"""Run one script under one start method and watch everything it does.

    client ──request──▶ warden ──fork──▶ keeper ──▶ first process of its namespaces
       ▲                                              │ starts the script, reads its output,
       └──────────────────── transcript ◀─────────────┘ looks at /proc, ends it, cleans up

Off Linux `portable` does the same with a pipe and psutil, and says what it can not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spawnable.run.client import RunError, Runner, close, run

__all__ = ["RunError", "Runner", "close", "run"]


def __getattr__(name: str) -> Any:
    """Import a public name at its first use: a warden, which is asked and does not ask, needs none."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from spawnable.run import client

    return getattr(client, name)
