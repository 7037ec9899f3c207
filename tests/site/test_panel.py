"""What readers see of a cell's runs."""

from __future__ import annotations

from collections.abc import Callable

from bs4 import BeautifulSoup

from spawnable.expectation import Expectations
from spawnable.site.markup import LONGEST_LINE, MOST_LINES
from spawnable.site.panel import outputs
from spawnable.site.results import Results
from spawnable.snippet import Snippet
from spawnable.transcript import Transcript

Make = Callable[..., Transcript]
Gather = Callable[..., Results]


def rendered(found: Results, *, table: bool = False) -> BeautifulSoup:
    """Return the outputs of a cell."""
    return BeautifulSoup(outputs(found, "cell", table), "html.parser")


def pres(html: BeautifulSoup) -> list[str]:
    """Return the text of each output."""
    return [pre.get_text() for pre in html.select(".output > pre")]


def test_agreeing_runs_are_one_panel(results: Gather, transcript: Make) -> None:
    """Start methods whose runs agree share a panel, without tabs."""
    html = rendered(results(transcript((101, "hi\n")), transcript((101, "hi\n"), start_method="spawn")))
    assert not html.select("input, fieldset")
    (panel,) = html.select(".panel")
    assert panel["data-start-methods"] == "fork spawn"
    assert pres(html) == ["hi\n"]


def test_differing_runs_are_tabs(results: Gather, transcript: Make) -> None:
    """Start methods whose runs differ have a tab each, in order, the first one chosen; ids are unique."""
    html = rendered(results(transcript((101, "1\n")), transcript((101, "2\n"), start_method="spawn")))
    assert [label.get_text() for label in html.select("label")] == ["fork", "spawn macOS, Windows"]
    assert [button.has_attr("checked") for button in html.select("input")] == [True, False]
    assert [button["id"] for button in html.select("input")] == [label["for"] for label in html.select("label")]
    assert pres(html) == ["1\n", "2\n"]
    for button in html.select("input"):
        label = button.find_next_sibling()
        assert label is not None
        panel = label.find_next_sibling()
        assert label.name == "label"
        assert panel is not None
        assert "panel" in panel["class"]


def test_whose_times_a_panel_has(results: Gather, transcript: Make) -> None:
    """Where runs that agree differ in their times, the panel says whose it has; where in nothing, it says nothing."""
    html = rendered(results(transcript((101, "0.01 s\n")), transcript((101, "0.31 s\n"), start_method="spawn")))
    assert pres(html) == ["0.01 s\n"]
    assert "are those of fork" in html.select(".verdict-masked")[0].get_text()
    html = rendered(results(transcript((101, "0.01 s\n")), transcript((101, "0.01 s\n"), start_method="spawn")))
    assert not html.select(".verdict-masked")


def test_unordered_runs_agree(results: Gather, transcript: Make) -> None:
    """Runs that differ in the order of their lines alone agree where the cell says so, and the page says it too."""
    snippet = Snippet(name="index:cell", code="", unordered=True)
    runs = [transcript((102, "a\n"), (103, "b\n")), transcript((103, "b\n"), (102, "a\n"), start_method="spawn")]
    html = rendered(results(*runs, snippet=snippet))
    assert len(html.select(".panel")) == 1
    assert "left to chance" in html.select(".verdict-unordered")[0].get_text()


def test_lines_are_told_apart_by_process(results: Gather, transcript: Make) -> None:
    """Each line has its writer's colour, each turn its writer's name; helpers take no colour away."""
    html = rendered(results(transcript((101, "a\nb\n"), (102, "c\n"), (103, "d\n"), (102, "e"))))
    lines = [(line["class"][-1], line.get("data-process"), line.get_text()) for line in html.select(".line")]
    assert lines == [
        ("p0", "main", "a"),
        ("p0", None, "b"),
        ("p1", "Process-1", "c"),
        ("p2", "Process-2", "d"),
        ("p1", "Process-1", "e"),
    ]
    assert pres(html) == ["a\nb\nc\nd\ne"]


