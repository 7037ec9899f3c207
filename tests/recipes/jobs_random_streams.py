"""What the processes of test_random_streams.py do."""

from __future__ import annotations

import random

from spawnable.recipes.random_streams import Seed

_seed: Seed | None = None


def draw(seed: Seed) -> list[float]:
    """Return the first numbers of the stream; what others draw is nothing to it."""
    generator = seed.generator()
    return [generator.random() for _ in range(3)]


def use(seed: Seed) -> None:
    """Take the seed of all tasks of this worker, and disturb what a worker inherits."""
    global _seed  # noqa: PLW0603
    _seed = seed
    random.seed(7)


def draw_numbered(number: int) -> list[float]:
    """Return the first numbers of the task of that number."""
    assert _seed is not None
    return draw(_seed.child(number))
