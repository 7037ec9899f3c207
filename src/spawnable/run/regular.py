"""Read files that a script may have put in the place of the run's own."""

from __future__ import annotations

import os
import stat

__all__ = ["read_regular"]

_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_regular(path: str, size: int) -> bytes:
    """Return the first bytes of a file; nothing where there is none, or something that is not a file.

    A link is not followed, and a pipe is not waited for.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError:
        return b""
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return b""
        pieces = []
        while size > 0 and (piece := os.read(descriptor, size)):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
