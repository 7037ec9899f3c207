"""Functions of the C library that Python does not offer."""

from __future__ import annotations

import ctypes
import os

__all__ = ["LIBRARY", "call"]

LIBRARY = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: object) -> None:
    """Call a function of the C library; raise OSError where it fails."""
    if getattr(LIBRARY, name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
