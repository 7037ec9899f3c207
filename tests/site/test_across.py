"""What a page says of a cell's runs on other Pythons and systems."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bs4 import BeautifulSoup

from spawnable.expectation import Expectations
from spawnable.site.panel import outputs
from spawnable.site.results import Results
from spawnable.snippet import Snippet
from spawnable.transcript import Transcript

Make = Callable[..., Transcript]
Gather = Callable[..., Results]


def said(found: Results) -> list[str]:
    """Return the sentences on other Pythons, which are read without opening anything."""
    html = BeautifulSoup(outputs(found, "cell", False), "html.parser")
    return [part.get_text() for part in html.select(".across > .agreement, .across > .differing > summary")]


def elsewhere(transcript: Transcript) -> Transcript:
    """Return a run as macOS tells of it: nobody knows who wrote a line."""
    chunks = [replace(chunk, pid=None) for chunk in transcript.chunks]
    return replace(transcript, platform="Darwin-arm64", watched="portable", chunks=chunks)


def test_one_python_is_not_compared(results: Gather, transcript: Make) -> None:
    """Where one Python alone ran a cell nothing is said."""
    assert said(results(transcript((101, "1\n")), transcript((101, "2\n"), start_method="spawn"))) == []


def test_agreeing_pythons_are_counted(results: Gather, transcript: Make) -> None:
    """The runs of all Pythons are counted once for a cell, each compared with its own start method's tab."""
    pythons = ("3.13.0", "3.11.2", "3.12.1")
    runs = [transcript((101, "1\n"), python=python) for python in pythons]
    assert said(results(*runs)) == ["3 of 3 runs agree (Python 3.11 to 3.13 under fork)."]
    runs += [transcript((101, "2\n"), python=python, start_method="spawn") for python in pythons]
    assert said(results(*runs)) == [
        "6 of 6 runs agree with the tab of their start method (Python 3.11 to 3.13 under fork, spawn)."
    ]


def test_a_difference_is_told_with_its_place(results: Gather, transcript: Make) -> None:
    """Runs that did something else are named with what they did, equal ones together; their output can be opened."""
    pythons = ("3.13.0", "3.14.0", "3.15.0")
    runs = [transcript((101, "1\n" if python == "3.13.0" else "2\n"), python=python) for python in pythons]
    found = results(*runs)
    assert said(found)[1:] == ["Python 3.14, 3.15, fork: prints “2”, not “1”"]
    html = BeautifulSoup(outputs(found, "cell", False), "html.parser")
    assert html.select(".differing > .output > pre")[0].get_text() == "2\n"
    assert html.select(".differing > .output")[0]["data-python"] == "3.14"


def test_another_end_is_told(results: Gather, transcript: Make) -> None:
    """A run that ended otherwise is told by its end, and whether the cell declares that."""
    other = transcript((101, "1\n"), python="3.14.0")
    other.exit_code = 3
    runs = (transcript((101, "1\n")), other)
    assert said(results(*runs))[1:] == ["Python 3.14, fork: exit code 3; not as the cell declares"]
    race = Snippet(name="index:cell", code="", expectations=Expectations.parse("ok | exit 3"))
    assert said(results(*runs, snippet=race))[1:] == ["Python 3.14, fork: exit code 3; a race decides"]


def test_children_of_a_failed_script_are_not_compared(results: Gather, transcript: Make) -> None:
    """How a child ended tells runs apart, but not where the script itself failed: there it is not declared."""
    for code, agreeing in ((0, 1), (3, 2)):
        runs = [transcript((101, "1\n")), transcript((101, "1\n"), python="3.14.0")]
        runs[1].processes[2].exit_code = -15
        for run in runs:
            run.exit_code = code
        assert said(results(*runs))[0].startswith(f"{agreeing} of 2 runs agree")


def test_runs_of_another_system_are_named(results: Gather, transcript: Make) -> None:
    """A run on macOS agrees where its lines and its end do; one that differs is named with its system."""
    here = transcript((101, "a\n"), (102, "b\n"))
    here.processes[2].exit_code = -15
    same = elsewhere(transcript((101, "a\n"), (102, "b\n")))
    assert said(results(here, same)) == [
        "2 of 2 runs agree (Linux x86_64, Python 3.13; macOS arm64, Python 3.13 under fork)."
    ]
    other = elsewhere(transcript((101, "a\n"), (102, "c\n")))
    assert said(results(here, other))[1].startswith("macOS arm64, Python 3.13, fork: ")


def test_other_machines_can_not_write_markup(results: Gather, transcript: Make) -> None:
    """What a run from elsewhere says of itself is shown as text."""
    other = replace(elsewhere(transcript((101, "<script>\n"))), platform="<img src=x>")
    html = BeautifulSoup(outputs(results(transcript((101, "1\n")), other), "cell", False), "html.parser")
    assert not html.select("script, img")
    assert "<img src=x>" in html.select(".differing > summary")[0].get_text()
