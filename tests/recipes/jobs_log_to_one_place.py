"""What the processes of test_log_to_one_place.py do."""

from __future__ import annotations

import logging
import os
import struct
from collections.abc import Iterable
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from typing import Any, NoReturn

from spawnable.recipes.log_to_one_place import OnePlace, _Sender


def log_all(place: OnePlace, name: str, texts: Iterable[str]) -> None:
    """Log each text, as a warning to the logger of that name."""
    place.use()
    for text in texts:
        logging.getLogger(name).warning("%s", text)


def log_task(number: int) -> int:
    """Log the number; the worker uses a place already."""
    logging.getLogger("task").warning("task %d", number)
    return number


def log_exception(place: OnePlace, text: str) -> None:
    """Log a ValueError that was raised because of a KeyError."""
    place.use()
    try:
        try:
            raise KeyError(text)
        except KeyError as error:
            raise ValueError(text) from error
    except ValueError:
        logging.getLogger("fails").exception("it failed", stack_info=True)


def log_levels(place: OnePlace) -> None:
    """Log at each level, to two loggers."""
    place.use()
    for name in ("loud", "quiet"):
        for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
            logging.getLogger(name).log(level, "at %d", level)


def log_extras(place: OnePlace) -> None:
    """Log with values of its own, one of which can not be sent."""
    place.use()
    logging.getLogger("extras").warning("see", extra={"tags": ["a", 1], "function": lambda: None})


def log_and_vanish(place: OnePlace, text: str) -> NoReturn:
    """Log, and exit without a word."""
    place.use()
    logging.getLogger("vanishes").warning(text)
    os._exit(9)


def vanish_in_the_middle(place: OnePlace, text: str) -> NoReturn:
    """Log, and exit when a part of a record is sent."""
    place.use()
    logging.getLogger("vanishes").warning(text)
    [sender] = logging.getLogger().handlers
    assert isinstance(sender, _Sender)
    os.write(sender.connect().fileno(), struct.pack("!i", 1000) + b"half")
    os._exit(9)


def interrupted_in_the_middle(place: OnePlace) -> None:
    """Be interrupted when a part of a record is sent, and log again."""
    place.use()
    logger = logging.getLogger("goes on")
    logger.warning("before")
    [sender] = logging.getLogger().handlers
    assert isinstance(sender, _Sender)
    connection = sender.connect()

    class Interrupted:
        """A connection that sends one half and is interrupted."""

        def send_bytes(self, message: bytes) -> None:
            """Send one half."""
            os.write(connection.fileno(), struct.pack("!i", len(message)) + message[: len(message) // 2])
            raise KeyboardInterrupt

        def close(self) -> None:
            """Close the connection."""
            connection.close()

    sender._connection = Interrupted()
    try:
        logger.warning("lost")
    except KeyboardInterrupt:
        logger.warning("after")


def log_with_child(context: Any, place: OnePlace) -> None:
    """Log in turn with a child of this worker, which inherits what this one has, or is given it."""
    place.use()
    logging.getLogger("family").warning("parent")
    child = context.Process(target=_log_as_a_child, args=(place, context.get_start_method()))
    child.start()
    logging.getLogger("family").warning("parent again")
    child.join()


def _log_as_a_child(place: OnePlace, start_method: str) -> None:
    if start_method != "fork":
        place.use()
    for _ in range(50):
        logging.getLogger("family").warning("child %s", "x" * 10_000)


def log_and_wait(place: OnePlace, logged: Event, end: Event) -> None:
    """Log, and end when told to."""
    place.use()
    logging.getLogger("waits").warning("here")
    logged.set()
    end.wait()


def log_now_and_then(place: OnePlace, end: Event) -> None:
    """Log twenty times a second, until told to end."""
    place.use()
    logging.raiseExceptions = False  # nobody listens at the end
    while not end.wait(0.05):
        logging.getLogger("goes on").warning("here")


def try_to_use(place: OnePlace, answer: Connection) -> None:
    """Tell which error there is where nobody listens."""
    try:
        place.use()
    except (OSError, EOFError):
        answer.send("nobody listens")
    else:
        answer.send("somebody listens")


def log_for_ever(place: OnePlace, done: Any, name: int, size: int) -> NoReturn:
    """Log numbers in turn, and note how many are logged."""
    place.use()
    while True:
        logging.getLogger(str(name)).warning("%d %s", done[name], "x" * size)
        done[name] += 1
