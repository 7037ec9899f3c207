"""`spawnable.admission`: how many runs go at once."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from spawnable import admission
from spawnable.admission import Admission, default_workers


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """How many processes are seen to run, the last number again and again; any look may follow the one before."""
    answers: list[int | None] = []
    monkeypatch.setattr(admission, "_busy", lambda: answers.pop(0) if len(answers) > 1 else answers[0])
    monkeypatch.setattr(admission, "_LOOK", 0.0)
    monkeypatch.setattr(admission, "_REST", 0.0)
    monkeypatch.setattr(admission, "_SHARE", 0)
    monkeypatch.setattr(admission, "processors", lambda: 2)
    return answers


def test_workers() -> None:
    """A given number of workers is kept to, however idle the machine is."""
    asked = Admission(3)
    assert [asked.admits(running) for running in range(5)] == [True, True, True, False, False]


def test_default() -> None:
    """At least two runs go at once."""
    assert default_workers() >= 2
    assert Admission().admits(1)


def test_free(busy: list[int | None]) -> None:
    """A further run starts once a processor was seen free twice in a row, and the next one after as many."""
    busy += [1]
    asked = Admission()
    assert [asked.admits(3) for _ in range(5)] == [False, True, False, True, False]


def test_all_busy(busy: list[int | None]) -> None:
    """No further run starts while every processor has something to do."""
    busy += [1, 2, 1, 2]
    asked = Admission()
    assert not any(asked.admits(3) for _ in range(4))


def test_most(busy: list[int | None]) -> None:
    """However idle the machine is, there is an end to it."""
    busy += [1]
    asked = Admission()
    assert not any(asked.admits(32) for _ in range(9))


def test_not_told(busy: list[int | None]) -> None:
    """Where the system does not say how busy it is, no further run starts."""
    busy += [None]
    asked = Admission()
    assert not any(asked.admits(3) for _ in range(9))


@pytest.mark.skipif(sys.platform != "linux", reason="the processes are looked at in /proc")
def test_processes() -> None:
    """A child that computes is seen; one that sleeps is not counted."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as sleeper:
        wait_for(lambda: admission._busy() == 0)
        with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as computer:
            wait_for(lambda: (admission._busy() or 0) >= 1)
            computer.kill()
        sleeper.communicate(b"\n")


def wait_for(condition: Callable[[], bool]) -> None:
    """Return when it is true."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_asked_often(busy: list[int | None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks again at once is not told anything new."""
    busy += [1]
    monkeypatch.setattr(admission, "_LOOK", 60.0)
    asked = Admission()
    assert not any(asked.admits(3) for _ in range(9))
