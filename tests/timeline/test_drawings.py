"""The five drawings that teach, each checked against the run it is drawn from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from spawnable.run import run
from spawnable.timeline import Timeline, draw, timeline
from spawnable.timeline.arrows import bundles
from spawnable.transcript import Transcript
from spawnable.verdict import judge

pytest.importorskip("myst_nb")

PAGES = Path(__file__).resolve().parents[2] / "docs"
SVG = "{http://www.w3.org/2000/svg}"
ZOMBIE, THREE, JOIN = (
    "article/zombies:zombie",
    "guide/start-methods-three-workers:three",
    "article/join-deadlock:join-first",
)
BOOTHS, MENDED = "article/tickets:as-it-stands", "article/tickets-right:right"
FOURS, ONES = "guide/pool-chunks:by-fours", "guide/pool-chunks:one-by-one"
METHODS = ("fork", "forkserver", "spawn")


@cache
def ran(cell: str, start_method: str) -> Transcript:
    """Return what a cell did, as it is drawn on its page: it is among what the cell expects."""
    from spawnable.site.cells import read_cells
    from spawnable.site.reader import read

    page, _, name = cell.partition(":")
    path = PAGES / f"{page}.md"
    found = read_cells(read(path.read_text(encoding="utf-8")), page, str(path)).cells[name]
    assert found.options.timeline, f"{cell} has no timeline"
    snippet = replace(found.snippet, traced=found.options.timeline == "messages")
    transcript = run(snippet, start_method)
    assert judge(snippet, transcript).met, transcript.text
    return transcript


@pytest.mark.parametrize("start_method", METHODS)
@pytest.mark.parametrize("cell", [ZOMBIE, BOOTHS, MENDED, THREE, FOURS, ONES, JOIN])
def test_a_drawing_shows_what_the_transcript_holds(
    cell: str, start_method: str, parsed: Callable[[str], ET.Element]
) -> None:
    """Every process, birth, end, zombie, learned exit code, line and message is in the drawing, at its moment."""
    transcript = ran(cell, start_method)
    shown = timeline(transcript)
    scale = shown.scale()
    root = parsed(draw(transcript, links={number: f"#{number}" for number in range(1, len(shown.lines) + 1)}))
    drawn = _without_key(root)

    def places(name: str, kind: str, *attributes: str) -> Counter[tuple[float, ...]]:
        items = (item for item in drawn if item.tag == f"{SVG}{name}" and kind in item.get("class", "").split())
        return Counter(tuple(float(item.attrib[a].rstrip("%")) for a in attributes) for item in items)

    def at(*times: float) -> tuple[float, ...]:
        return tuple(round(scale.at(time), 1) for time in times)

    processes = transcript.processes
    names = Counter(text.text for text in drawn if text.tag == f"{SVG}text" and "n" in text.get("class", "").split())
    assert names == Counter(process.name for process in processes)
    births = Counter(at(process.birth) for process in processes[1:] if process.parent is not None)
    assert places("line", "b", "x1") == births
    clean = [process for process in processes if process.death is not None and process.exit_code == 0]
    assert places("line", "e", "x1") == Counter(at(process.death or 0.0) for process in clean)
    reaped = {event.target: event.time for event in transcript.events if event.what == "reap"}
    upright = Counter(place[:1] for place in places("line", "j", "x1", "x2").elements() if place[0] == place[1])
    assert upright == Counter(at(time) for time in reaped.values())
    zombies = [lane.zombie for lane in shown.lanes if lane.zombie]
    assert places("rect", "z", "x") == Counter(at(spell.begin) for spell in zombies)
    marked = [int(name[1:]) for item in drawn for name in item.get("class", "").split() if name[:1] == "n" and name[1:]]
    assert sorted(marked) == list(range(1, min(99, len(shown.lines)) + 1))
    arrows = Counter((round(begin, 1), round(end, 1)) for _, _, begin, end, _ in bundles(shown, scale))
    assert places("line", "m", "x1", "x2") == arrows
    between = [item for item in shown.messages if item.receiver and item.receiver != item.sender]
    assert sum(count for *_, count in bundles(shown, scale)) == len(between)


def _without_key(root: ET.Element) -> list[ET.Element]:
    key = next(item for item in root.iter(f"{SVG}g") if "key" in item.get("class", "").split())
    inside = {id(item) for item in key.iter()}
    return [item for item in root.iter() if id(item) not in inside]


def lane_names(shown: Timeline) -> dict[str, str]:
    """Return each process's parent, by name."""
    return {lane.process.name: lane.parent.name if lane.parent else "" for lane in shown.lanes}


