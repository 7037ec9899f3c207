"""The temporary folders of runs: each is claimed while a process uses it, and removed by another if that was killed."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

if sys.platform != "win32":
    import fcntl

__all__ = ["FULL", "Folder", "remove"]

_PREFIX = "spawnable-run-"
_NAME = re.compile(re.escape(_PREFIX) + r"[a-z0-9_]{8}")
#: seconds for which a folder may be there before it is claimed
_YOUNG = 60
#: what a reader is told to do where a folder can not be made, or not be filled
FULL = "free some space there, or set TMPDIR to a folder on another disk"


class Folder:
    """A new folder in the temporary folder, claimed by whoever holds `claim` open.

    Raises OSError where it can not be made; the message says what to do.
    """

    def __init__(self) -> None:
        place = ""
        try:
            place = tempfile.gettempdir()
            _sweep(place)
            # as the system itself calls it, so that paths in outputs are recognised
            self.path = os.path.realpath(tempfile.mkdtemp(prefix=_PREFIX))
        except OSError as error:
            where = f" in the temporary folder {place}" if place else ""
            raise OSError(error.errno, f"{error.strerror}{where}: {FULL}") from error
        #: a file descriptor that another process may inherit
        self.claim = _claim(self.path)

    @property
    def passed(self) -> list[int]:
        """The claim, where another process can inherit it."""
        return [] if self.claim is None or sys.platform == "win32" else [self.claim]

    def release(self) -> None:
        """Leave the claim to those that inherited it."""
        if self.claim is not None:
            os.close(self.claim)
            self.claim = None

    def remove(self) -> None:
        """Remove it with all that is in it."""
        self.release()
        remove(self.path)


def remove(path: str) -> None:
    """Remove a folder of runs; where the system holds on to a file of a process that ended, try for a second."""
    for _ in range(20):
        shutil.rmtree(path, ignore_errors=True)
        if not os.path.lexists(path):
            return
        time.sleep(0.05)


def _claim(path: str) -> int | None:
    """Return an open file that tells other processes that the folder is used; None where the disk takes no more."""
    with suppress(OSError):
        if sys.platform == "win32":  # where a folder with an open file in it can not be renamed
            return os.open(f"{path}/claim", os.O_CREAT | os.O_RDWR)
        else:  # noqa: RET505 - mypy sees one of them alone
            claim = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(claim)
                raise
            return claim
    return None


@cache
def _sweep(place: str) -> None:
    """Remove what killed processes left there."""
    with suppress(OSError):
        for path in Path(place).iterdir():
            if _NAME.fullmatch(path.name):
                with suppress(OSError):
                    _remove_unclaimed(path)


def _remove_unclaimed(path: Path) -> None:
    status = path.lstat()
    if time.time() - status.st_mtime < _YOUNG:
        return
    if sys.platform == "win32":
        path = path.rename(path.with_name(f"{path.name}.left"))
    elif status.st_uid != os.geteuid() or (claim := _claim(str(path))) is None:
        return
    else:
        os.close(claim)
    shutil.rmtree(path, ignore_errors=True)
