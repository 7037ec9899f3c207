"""Run one script under one start method and watch everything it does.

    client ──request──▶ warden ──fork──▶ keeper ──▶ first process of its namespaces
       ▲                                              │ starts the script, reads its output,
       └──────────────────── transcript ◀─────────────┘ looks at /proc, ends it, cleans up

Off Linux `portable` does the same with a pipe and psutil, and says what it can not know.
"""

from spawnable.run.client import RunError, Runner, close, run

__all__ = ["RunError", "Runner", "close", "run"]
