"""Transcripts, remembered by the content of what was run.

One file a transcript, `<folder>/<2 digits>/<key>.json`: a line with the checksum
of what follows, then the transcript.  Files come into being whole, so that
processes may share a store; it may be deleted at any time.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import json
import logging
import os
import platform
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from spawnable import exchange
from spawnable.python import Python
from spawnable.snippet import Snippet
from spawnable.transcript import Transcript, TranscriptError

__all__ = ["SUBJECT", "Job", "Store", "StoreError", "job_key"]

_log = logging.getLogger(__name__)
_KEY = re.compile(r"[0-9a-f]{64}")
#: digits of a key that tell what was run; the others tell where
SUBJECT = 32
_FULL = (errno.ENOSPC, errno.EDQUOT)
#: seconds after which a file is replaced that another process has open
_PAUSES = (0.01, 0.05, 0.2, 0.5) if os.name == "nt" else ()
#: seconds after which a file that was not put in its place never will be
_STALE = 3600


class StoreError(RuntimeError):
    """A store that can not be used; the message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run to be done: a snippet, under a start method, on an interpreter."""

    snippet: Snippet
    start_method: str
    python: Python

    def __hash__(self) -> int:
        return hash((self.snippet.name, self.snippet.digest, self.start_method, self.python))


class Store:
    """A folder of transcripts."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    @staticmethod
    def key(job: Job) -> str:
        """Return the key under which a job's transcript is kept; see `job_key`."""
        return job_key(job)

    def get(self, job: Job) -> Transcript | None:
        """Return a job's transcript, None where it is not held; a damaged one is told of in the log."""
        return self.read(self.key(job))

    def put(self, job: Job, transcript: Transcript) -> None:
        """Keep a job's transcript.

        Raises StoreError where the disk is full or the folder can not be written.
        """
        self.write(self.key(job), transcript)

    def entries(self) -> list[str]:
        """Return the keys of all that is held, sorted."""
        return sorted(path.stem for path in self.folder.glob("[0-9a-f][0-9a-f]/*.json") if _KEY.fullmatch(path.stem))

    def alike(self, key: str) -> list[str]:
        """Return the keys, sorted, of what is held of the same script, run anywhere; see `job_key`."""
        names = self._path(key).parent.glob(f"{key[:SUBJECT]}*.json")
        return sorted(path.stem for path in names if _KEY.fullmatch(path.stem))

    def read(self, key: str) -> Transcript | None:
        """Return the transcript of a key; see `get`."""
        path = self._path(key)
        try:
            head, _, body = path.read_bytes().partition(b"\n")
            if not head and not body:
                raise TranscriptError("it is empty")
            if json.loads(head) != {"sha256": hashlib.sha256(body).hexdigest()}:
                raise TranscriptError("the checksum does not fit")
            return Transcript.from_json(body)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            _log.warning("%s is damaged and not used: %s; what it held is run again", path, error)
            return None

    def write(self, key: str, transcript: Transcript) -> None:
        """Keep the transcript of a key; see `put`."""
        body = exchange.encoded(transcript)
        head = json.dumps({"sha256": hashlib.sha256(body).hexdigest()}).encode()
        path = self._path(key)
        if path.is_dir() and not path.is_symlink():  # nothing that a store made
            shutil.rmtree(path, ignore_errors=True)
        self._replace(path, head + b"\n" + body)

    def tidy(self) -> None:
        """Remove what processes that were killed while they wrote have left."""
        now = time.time()
        for path in self.folder.glob("[0-9a-f][0-9a-f]/.*.tmp"):
            with suppress(OSError):
                if now - path.lstat().st_mtime > _STALE:
                    path.unlink()

    def export(self, keys: Iterable[str], file: str | Path) -> int:
        """Write the transcripts of these keys to one `.jsonl.gz` file, the same bytes for the same transcripts.

        Returns how many were written; a key that is not held is told of in the log.
        Raises StoreError where the file can not be written.
        """
        count, lines = 0, []
        for key in sorted(set(keys)):
            transcript = self.read(key)
            if transcript is None:
                _log.warning("%s holds nothing under %s: not exported", self.folder, key)
                continue
            lines.append(exchange.to_line(key, transcript))
            count += 1
        self._replace(Path(file), gzip.compress(b"".join(lines), mtime=0))
        return count

    def merge(self, file: str | Path) -> exchange.Merged:
        """Take over what another store exported; what is held already is left as it is.

        Safe with any file: a line that is too long, has no key or another checksum,
        or is no transcript, is refused and counted.  Raises StoreError where the file
        can not be read or the store not be written.
        """
        merged = exchange.Merged()
        try:
            for item in exchange.from_file(Path(file), merged):
                if self.read(item.key) is None:
                    self.write(item.key, item.transcript)
                    merged.taken += 1
                else:
                    merged.known += 1
        except OSError as error:
            raise StoreError(f"{file} can not be read: {error.strerror or error}") from error
        return merged

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise StoreError(f"{key[:80]!r} is no key of a store: 64 hexadecimal digits are")
        return self.folder / key[:2] / f"{key}.json"

    def _replace(self, path: Path, content: bytes) -> None:
        """Write a file so that it is there whole or not at all."""
        try:
            try:
                _put(path, content)
            except FileNotFoundError:  # somebody deleted the folder meanwhile, which is allowed
                _put(path, content)
        except OSError as error:
            if error.errno in _FULL:
                raise StoreError(
                    f"no space is left for {path}: free some, or delete {self.folder}, which holds only what can be "
                    f"run again"
                ) from error
            raise StoreError(
                f"{path} can not be written: {error.strerror or error}; make that folder writable, or choose another"
            ) from error


