"""`spawnable.batch`: many runs at once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spawnable import batch, exchange
from spawnable.batch import BatchError, Job, default_workers, run_all
from spawnable.python import Python, PythonError
from spawnable.snippet import Limits, Snippet
from spawnable.store import Store, StoreError
from spawnable.transcript import Transcript
from spawnable.verdict import judge


class Runs:
    """A runner that notes what it is asked for; snippets named in `wait` wait, those in `errors` fail."""

    def __init__(self, make_transcript: Any) -> None:
        self.make = make_transcript
        self.names: list[str] = []
        self.most = self._now = 0
        self.wait: dict[str, Callable[[], object]] = {}
        self.errors: dict[str, BaseException] = {}
        self._lock = threading.Lock()

    def __call__(self, snippet: Snippet, start_method: str, _: Python | None) -> Transcript:
        """Return what a run of the snippet did: it printed the snippet's name."""
        with self._lock:
            self.names.append(snippet.name)
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            if snippet.name in self.wait:
                self.wait[snippet.name]()
            if snippet.name in self.errors:
                raise self.errors[snippet.name]
            transcript: Transcript = self.make((1, snippet.name), start_method=start_method)
            return transcript
        finally:
            with self._lock:
                self._now -= 1


@pytest.fixture
def runs(make_transcript: Any) -> Runs:
    """A runner that starts nothing."""
    return Runs(make_transcript)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(tmp_path)


def jobs_of(python: Python, *names: str) -> list[Job]:
    """Return a job for each name."""
    return [Job(Snippet(name, f"print({name!r})", page="page.md", line=3), "spawn", python) for name in names]


def test_all(runs: Runs, python: Python) -> None:
    """Each job has its own transcript, in the order of the jobs, and is told of once."""
    jobs = jobs_of(python, *"abcdefgh")
    told: list[tuple[Job, str, bool]] = []
    main = threading.get_ident()

    def done(job: Job, transcript: Transcript, stored: bool) -> None:
        assert threading.get_ident() == main
        told.append((job, transcript.text, stored))

    found = run_all(jobs, done=done, run=runs)
    assert [(job.snippet.name, transcript.text) for job, transcript in found.items()] == [(n, n) for n in "abcdefgh"]
    assert sorted(told, key=lambda item: item[1]) == [(job, job.snippet.name, False) for job in jobs]


def test_none(runs: Runs) -> None:
    """Nothing to run is nothing found."""
    assert run_all([], run=runs) == {}


def test_bound(runs: Runs, python: Python) -> None:
    """As many runs go at once as there are workers, and no more."""
    names = "abcdefghi"
    runs.wait = dict.fromkeys(names, threading.Barrier(3, timeout=30).wait)
    run_all(jobs_of(python, *names), workers=3, run=runs)
    assert runs.most == 3


def test_default_bound() -> None:
    """At least two runs go at once."""
    assert default_workers() >= 2


def test_same_job(runs: Runs, python: Python) -> None:
    """A job that is given twice is run once, also where it stands elsewhere; each place is told of."""
    (job,) = jobs_of(python, "a")
    twin = replace(job, snippet=replace(job.snippet, name="b", line=9))
    told: list[Job] = []
    found = run_all([job, job, twin], done=lambda job, *_: told.append(job), run=runs)
    assert runs.names == ["a"]
    assert list(found) == told == [job, twin]


def test_longest_first(runs: Runs, python: Python) -> None:
    """Jobs that may take longest are started first."""
    jobs = jobs_of(python, *"abc")
    jobs[1] = replace(jobs[1], snippet=replace(jobs[1].snippet, limits=Limits(time=99)))
    run_all(jobs, workers=1, run=runs)
    assert runs.names == ["b", "a", "c"]


def test_store(runs: Runs, store: Store, python: Python) -> None:
    """What the store knows is not run again."""
    jobs = jobs_of(python, *"ab")
    first = run_all(jobs[:1], store, run=runs)
    told: list[bool] = []
    found = run_all(jobs, store, done=lambda _job, _transcript, stored: told.append(stored), run=runs)
    assert runs.names == ["a", "b"]
    assert told == [True, False]
    assert found[jobs[0]] == first[jobs[0]]
    assert len(store.entries()) == 2


def test_error(runs: Runs, store: Store, python: Python) -> None:
    """A run that can not be done does not keep the others from being done, and is named at the end."""
    runs.errors["b"] = RuntimeError("no such room")
    jobs = jobs_of(python, *"abc")
    with pytest.raises(BatchError) as caught:
        run_all(jobs, store, run=runs)
    assert str(caught.value).splitlines() == [
        "1 of 3 runs could not be done",
        "page.md:3: under spawn on Python 3.13.0: no such room",
    ]
    assert list(caught.value.errors) == [jobs[1]]
    assert set(caught.value.transcripts) == {jobs[0], jobs[2]}
    assert len(store.entries()) == 2


def test_missing_package(runs: Runs, python: Python, monkeypatch: pytest.MonkeyPatch) -> None:
    """A snippet whose packages are not installed is not run; the error says what to install."""
    monkeypatch.setattr(Python, "versions", lambda _, names: dict.fromkeys(names))
    (job,) = jobs_of(python, "a")
    job = replace(job, snippet=replace(job.snippet, packages=("numpy",)))
    with pytest.raises(BatchError, match="pip install numpy") as caught:
        run_all([job], run=runs)
    assert isinstance(caught.value.errors[job], PythonError)
    assert runs.names == []


def test_full_disk(
    runs: Runs, store: Store, python: Python, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A store that can not be written costs no result; the log says so once."""

    def fail(*_: object) -> None:
        raise StoreError("no space is left")

    monkeypatch.setattr(Store, "write", fail)
    with caplog.at_level(logging.ERROR):
        found = run_all(jobs_of(python, *"abc"), store, workers=1, run=runs)
    assert len(found) == 3
    assert [entry.message for entry in caplog.records] == [
        "what the runs do from here on is not kept: no space is left"
    ]


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit, ZeroDivisionError])
def test_interrupt(
    runs: Runs, store: Store, python: Python, monkeypatch: pytest.MonkeyPatch, interrupt: type[BaseException]
) -> None:
    """An interrupt starts no further run and ends those that go; what was done is in the store, what was ended not."""
    gate, closed = threading.Event(), threading.Event()
    jobs = jobs_of(python, *"abcdef")
    runs.wait = dict.fromkeys("bcdef", gate.wait)

    def close() -> None:
        closed.set()
        gate.set()  # as a run that is ended from outside returns

    def done(job: Job, *_: object) -> None:
        raise interrupt

    monkeypatch.setattr(batch, "_close", close)
    with pytest.raises(interrupt):
        run_all(jobs, store, workers=2, done=done, run=runs)
    assert closed.is_set()
    assert "a" in runs.names
    assert len(runs.names) <= 3
    assert store.entries() == [store.key(jobs[0])]


def test_interrupt_of_a_run(runs: Runs, python: Python, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt that reaches a run is no failure of that run but ends all."""
    monkeypatch.setattr(batch, "_close", lambda: None)
    runs.errors["a"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        run_all(jobs_of(python, "a"), run=runs)


def test_real_run(store: Store) -> None:
    """Without a runner of its own a batch runs scripts for real; the store then knows what they did."""
    job = Job(Snippet("hello", "print('hello')\n"), "spawn", Python.current())
    try:
        (transcript,) = run_all([job], store).values()
    finally:
        batch._close()
    assert transcript.text == "hello\n"
    assert judge(job.snippet, transcript).met
    assert store.get(job) == transcript
    assert exchange._is(transcript, Transcript)
