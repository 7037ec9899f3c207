"""What processes noted of themselves and of others, where the two do not agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from spawnable.python import Python
from spawnable.run import run
from spawnable.run.notes import Notes
from spawnable.snippet import Snippet

TWO_WAITERS = """
import multiprocessing
import threading

if __name__ == "__main__":
    told = set()
    for _ in range(60):
        process = multiprocessing.Process(target=int)
        process.start()
        threads = [threading.Thread(target=process.join) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        told.add(process.exitcode)
    print(*sorted(told))
"""


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["2.0 7 exit 0", "2.1 5 reaped 7 255"], 0),
        (["2.0 7 exit 3", "2.1 5 reaped 7 3"], 3),
        (["2.1 5 reaped 7 255"], 255),
        (["2.0 7 exit 0", "2.1 5 reaped 7 -9"], -9),
    ],
)
def test_a_process_knows_its_end_better_than_who_waited(tmp_path: Path, lines: list[str], code: int) -> None:
    """What its parent was told counts where it said nothing itself, or a signal ended it after that."""
    log = tmp_path / "log"
    log.write_text("\n".join(["1.0 5 started 7 0 Process-1", *lines, ""]))
    notes = Notes(0)
    notes.read(str(log))
    assert notes.processes[7].exit_code == code


def test_two_threads_that_wait_for_one_process() -> None:
    """Under forkserver one of them is told 255; the run tells how the processes truly ended."""
    transcript = run(Snippet(name="two-waiters", code=TWO_WAITERS), "forkserver", Python.current())
    assert "255" in transcript.text
    codes = [process.exit_code for process in transcript.processes if process.name.startswith("Process-")]
    assert codes == [0] * 60