def test_the_zombie_waits_for_join() -> None:
    """Under fork the child is a zombie for the half second that main sleeps, until main joins it."""
    shown = timeline(ran(ZOMBIE, "fork"))
    child = next(lane for lane in shown.lanes if lane.process.name == "Process-1")
    assert child.zombie is not None
    assert child.zombie.end - child.zombie.begin > 0.4
    assert child.reaped is not None
    assert child.reaped.pid == shown.lanes[0].process.pid
    assert child.zombie.end == pytest.approx(child.reaped.time, abs=0.05)
    server = timeline(ran(ZOMBIE, "forkserver"))
    served = next(lane for lane in server.lanes if lane.process.name == "Process-1")
    assert served.zombie is None or served.zombie.end - served.zombie.begin < 0.4


@pytest.mark.parametrize("start_method", METHODS)
def test_the_mended_booths_get_each_ticket_once(start_method: str) -> None:
    """Ten tickets and five sentinels go from main to booths, ten sales come back."""
    shown = timeline(ran(MENDED, start_method))
    main = shown.lanes[0].process.pid
    out = [item.content for item in shown.messages if item.sender == main]
    back = [item.content for item in shown.messages if item.receiver == main]
    tickets = sorted(str(number) for number in range(1, 11))
    assert sorted(out) == sorted([*tickets, *["None"] * 5])
    assert sorted(back) == tickets


@pytest.mark.parametrize(
    ("start_method", "parents"),
    [
        ("fork", {"main": ""}),
        ("forkserver", {"main": "", "resource_tracker": "main", "forkserver": "main"}),
        ("spawn", {"main": "", "resource_tracker": "main"}),
    ],
)
def test_who_creates_the_three_workers(start_method: str, parents: dict[str, str]) -> None:
    """Workers are children of main, or of the server; the server and the tracker are children of main."""
    creator = "forkserver" if start_method == "forkserver" else "main"
    workers = dict.fromkeys(("Process-1", "Process-2", "Process-3"), creator)
    assert lane_names(timeline(ran(THREE, start_method))) == parents | workers


@pytest.mark.parametrize("start_method", METHODS)
@pytest.mark.parametrize(("cell", "chunks"), [(FOURS, 2), (ONES, 8)])
def test_a_pool_hands_out_chunks(cell: str, chunks: int, start_method: str) -> None:
    """Main sends each chunk and one order to end for each worker; each chunk has one answer."""
    shown = timeline(ran(cell, start_method))
    main = shown.lanes[0].process.pid
    out = [item for item in shown.messages if item.sender == main and item.receiver not in (None, main)]
    assert len(out) == chunks + 2
    assert len([item for item in shown.messages if item.receiver == main and item.sender != main]) == chunks


@pytest.mark.parametrize("start_method", METHODS)
def test_join_before_get_waits_for_what_nobody_reads(start_method: str) -> None:
    """Main waits in join(), the child for its feeder thread, whose million bytes nobody received."""
    transcript = ran(JOIN, start_method)
    said = draw(transcript)
    assert "waits in join() for Process-1" in said
    assert "waits at exit until the" in said
    (message,) = timeline(transcript).messages
    assert message.receiver is None
    assert message.content.startswith("1,000,")
