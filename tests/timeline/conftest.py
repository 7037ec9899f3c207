"""Runs made by hand, and drawings taken apart."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest

from spawnable.transcript import Chunk, Event, Process, Transcript

MAIN, CHILD, OTHER, TRACKER = 4101, 4102, 4103, 4104


@pytest.fixture
def zombie() -> Transcript:
    """A run in which a child ends at 0.1 s with exit code 3 and is joined at 0.6 s; main writes two lines then."""
    return Transcript(
        start_method="fork",
        python="3.13.0",
        platform="Linux-x86_64",
        watched="namespace",
        ended="exit",
        exit_code=0,
        wall=0.61,
        cpu=0.05,
        chunks=[Chunk(0.09, CHILD, "in the child\n"), Chunk(0.3, MAIN, "Z\n"), Chunk(0.605, MAIN, "gone & <away>\n")],
        processes=[
            Process(MAIN, None, "main", "main", 0.0, 0.61, 0, [(0.0, "R"), (0.05, "S"), (0.6, "R")]),
            Process(CHILD, MAIN, "Process-1", "child", 0.04, 0.1, 3, [(0.04, "R"), (0.1, "Z")], zombie=0.5),
        ],
        events=[Event(0.6, MAIN, "reap", CHILD, "3")],
    )


@pytest.fixture
def stuck() -> Transcript:
    """A run that was ended after 5 s: main waits for its child, which is stopped by a signal since 0.2 s."""
    stack = 'Thread 0x1 (most recent call first):\n  File "/lib/multiprocessing/process.py", line 149 in join\n'
    return Transcript(
        start_method="spawn",
        python="3.13.0",
        platform="Linux-x86_64",
        watched="namespace",
        ended="stuck",
        exit_code=None,
        wall=5.0,
        cpu=0.05,
        chunks=[Chunk(0.15, CHILD, "working\n")],
        processes=[
            Process(MAIN, None, "main", "main", 0.0, states=[(0.0, "R"), (0.1, "S")], stack=stack),
            Process(TRACKER, MAIN, "resource_tracker", "resource_tracker", 0.05, states=[(0.05, "S")]),
            Process(CHILD, MAIN, "Process-1", "child", 0.1, states=[(0.1, "R"), (0.2, "T")]),
        ],
        events=[Event(5.0, MAIN, "waits", CHILD)],
    )


@pytest.fixture
def parsed() -> Callable[[str], ET.Element]:
    """A function that reads an SVG as XML: one that is not well formed is an error."""

    def parse(svg: str) -> ET.Element:
        text = svg if "xmlns=" in svg else svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
        return ET.fromstring(text)  # noqa: S314 - our own

    return parse
