"""What a test of logging looks at: the records that this process writes."""

from __future__ import annotations

import logging
import sys

__all__ = ["Written"]


class Written(logging.Handler):
    """Keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []
        #: how many characters of a message are kept
        self.most = sys.maxsize

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        record.msg, record.args = record.getMessage()[: self.most], None
        self.records.append(record)

    def texts(self, name: str | None = None) -> list[str]:
        """Return the messages, of one logger or of all."""
        return [record.getMessage() for record in self.records if name in {None, record.name}]
