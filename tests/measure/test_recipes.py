"""Recipes beside their peers: every job does its tasks, and a slower recipe's page sends its readers on."""

from __future__ import annotations

from pathlib import Path

import pytest

from spawnable.measure import Plan, Table
from spawnable.measure.apart import measure_apart
from spawnable.measure.peers import JOBS
from spawnable.measure.ways import libraries

LIBRARIES = sorted({name for job in JOBS for name in job.libraries})
ROOT = Path(__file__).parents[2]
DATA = ROOT / "docs" / "performance" / "data" / "recipes.json"
#: times the peer's cost, from which on a page recommends the peer
SLOWER = 1.2
#: where a peer's page is, by the first word of its name
PEERS = {
    "concurrent-log-handler": "https://github.com/Preston-Landers/concurrent-log-handler",
    "joblib": "https://joblib.readthedocs.io/",
    "mpire": "https://sybrenjansen.github.io/mpire/",
    "pebble": "https://pebble.readthedocs.io/",
    "tqdm": "https://tqdm.github.io/",
}


@pytest.fixture(scope="module")
def recipes() -> Table:
    """A trial."""
    return measure_apart("recipes", Plan(seconds=0, quick=True, repeats=1))


def test_every_job_is_done(recipes: Table) -> None:
    """Each that is installed has its cost, and each peer stands beside its recipe."""
    here = libraries(LIBRARIES)
    there = {(job.recipe, job.way) for job in JOBS if all(here[name] for name in job.libraries)}
    assert {(row["recipe"], row["way"]) for row in recipes.where(part="cost")} == there
    assert {(row["recipe"], row["peer"]) for row in recipes.where(part="beside")} == {
        (recipe, way) for recipe, way in there if way != recipe and (recipe, recipe) in there
    }
    assert {job.recipe for job in JOBS if job.ours} == {job.recipe for job in JOBS}


def test_a_library_that_is_missing_is_named(recipes: Table) -> None:
    """A peer that is not installed has no rows, and the table says so."""
    assert recipes.missing == tuple(
        f"{name} is not installed." for name, here in libraries(LIBRARIES).items() if not here
    )


def test_a_slower_recipe_sends_its_readers_to_the_peer() -> None:
    """Its page has the figure, and a link to the library."""
    table = Table.from_json(DATA.read_text(encoding="utf-8"), str(DATA))
    assert {row["recipe"] for row in table.where(part="beside")} == {job.recipe for job in JOBS}
    for row in table.where(part="beside"):
        ratio, recipe, peer = row["beside_ratio"], str(row["recipe"]), str(row["peer"])
        assert isinstance(ratio, float | int)
        if ratio > SLOWER:
            page = (ROOT / "docs" / "recipes" / f"{recipe.replace('_', '-')}.md").read_text(encoding="utf-8")
            assert f'recipes beside_ratio where recipe={recipe} peer="{peer}"' in page.replace(f"={peer}", f'="{peer}"')
            assert PEERS[peer.split(maxsplit=1)[0]] in page
