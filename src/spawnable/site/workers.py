"""The processes that read and write pages in parallel: they end with the build, even where that is killed.

Without this one that was killed leaves them waiting for ever to hand over what they have read.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from functools import cache

__all__ = ["end_workers_with_this"]


@cache
def end_workers_with_this() -> None:
    """Have the kernel end each process that the main thread of this one forks from now on when this one ends.

    Elsewhere than on Linux nothing is done.
    """
    if sys.platform == "linux":
        from spawnable.run.linux.namespace import die_with_parent

        builder, main_thread_forks = os.getpid(), [False]

        def before() -> None:
            # with the thread that forked it a child would end, not with the process
            main_thread_forks[0] = threading.current_thread() is threading.main_thread()

        def in_child() -> None:
            if main_thread_forks[0] and os.getppid() == builder:
                with suppress(OSError):
                    die_with_parent()
                if os.getppid() != builder:
                    os.kill(os.getpid(), signal.SIGKILL)

        os.register_at_fork(before=before, after_in_child=in_child)
