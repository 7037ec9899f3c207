"""What a run prints, each piece with the process that wrote it, as the kernel attests."""

from __future__ import annotations

import codecs
import socket
import struct
import time

from spawnable.transcript import Chunk

__all__ = ["Capture"]


_BUFFER = 1 << 16
_CREDENTIALS = struct.Struct("3i")
#: chunks that are kept apart; later ones of the same writer are joined
_APART = 20_000
#: chunks that are kept at all
_MOST = 50_000


class Capture:
    """One end of a socket pair whose other end is the standard output and error of a run.

    A pipe would not tell who wrote; a socket with SO_PASSCRED does, and never joins
    what two processes wrote.
    """

    def __init__(self) -> None:
        """Open the pair."""
        self.reader, self.writer = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.reader.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.reader.setblocking(False)
        self.chunks: list[Chunk] = []
        #: the number of bytes that are kept
        self.limit = 0
        self.kept = 0
        self.dropped = 0
        self._decoders: dict[int, codecs.IncrementalDecoder] = {}

    def drain(self, start: float, until: float | None = None) -> bool:
        """Take what is there, at most until the clock says `until`; False once every writer has closed its end."""
        while until is None or time.monotonic() < until:
            try:
                piece, ancillary, _, _ = self.reader.recvmsg(_BUFFER, socket.CMSG_SPACE(_CREDENTIALS.size))
            except BlockingIOError:
                return True
            except InterruptedError:
                continue
            if not piece:
                return False
            pid = next(
                (_CREDENTIALS.unpack(raw[:12])[0] for _, kind, raw in ancillary if kind == socket.SCM_CREDENTIALS), 0
            )
            self._take(piece, pid, time.monotonic() - start)
        return True

    def _take(self, piece: bytes, pid: int, now: float) -> None:
        room = self.limit - self.kept if len(self.chunks) < _MOST else 0
        self.dropped += max(0, len(piece) - room)
        piece = piece[:room]
        if not piece:
            return
        self.kept += len(piece)
        decoder = self._decoders.get(pid)
        if decoder is None:
            decoder = self._decoders[pid] = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        text = decoder.decode(piece)
        if len(self.chunks) >= _APART and self.chunks[-1].pid == pid:
            self.chunks[-1].text += text
        elif text:
            self.chunks.append(Chunk(round(now, 4), pid or None, text))

    def finish(self, now: float) -> None:
        """Add what an incomplete character left."""
        for pid, decoder in self._decoders.items():
            if rest := decoder.decode(b"", final=True):
                self.chunks.append(Chunk(round(now, 4), pid or None, rest))
        self.reader.close()
