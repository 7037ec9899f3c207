"""`spawnable.recipes.random_streams`: streams that differ, and are the same in every process, run and Python."""

from __future__ import annotations

import pickle
import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.recipes import jobs_random_streams as jobs

from spawnable.recipes.random_streams import Seed

KEYS = st.integers() | st.text()
SEEDS = st.builds(Seed, KEYS, st.lists(KEYS, max_size=4).map(tuple))


@given(one=SEEDS, other=SEEDS)
def test_other_keys_are_another_stream(one: Seed, other: Seed) -> None:
    """Two seeds give the same stream if they are equal, and only then."""
    assert (one == other) == (one.digest() == other.digest())
    assert (one == other) == (one.generator().random() == other.generator().random())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Seed(1, (23,)), Seed(12, (3,))),
        (Seed(1), Seed("1")),
        (Seed(1, (2, 3)), Seed(1, (23,))),
        (Seed("a", ("b",)), Seed("ab")),
        (Seed("a1:b"), Seed("a", ("b",))),
        (Seed("1", ("str1:2",)), Seed("1str6:str1:2")),
        (Seed(42, (1,)), Seed(43, (0,))),
        (Seed(-1), Seed(1)),
        (Seed(0), Seed(0, (0,))),
    ],
)
def test_keys_that_look_alike(one: Seed, other: Seed) -> None:
    """Where one key ends and the next begins, and whether it is a number or a text, makes another stream."""
    assert one.digest() != other.digest()


@given(seed=SEEDS)
def test_has_no_state(seed: Seed) -> None:
    """A seed gives the same stream each time, also when it was sent."""
    first = seed.generator()
    numbers = [first.random() for _ in range(5)]
    for again in (seed, pickle.loads(pickle.dumps(seed))):  # noqa: S301
        second = again.generator()
        assert [second.random() for _ in range(5)] == numbers


def test_same_for_ever() -> None:
    """The streams are those of the first release, on every Python: a result that was published can be had again."""
    seeds = [Seed(42), Seed("rain", (7, "Ann")), Seed(-1, (2**80,))]
    drawn = [round(seed.generator().random(), 12) for seed in seeds]
    assert drawn == [0.862678231541, 0.973839111422, 0.069302376982]


def test_what_others_draw_does_not_matter() -> None:
    """Neither the module's functions nor another stream change a stream, nor does a stream change them."""
    random.seed(1)
    before = random.getstate()
    expected = jobs.draw(Seed(5))
    assert random.getstate() == before
    random.seed(2)
    mixed = [(a, b) for a, b in zip(jobs.draw(Seed(5)), jobs.draw(Seed(6)), strict=True)]
    assert [a for a, _ in mixed] == expected


@pytest.mark.parametrize("workers", [1, 3])
def test_same_in_every_process(context: Any, workers: int) -> None:
    """However many workers there are, and however they are started, a task draws what the parent draws for it."""
    seed = Seed("experiment")
    expected = [jobs.draw(child) for child in seed.children(7)]
    with context.Pool(workers) as pool:
        sent = pool.map(jobs.draw, seed.children(7), chunksize=1)
        pool.close()
        pool.join()
    with context.Pool(workers, jobs.use, (seed,)) as pool:
        numbered = pool.map(jobs.draw_numbered, range(7), chunksize=1)
        pool.close()
        pool.join()
    assert sent == numbered == expected


def test_neighbours_are_not_alike() -> None:
    """Of 4000 streams by number the first draws fill the range evenly, and do not follow their neighbours."""
    drawn = [seed.generator().random() for seed in Seed(2024).children(4000)]
    tenths = [sum(number // 0.1 == tenth for number in drawn) for tenth in range(10)]
    # chi-square with 9 degrees of freedom: over 27.9 by chance once in a thousand, and here nothing is left to chance
    assert sum((count - 400) ** 2 / 400 for count in tenths) < 27.9
    pairs = list(pairwise(drawn))
    correlation = sum((a - 0.5) * (b - 0.5) for a, b in pairs) / len(pairs) * 12
    assert abs(correlation) < 4 / len(pairs) ** 0.5


@pytest.mark.parametrize("key", [True, 1.0, None, b"x", (1,)])
def test_other_kinds_of_keys(key: Any) -> None:
    """A key that is neither an integer nor a text is refused: 1.0 would be another stream than 1, unnoticed."""
    with pytest.raises(TypeError, match="expected an integer or a text, not"):
        Seed(key)
    with pytest.raises(TypeError, match="expected an integer or a text, not"):
        Seed(1).child(key)


def test_negative_number_of_children() -> None:
    """There are no children by a number under 0, and none for 0."""
    assert Seed(1).children(0) == []
    with pytest.raises(ValueError, match="no number of streams: -1"):
        Seed(1).children(-1)
