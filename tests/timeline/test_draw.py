"""What a drawing shows, and that it shows what the transcript says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from spawnable.timeline import Scale, draw, happenings, timeline
from spawnable.timeline.phrases import Phrases
from spawnable.transcript import Chunk, Event, Process, Transcript

Parse = Callable[[str], ET.Element]
SVG = "{http://www.w3.org/2000/svg}"
MAIN, CHILD = 4101, 4102


def every(root: ET.Element, name: str, kind: str = "") -> list[ET.Element]:
    """Return the elements of a name and, if given, a class, but those of the key."""
    inside_key = {id(item) for key in root.iter(f"{SVG}g") if "key" in classes(key) for item in key.iter()}
    found = (item for item in root.iter(f"{SVG}{name}") if id(item) not in inside_key)
    return [item for item in found if not kind or kind in classes(item)]


def classes(item: ET.Element) -> list[str]:
    """Return an element's classes."""
    return item.get("class", "").split()


def at(item: ET.Element, name: str) -> float:
    """Return a place, in percent."""
    return float(item.get(name, "").removesuffix("%"))


def texts(root: ET.Element) -> str:
    """Return all that is written."""
    return " ".join("".join(text.itertext()) for text in root.iter(f"{SVG}text"))


def ids(root: ET.Element) -> Iterator[str]:
    """Give every id."""
    return (item.attrib["id"] for item in root.iter() if "id" in item.attrib)


def test_same_transcript_same_bytes(zombie: Transcript) -> None:
    """A drawing depends on the transcript alone, and one that was stored is the same."""
    again = Transcript.from_json(zombie.to_json())
    assert draw(zombie) == draw(again)
    assert draw(zombie, standalone=True) == draw(again, standalone=True)


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ("2", "sends SIGINT to Process-1"),
        ("2 group", "sends SIGINT to a group of processes"),
        ("15 all", "sends SIGTERM to all processes"),
    ],
)
def test_signal_is_told_with_whom_it_reaches(zombie: Transcript, detail: str, said: str) -> None:
    """A signal may go to one process, to a group of them, or to all."""
    zombie.events.append(Event(0.2, MAIN, "kill", CHILD, detail))
    assert said in [item.text for item in happenings(timeline(zombie), Phrases())]


def test_zombie_lasts_from_end_to_join(zombie: Transcript, parsed: Parse) -> None:
    """The hatch begins where the child ended and ends where it was waited for; words under it say what that is."""
    root = parsed(draw(zombie))
    scale = timeline(zombie).scale()
    (hatch,) = every(root, "rect", "z")
    assert at(hatch, "x") == pytest.approx(scale.at(0.1), abs=0.06)
    assert at(hatch, "x") + at(hatch, "width") == pytest.approx(scale.at(0.6), abs=0.12)
    said = texts(root)
    assert "zombie for 500 ms: it has ended," in said
    assert "main has not joined it yet" in said
    assert "exit code 3" in said


def test_birth_and_join_are_joined_with_the_other_process(zombie: Transcript, parsed: Parse) -> None:
    """A line leads from the parent's bar to the child's at its birth, and one with an arrow back when it was joined."""
    root = parsed(draw(zombie))
    scale = timeline(zombie).scale()
    (birth,) = every(root, "line", "b")
    (join,) = every(root, "line", "j")
    assert at(birth, "x1") == at(birth, "x2") == pytest.approx(scale.at(0.04), abs=0.06)
    assert float(birth.attrib["y1"]) < float(birth.attrib["y2"])
    assert at(join, "x1") == pytest.approx(scale.at(0.6), abs=0.06)
    assert float(join.attrib["y1"]) > float(join.attrib["y2"])
    assert join.attrib["marker-end"] == "url(#timeline-head)"


def test_each_line_has_a_mark_that_leads_to_it(zombie: Transcript, parsed: Parse) -> None:
    """A mark is a link with a name, which says who wrote what, on the writer's bar at the moment of writing."""
    links = {1: "#l1", 2: "#l2", 3: "#l3"}
    root = parsed(draw(zombie, name="here", links=links))
    marks = every(root, "a", "k")
    assert sorted(mark.attrib["href"] for mark in marks) == ["#l1", "#l2", "#l3"]
    assert {mark.attrib["id"] for mark in marks} == {"here-mark-1", "here-mark-2", "here-mark-3"}
    third = next(mark for mark in marks if mark.attrib["href"] == "#l3")
    assert third.attrib["aria-label"] == "main writes line 3: gone & <away>"
    scale = timeline(zombie).scale()
    assert at(third[0], "x") == pytest.approx(scale.at(0.605), abs=0.06)


def test_marks_that_would_touch_are_joined(zombie: Transcript, parsed: Parse) -> None:
    """Hundreds of lines are few marks, which say how many; no two are nearer than 24 pixels on a narrow screen."""
    zombie.chunks = [Chunk(0.001 * number, MAIN, f"{number}\n") for number in range(500)]
    root = parsed(draw(zombie, links={number: f"#l{number}" for number in range(1, 501)}))
    marks = every(root, "a", "k")
    assert 3 < len(marks) < 20
    places = sorted(at(mark[0], "x") for mark in marks)
    assert all(330 / 100 * (second - first) >= 24 for first, second in pairwise(places))
    assert re.match(r"1\W\d+: main writes lines 1 to \d+: 0 / 1 / 2", marks[0].attrib["aria-label"])
    counted = sum(1 for mark in marks for name in classes(mark) if re.fullmatch(r"n\d+", name))
    assert counted == 99