def _put(path: Path, content: bytes) -> None:
    """Write a file beside the place where it belongs, and move it there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        written.write_bytes(content)
        for pause in _PAUSES:
            try:
                written.replace(path)
            except PermissionError:  # on Windows, while somebody reads the file
                time.sleep(pause)
            else:
                return
        written.replace(path)
    except BaseException:
        with suppress(OSError):
            written.unlink(missing_ok=True)
        raise


def job_key(job: Job) -> str:
    """Return 64 hexadecimal digits that tell all that a run depends on.

    The first half tells what is run: script, limits, versions of packages, and the runner.
    The second tells where: interpreter, start method and system.  So the runs of one script
    everywhere have keys that begin alike.  What is expected of the run and where the snippet
    stands are no part of it.
    """
    snippet = job.snippet
    subject = [
        snippet.code,
        snippet.filename,
        sorted(snippet.companions.items()),
        snippet.arguments,
        snippet.module,
        None if snippet.variables is None else sorted(snippet.variables.items()),
        asdict(snippet.limits),
        sorted(job.python.versions(snippet.packages).items()),
        _runner(),
        *(["traced"] if snippet.traced else []),
    ]
    place = [job.python.digest, job.python.paths, job.start_method, platform.system(), platform.machine()]
    return _digest(subject)[:SUBJECT] + _digest(place)[: 64 - SUBJECT]


def _digest(content: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


@cache
def _runner() -> str:
    """Return the SHA-256 of the source that runs scripts and writes transcripts."""
    home = Path(__file__).parent
    digest = hashlib.sha256()
    for path in _sources(home):
        source = path.read_bytes().replace(b"\r\n", b"\n")  # the same on every system
        digest.update(f"{path.relative_to(home).as_posix()}\0".encode() + source + b"\0")
    return digest.hexdigest()


def _sources(home: Path) -> Iterator[Path]:
    yield home / "transcript.py"
    found = (path for path in (home / "run").rglob("*") if path.is_file() and path.suffix != ".pyc")
    yield from sorted(found, key=Path.as_posix)
