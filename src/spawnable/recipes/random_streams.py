# SPDX-License-Identifier: 0BSD
"""Random numbers for tasks: a stream for each, from one seed.

Copy this file; it needs the standard library alone.

>>> seeds = Seed(42).children(3)
>>> [round(seed.generator().random(), 3) for seed in seeds]
[0.367, 0.119, 0.308]
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass

__all__ = ["Seed"]

#: bytes that seed a generator: so many that no two of them agree
_SIZE = 32


@dataclass(frozen=True)
class Seed:
    """What one stream of random numbers is made of.

    A root is any integer or text.  The stream depends on it and
    on the path alone, so it is the same in every process and run,
    under every start method, and on every Python from 3.11 on.

    It has no state: what has been drawn does not change it, and
    it may be sent to a process as an argument.

    >>> Seed(42) == Seed(42)
    True
    """

    root: int | str
    path: tuple[int | str, ...] = ()

    def __post_init__(self) -> None:
        """Raise TypeError for all but integers and texts."""
        for key in (self.root, *self.path):
            if type(key) not in (int, str):
                kind = type(key).__name__
                text = f"expected an integer or a text, not {kind}"
                raise TypeError(f"{text}: {key!r}")

    def child(self, key: int | str) -> Seed:
        """Give the seed of a part, say of a task by its number.

        Raises TypeError for all but integers and texts.

        >>> Seed("weather").child(2024).child("rain")
        Seed(root='weather', path=(2024, 'rain'))
        """
        return Seed(self.root, (*self.path, key))

    def children(self, count: int) -> list[Seed]:
        """Give the seeds of so many parts, by numbers from 0 on.

        Raises ValueError for a number under 0.

        >>> Seed(42).children(2)
        [Seed(root=42, path=(0,)), Seed(root=42, path=(1,))]
        """
        if count < 0:
            raise ValueError(f"no number of streams: {count}")
        return [self.child(number) for number in range(count)]

    def generator(self) -> random.Random:
        """Make a generator at the beginning of the stream.

        >>> round(Seed(42).generator().random(), 3)
        0.863
        """
        seed = int.from_bytes(self.digest(), "big")
        return random.Random(seed)

    def digest(self) -> bytes:
        """Return the 32 bytes that seed the generator.

        >>> Seed(1, (23,)).digest() == Seed(12, (3,)).digest()
        False
        """
        told = b"".join(map(_told, (self.root, *self.path)))
        return hashlib.blake2b(told, digest_size=_SIZE).digest()


def _told(key: int | str) -> bytes:
    """Write a key so that no two rows of keys are written alike."""
    text = key if isinstance(key, str) else f"{key:x}"
    data = text.encode("utf-8", "surrogatepass")
    return f"{type(key).__name__}{len(data)}:".encode() + data
