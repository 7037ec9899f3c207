"""What a run prints, read from a pipe: who wrote it is not known."""

from __future__ import annotations

import codecs
import os
import threading
import time
from typing import IO

from spawnable.transcript import Chunk

__all__ = ["Output"]

_BUFFER = 1 << 16
#: chunks that are kept apart; later ones are joined
_APART = 20_000


class Output(threading.Thread):
    """Reads the pipe until every writer has closed its end; keeps no more than `limit` bytes."""

    def __init__(self, stream: IO[bytes], start: float, limit: int) -> None:
        super().__init__(daemon=True)
        self._stream, self._start, self._room = stream, start, limit
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        #: a carriage return that a newline may follow
        self._held = ""
        #: whether what comes is the doing of those that end the run
        self.ended = False
        self.chunks: list[Chunk] = []
        #: bytes that came beyond the limit
        self.dropped = 0

    def run(self) -> None:
        """Read."""
        while piece := os.read(self._stream.fileno(), _BUFFER):
            if not self.ended:
                self.dropped += max(0, len(piece) - self._room)
                kept = piece[: self._room]
                self._room -= len(kept)
                self._take(self._decoder.decode(kept))

    def finish(self) -> None:
        """Wait for the end of what was written and add what an incomplete character left."""
        self.join(2)
        self.ended = True
        self._take(self._decoder.decode(b"", final=True), last=True)

    def _take(self, text: str, *, last: bool = False) -> None:
        if os.name == "nt":  # where a line ends by two characters
            text, self._held = self._held + text, ""
            if text.endswith("\r") and not last:
                text, self._held = text[:-1], "\r"
            text = text.replace("\r\n", "\n")
        if text and len(self.chunks) >= _APART:
            self.chunks[-1].text += text
        elif text:
            self.chunks.append(Chunk(round(time.monotonic() - self._start, 4), None, text))