def test_hundreds_of_states_are_few_bars(zombie: Transcript, parsed: Parse) -> None:
    """A process that fell asleep hundreds of times has at most 48 bars, and the drawing stays small."""
    zombie.processes[0].states = [(0.0015 * number, "RS"[number % 2]) for number in range(400)]
    svg = draw(zombie)
    assert len(every(parsed(svg), "line", "r")) <= 50
    assert len(svg) < 12_000


def test_stuck_run_says_what_each_waits_for(stuck: Transcript, parsed: Parse) -> None:
    """Words of the stack stand under the lane; a stopped process is dashed; time without events is cut, and told."""
    root = parsed(draw(stuck))
    said = texts(root)
    assert "waits in join() for Process-1" in said
    assert every(root, "line", "t")
    (cut,) = every(root, "rect", "cut")
    assert at(cut, "width") < 15
    assert "time left out: 4,800 ms" in said
    assert said.count("still running at the end") == 3


@pytest.mark.parametrize("standalone", [False, True])
def test_ids_are_unique_and_begin_with_the_name(zombie: Transcript, parsed: Parse, standalone: bool) -> None:
    """Several drawings share a page: no id is found twice, each begins with the drawing's name."""
    links = {} if standalone else {1: "#l1"}
    found = list(ids(parsed(draw(zombie, name="x", links=links, standalone=standalone))))
    assert len(found) == len(set(found))
    assert all(ident.startswith("x-") for ident in found)


def test_file_of_its_own_is_complete(zombie: Transcript, parsed: Parse) -> None:
    """A file has title, story, style for light and dark, and the lines of output, linked from their marks."""
    root = parsed(draw(zombie, standalone=True))
    assert root.findtext(f"{SVG}title") == "Timeline under fork"
    assert "it was a zombie: main had not asked how it ended" in (root.findtext(f"{SVG}desc") or "")
    assert "prefers-color-scheme: dark" in (root.findtext(f"{SVG}style") or "")
    assert "gone & <away>" in texts(root)
    known = set(ids(root))
    targets = {mark.attrib["href"].removeprefix("#") for mark in every(root, "a")}
    assert len(targets) == 3
    assert targets <= known


def test_what_is_not_linked_is_hidden_from_screen_readers(zombie: Transcript, parsed: Parse) -> None:
    """The drawing is a named group, described by a story; of its parts the marks alone are exposed, with names."""
    root = parsed(draw(zombie, name="d", links={1: "#a"}))
    assert root.get("role") == "group"
    assert root.get("aria-label") == "Timeline under fork"
    assert root.get("aria-describedby") == "d-story"
    hidden = {id(item) for part in root.iter() if part.get("aria-hidden") == "true" for item in part.iter()}
    shown = [item for item in root.iter(f"{SVG}text") if id(item) not in hidden]
    named = {id(item) for part in root.iter() if part.get("aria-label") and part is not root for item in part.iter()}
    assert shown
    assert all(id(item) in named for item in shown)


def test_lines_of_unknown_writers_have_a_row_of_their_own(zombie: Transcript, parsed: Parse) -> None:
    """Where the system does not tell who wrote a line, its mark stands under all lanes."""
    zombie.chunks = [replace(chunk, pid=None) for chunk in zombie.chunks]
    marks = every(parsed(draw(zombie, links={1: "#a", 2: "#b", 3: "#c"})), "a", "k")
    assert [mark.attrib["aria-label"].partition(" writes")[0] for mark in marks] == ["an unknown process"] * 3


def test_a_crowd_is_counted(zombie: Transcript, parsed: Parse) -> None:
    """Of more than 24 processes the first have a lane; the drawing says how many have none."""
    for number in range(40):
        zombie.processes.append(Process(5000 + number, MAIN, f"W-{number}", "child", 0.1, 0.2, 0))
        zombie.events.append(Event(0.3, MAIN, "reap", 5000 + number, "0"))
    root = parsed(draw(zombie))
    assert "18 more processes are not shown." in texts(root)
    assert len(every(root, "line", "b")) == 23


def test_places_stay_within_the_drawing(stuck: Transcript, parsed: Parse) -> None:
    """No place lies outside, whatever the times say, and a common scale is kept to."""
    stuck.processes[2].birth = 7.0
    for scale in (None, Scale(10.0)):
        root = parsed(draw(stuck, scale=scale))
        found = [float(value[:-1]) for item in root.iter() for value in item.attrib.values() if value.endswith("%")]
        assert all(0 <= value <= 100 for value in found)


@pytest.mark.parametrize("time", [0.0, 0.1, 0.25, 2.0, 4.0])
def test_scale_never_runs_backwards(time: float) -> None:
    """A later moment is never drawn further left, inside a cut and beside it."""
    scale = Scale(5.0, ((0.3, 1.9), (2.1, 4.9)))
    assert scale.at(time) < scale.at(time + 0.2)
    assert scale.at(0.0) == 2.0
    assert scale.at(5.0) == pytest.approx(97.0)
