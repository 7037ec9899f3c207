"""Hostile scripts: whatever one does, its run ends in time with a clear outcome, and nothing else notices.

Each script in `scripts/` says in its first lines what must become of it: `outcome`,
alternatives with `|`, what is true at once with `and`, and in `forkserver` that under this
start method alone; `limits`; what its output `says` and `lacks` where the outcome is that of
all; whether output was `dropped`; how many `lines` it has.
"""

from __future__ import annotations

import json
import os
import platform
import pwd
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import spawnable
from spawnable.expectation import START_METHODS
from spawnable.run import run
from spawnable.snippet import Limits, Snippet
from spawnable.transcript import Transcript
from spawnable.verdict import judge, outcomes, report

pytestmark = pytest.mark.skipif(platform.system() != "Linux", reason="elsewhere a script is trusted")

SCRIPTS = Path(__file__).with_name("scripts")
#: run with all other tests: one of each kind
SMOKE = ("kills_all", "detached_and_printing", "fork_bomb", "log_is_a_fifo", "strange_bytes", "allocates_memfd")
#: seconds that a run may take beyond its limit, and that a busy machine may take beyond these
GRACE, BUSY = 2.0, 6.0
#: outcomes beside which all others are of no weight
HEAVY = ("stuck", "stopped", "error", "exit")
NEIGHBOUR = """
import multiprocessing
import os
import time


def work(number, queue):
    time.sleep(0.1)
    queue.put(number * number)


if __name__ == "__main__":
    queue = multiprocessing.SimpleQueue()
    for number in range(4):
        process = multiprocessing.Process(target=work, args=(number, queue))
        process.start()
        process.join()
        print(queue.get())
    with open("own.txt", "w+") as file:
        file.write("mine")
        file.seek(0)
        print(file.read())
    os.remove("own.txt")
"""


@dataclass(frozen=True)
class Hostile:
    """A script and what must become of it."""

    name: str
    code: str
    outcomes: list[list[str]]
    #: by start method, where it is another
    other_outcomes: dict[str, list[list[str]]]
    limits: dict[str, int]
    says: str
    lacks: str
    dropped: str
    lines: int

    @classmethod
    def read(cls, path: Path) -> Hostile:
        """Read a script and its first lines."""
        code = path.read_text(encoding="utf-8")
        head: dict[str, str] = {}
        for line in code.splitlines():
            name, separator, value = line.removeprefix("# ").partition(": ")
            if not line.startswith("# ") or not separator:
                break
            head[name] = value
        assert set(head) <= {"outcome", "limits", "says", "lacks", "dropped", "lines", *START_METHODS}, path
        return cls(
            path.stem,
            code,
            _alternatives(head["outcome"]),
            {method: _alternatives(head[method]) for method in START_METHODS if method in head},
            {"time": 2} | {k: int(v) for k, v in (item.split("=") for item in head.get("limits", "").split())},
            head.get("says", ""),
            head.get("lacks", ""),
            head.get("dropped", ""),
            int(head.get("lines", 0)),
        )

    def under(self, start_method: str) -> Hostile:
        """Return what must become of it under a start method."""
        other = self.other_outcomes.get(start_method)
        return replace(self, outcomes=other, says="", lacks="") if other else self

    @property
    def snippet(self) -> Snippet:
        """The script as a cell; the time limit is longer where it is not what ends it."""
        limits = dict(self.limits)
        if limits["time"] == 2 and all(alternative[0] != "stuck" for alternative in self.outcomes):
            limits["time"] = 20
        return Snippet(self.name, self.code, limits=Limits(**limits))  # type: ignore[arg-type]


def _alternatives(text: str) -> list[list[str]]:
    return [alternative.split(" and ") for alternative in text.split(" | ")]


EVERYONE = [Hostile.read(path) for path in sorted(SCRIPTS.glob("*.py"))]


@pytest.fixture(params=EVERYONE, ids=lambda script: script.name)
def script(request: pytest.FixtureRequest) -> Hostile:
    """Each hostile script; only a few of them without `--run-faults`."""
    hostile: Hostile = request.param
    if hostile.name not in SMOKE and not request.config.getoption("--run-faults"):
        pytest.skip("only with --run-faults")
    return hostile


@pytest.fixture
def neighbour(start_method: str) -> Iterator[Callable[[], Transcript]]:
    """A run that goes on at the same time; waits for its end and returns it."""
    done: list[Transcript] = []
    thread = threading.Thread(target=lambda: done.append(run(Snippet("x", NEIGHBOUR, limits=Limits(60)), start_method)))
    thread.start()

    def wait() -> Transcript:
        thread.join()
        return done[0]

    yield wait
    thread.join()


@pytest.fixture
def _nothing_changed() -> Iterator[None]:
    """Fail where a script left something on the machine."""
    package = Path(spawnable.__file__).parent
    before = {path: path.stat().st_mtime_ns for path in package.rglob("*.py")}
    yield
    assert {path: path.stat().st_mtime_ns for path in package.rglob("*.py")} == before
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    places = map(Path, ("/", "/etc", "/tmp", "/var/tmp", "/dev", "/dev/shm", "/run", "/opt"))
    assert not [path for place in (*places, home, package, SCRIPTS) for path in place.glob("hostile*")]


@pytest.mark.usefixtures("_nothing_changed")
def test_a_hostile_script_harms_nobody(script: Hostile, start_method: str, neighbour: Callable[[], Transcript]) -> None:
    """Its run ends in time and as declared, can be shown, and a run beside it does what it does alone."""
    script = script.under(start_method)
    snippet = script.snippet
    begin = time.monotonic()
    transcript = run(snippet, start_method)
    took = time.monotonic() - begin
    beside = neighbour()
    found = [str(outcome) for outcome in outcomes(transcript)]
    shown = report(snippet, transcript, judge(snippet, transcript))[:3000]
    assert any(_fits(found, alternative) for alternative in script.outcomes), f"{found} {transcript.ended}\n{shown}"
    assert took < snippet.limits.time + GRACE + BUSY
    assert script.says in transcript.text
    assert not script.lacks or script.lacks not in transcript.text
    assert script.dropped == "any" or bool(transcript.dropped) == (script.dropped == "yes")
    assert not script.lines or transcript.text.count("\n") == script.lines
    _can_be_shown(snippet, transcript)
    assert (beside.text, [str(outcome) for outcome in outcomes(beside)]) == (
        "0\n1\n4\n9\nmine\n",
        ["ok"],
    )


def _fits(found: list[str], alternative: list[str]) -> bool:
    if alternative[0].split()[0] in HEAVY:
        return found[0] == alternative[0] and set(alternative) <= set(found)
    return set(found) == set(alternative)


def _can_be_shown(snippet: Snippet, transcript: Transcript) -> None:
    """Fail where a transcript is too large, is no JSON or no UTF-8, or would do something on a page."""
    line = transcript.to_json().encode()
    assert len(line) < 20_000_000
    json.loads(line, parse_constant=_no_number)
    assert Transcript.from_json(line) == transcript
    page = pytest.importorskip("spawnable.site.panel")
    results = pytest.importorskip("spawnable.site.results").Results(snippet)
    results.add(transcript, stored=False)
    html: str = page.outputs(results, "cell", table=True)
    html.encode()
    assert "<script" not in html
    assert "<img" not in html
    assert not [char for char in html if ord(char) < 32 and char not in "\n\t"]


def _no_number(name: str) -> Any:
    raise AssertionError(f"{name} in a transcript")
