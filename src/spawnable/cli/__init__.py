"""The `spawnable` command: the guide's runner for a reader's own scripts and pages.

    run      a script under every start method, shown
    check    the cells of pages, judged
    extract  the cells of pages, as files
    measure  what multiprocessing costs on this machine
    store    remembered runs, packed and unpacked

Needs the extra `cli` (click and rich); `check` and `extract` need `site` too.
"""

from __future__ import annotations

import sys

__all__ = ["main"]

try:
    from spawnable.cli.group import main
except KeyboardInterrupt:
    sys.exit(130)  # as after Ctrl-C later on: see `spawnable.cli.group`
except ModuleNotFoundError as _error:
    if _error.name not in {"click", "rich"}:
        raise
    _missing = _error.name

    def main(**_: object) -> None:  # type: ignore[misc]
        """Exit with what to install."""
        sys.exit(f"spawnable: {_missing} is missing, which the command line needs: pip install 'spawnable[cli]'")
