"""The timeline of a run's processes."""

from __future__ import annotations

import io
import signal

import pytest
from rich.console import Console

from spawnable.cli.timeline import Timeline, bar, end_of, family
from spawnable.transcript import Process, Transcript


def process(birth: float = 0.0, death: float | None = 1.0, **fields: object) -> Process:
    """Return a process of a run."""
    return Process(2, 1, "Process-1", "child", birth, death, **fields)  # type: ignore[arg-type]


def drawn(processes: list[Process], width: int = 76, encoding: str = "utf-8", wall: float = 1.0) -> list[str]:
    """Return the lines of a timeline on a terminal of that width and encoding."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    run = Transcript("spawn", "3.13.0", "Linux-x86_64", "namespace", "exit", 0, wall, 0.1, [], processes)
    Console(file=file, width=width).print(Timeline(run, {}))
    file.flush()
    return raw.getvalue().decode(encoding).splitlines()


def test_a_bar_stands_where_the_process_lived() -> None:
    """Blank before birth and after the end; each state has its own sign, a zombie's after the end."""
    states = [(0.2, "R"), (0.4, "S"), (0.6, "T")]
    assert bar(process(0.2, 0.8, states=states, zombie=0.1), 1.0, 10, plain=False) == "  ██──══z "
    assert bar(process(0.2, 0.8, states=states, zombie=0.1), 1.0, 10, plain=True) == "  ##--==z "


def test_the_state_of_the_longest_time_stands() -> None:
    """A sign says what the process was for the most of its time; a life shorter than that is seen too."""
    assert bar(process(0.0, 1.0, states=[(0.0, "R"), (0.1, "S")]), 1.0, 2, plain=True) == "--"
    assert bar(process(0.51, 0.52, states=[(0.51, "R")]), 1.0, 4, plain=True) == "  # "


@pytest.mark.parametrize("birth", [0.0, 0.5, 1.0])
def test_a_process_that_did_not_end_has_no_end(birth: float) -> None:
    """What was alive goes on to the end of the run, also where it was born then."""
    assert bar(process(birth, None), 1.0, 4, plain=True)[-1] == "-"


@pytest.mark.parametrize(
    ("code", "death", "said"),
    [(0, 1.0, "0"), (3, 1.0, "3"), (-signal.SIGTERM, 1.0, "SIGTERM"), (-250, 1.0, "signal 250"), (None, 1.0, "?")],
)
def test_an_end_is_a_code_or_a_signal(code: int | None, death: float, said: str) -> None:
    """A signal is called by its name, and an unknown exit code is not made up."""
    assert end_of(process(0.0, death, exit_code=code)) == said
    assert end_of(process(0.0, None)) == "alive"


def test_children_stand_below_their_parents() -> None:
    """A grandchild follows its own parent, and one whose parent is unknown the main process."""
    processes = [Process(pid, parent, str(pid), "child", pid / 10) for pid, parent in [(1, 9), (2, 1), (3, 1), (4, 2)]]
    processes.append(Process(5, 77, "5", "other", 0.15))
    assert [(depth, item.pid) for depth, item in family(processes)] == [(0, 1), (1, 5), (1, 2), (2, 4), (1, 3)]


@pytest.mark.parametrize("width", [20, 30, 40, 59, 60, 76, 120])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
def test_no_line_is_too_wide(width: int, encoding: str) -> None:
    """A timeline fits, name and end of each process on one line, whatever the terminal can show."""
    main = Process(1, 9, "main", "main", 0.0, 1.0, 0)
    lines = drawn([main, process(0.1, 0.5, exit_code=-signal.SIGTERM, zombie=0.2)], width, encoding)
    assert all(len(line) <= width for line in lines)
    assert len([line for line in lines if "SIGTERM" in line]) == 1
    assert any(line.lstrip("└- ").startswith(("P", "…", "~")) and "SIGTERM" in line for line in lines)
    assert ("born" in lines[0]) == (width >= 60)


def test_many_processes_are_counted() -> None:
    """Of very many processes the first are drawn, and it is said how many more there were."""
    main = Process(1, 9, "main", "main", 0.0, 1.0, 0)
    lines = drawn([main, *(Process(pid, 1, f"Process-{pid}", "child", 0.1, 0.2, 0) for pid in range(2, 70))])
    assert len(lines) < 50
    assert "and 29 more" in lines


def test_a_run_of_no_time_is_drawn() -> None:
    """A run that was over at once has bars too."""
    assert len(drawn([Process(1, 9, "main", "main", 0.0, 0.0, 0)], wall=0.0)) == 3
