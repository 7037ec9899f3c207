"""Hand-made transcripts and interpreters."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import psutil
import pytest

from spawnable.python import Python
from spawnable.transcript import Chunk, Event, Leftover, Process, Transcript

MAIN, CHILD, OTHER, TRACKER, SERVER = 41200, 41203, 41207, 41201, 41202


class MakeTranscript(Protocol):
    """How `make_transcript` is called."""

    def __call__(self, *chunks: tuple[int | None, str], **fields: Any) -> Transcript:
        """Return a transcript of a run that wrote these chunks."""


@pytest.fixture
def make_transcript() -> MakeTranscript:
    """A function that makes a transcript: writers and texts, and any field that is to differ.

    Process 41200 is the main process, 41203 its child `Process-1`.
    """

    def make(*chunks: tuple[int | None, str], **fields: Any) -> Transcript:
        processes = [
            Process(MAIN, 7, "main", "main", 0.0, death=0.5, exit_code=fields.get("exit_code", 0)),
            Process(CHILD, MAIN, "Process-1", "child", 0.1, death=0.4, exit_code=fields.pop("child_exit", 0)),
        ]
        given: dict[str, Any] = {
            "start_method": "spawn",
            "python": "3.13.0",
            "platform": "Linux-x86_64",
            "watched": "namespace",
            "ended": "exit",
            "exit_code": 0,
            "wall": 0.5,
            "cpu": 0.2,
            "processes": processes,
            "chunks": [Chunk(number / 10, pid, text) for number, (pid, text) in enumerate(chunks)],
        }
        return Transcript(**{**given, **fields})

    return make


@pytest.fixture
def full(make_transcript: MakeTranscript) -> Transcript:
    """A transcript with something in every field."""
    transcript = make_transcript((MAIN, f"started {CHILD}\n"), (CHILD, "in "), (CHILD, "/tmp/run-7/main.py\n"))
    transcript.processes += [
        Process(TRACKER, MAIN, "resource_tracker", "resource_tracker", 0.05, states=[(0.06, "S"), (0.4, "Z")]),
        Process(OTHER, CHILD, "sleep", "other", 0.2, zombie=0.1, cpu=0.01, memory=4096, detached=True, orphan=True),
    ]
    transcript.processes[1].stack = 'File "/tmp/run-7/main.py", line 3, in work\n  lock at 0x7f3a2b1c4d50\n'
    transcript.events = [Event(0.3, MAIN, "terminate", CHILD, f"pid {CHILD}"), Event(0.35, MAIN, "join")]
    transcript.leftovers = [Leftover("process", "sleep", OTHER), Leftover("file", "/tmp/run-7/out.txt")]
    transcript.paths = {"/tmp/run-7/": "", "/tmp/run-7/main.py": "main.py", "/opt/python": "…/python"}
    transcript.unknown = ["who wrote to /tmp/run-7/out.txt"]
    transcript.dropped = 12
    return transcript


@pytest.fixture
def python() -> Python:
    """An interpreter that need not exist."""
    return Python("/usr/bin/python3.13", "3.13.0", "0" * 64)


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A function that makes a distribution of that name, with one module; pip finds it, and no other."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))

    def make(name: str) -> None:
        module = name.replace("-", "_")
        info = f"{module}-1.0.dist-info"
        with zipfile.ZipFile(tmp_path / f"{module}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{module}.py", f"WORD = '{name}'\n")
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")

    return make


@pytest.fixture
def children() -> Callable[[], list[psutil.Process]]:
    """Tell which processes this one has started since the test began, those that ended and were not waited for too."""
    before = {child.pid for child in psutil.Process().children()}
    return lambda: [child for child in psutil.Process().children() if child.pid not in before]