def test_nothing_of_an_output_is_markup(results: Gather, transcript: Make) -> None:
    """Tags, quotes and control characters of a script's output or names are shown, never obeyed."""
    run = transcript((102, '<script>alert(1)</script> & "x" \'\x1b[31m\0\r\u202e\n'))
    run.processes[2].name = '"><img src=x>'
    html = rendered(results(run), table=True)
    assert not html.select("script, img")
    assert pres(html) == ['<script>alert(1)</script> & "x" \'␛[31m␀␍\\u202e\n']
    assert '"><img src=x>' in html.select(".process-table")[0].get_text()
    assert html.select(".line")[0]["data-process"] == '"><img src=x>'


def test_long_output_is_cut(results: Gather, transcript: Make) -> None:
    """Of an output that is too long for a page the first and last lines are shown, and how many are not."""
    text = "".join(f"line {number}\n" for number in range(MOST_LINES + 100))
    html = rendered(results(transcript((101, text + "x" * (LONGEST_LINE + 50)))))
    assert html.select(".cut")[0].get_text() == "… 101 lines are not shown …"
    assert len(html.select(".line")) == MOST_LINES
    assert html.select(".line")[-2].get_text() == f"line {MOST_LINES + 99}"
    assert html.select(".line")[-1].get_text().endswith("x … 50 more characters")


def test_no_output_is_said(results: Gather, transcript: Make) -> None:
    """A run that wrote nothing says so beside the output, not in it."""
    html = rendered(results(transcript()))
    assert pres(html) == [""]
    assert html.select(".no-output")[0].get_text() == "No output."


def test_verdict_says_how_it_ended(results: Gather, transcript: Make) -> None:
    """The line under an output has outcome, start methods, Python, platform, time and number of processes."""
    html = rendered(results(transcript((101, "hi\n"))))
    said = html.select(".verdict")[0]
    assert said["class"] == ["verdict", "verdict-ok"]
    assert said.get_text() == "exit code 0 · fork · Python 3.13.0 · Linux x86_64 · 0.50 s · 3 processes"


def test_stuck_run_shows_its_stacks(results: Gather, transcript: Make) -> None:
    """A stuck run shows where each process waits, open."""
    run = transcript()
    run.ended, run.exit_code, run.wall = "stuck", None, 3.02
    for process in run.processes:
        process.death, process.stack = None, f"in {process.name}"
    snippet = Snippet(name="index:cell", code="", expectations=Expectations.parse("ok | stuck"))
    found = results(run, snippet=snippet)
    html = rendered(found)
    assert html.select(".verdict-outcome")[0].get_text() == "stuck after 3 s: 3 processes wait"
    assert [stack.get_text() for stack in html.select("details[open] > pre")] == [
        "in main",
        "in Process-1",
        "in Process-2",
    ]
    assert list(found.expect_tokens()) == ["fork=stuck"]
    assert html.select(".verdict-race")


def test_unexpected_run_is_marked(results: Gather, transcript: Make) -> None:
    """A run that the cell does not expect is shown with what it expects; the token is what was expected."""
    run = transcript()
    run.processes[2].exit_code = 1
    snippet = Snippet(name="index:cell", code="", expectations=Expectations.parse("exit 3"))
    found = results(run, snippet=snippet)
    html = rendered(found)
    assert "exit 3" in html.select(".verdict-unexpected")[0].get_text()
    assert "Process-1 ended with exit code 1" in html.select(".verdict")[0].get_text()
    assert list(found.expect_tokens()) == ["fork=exit:3"]


def test_table_has_every_process(results: Gather, transcript: Make) -> None:
    """The process table has a row for each process, in order of birth, with its parent's name and its times."""
    html = rendered(results(transcript()), table=True)
    rows = [[cell.get_text() for cell in row.select("th, td")] for row in html.select("tbody tr")]
    assert [row[0] for row in rows] == ["main", "resource_tracker", "Process-1", "Process-2"]
    assert rows[2] == ["Process-1", "child", "main", "0.10 s", "0.30 s", "0", "0.12 s", "21 MB"]
