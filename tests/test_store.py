"""`spawnable.store`: transcripts, remembered by content."""

from __future__ import annotations

import errno
import logging
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import spawnable.store
from spawnable.expectation import Expectations
from spawnable.python import Python
from spawnable.snippet import Limits, Snippet
from spawnable.store import Job, Store, StoreError, job_key
from spawnable.transcript import Transcript

SNIPPET = Snippet("page:cell", "print(1)\n", companions={"worker.py": "x = 1\n"}, arguments=("a",))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store, whose folder is not there yet."""
    return Store(tmp_path / "held" / "here")


@pytest.fixture
def job(python: Python) -> Job:
    """A job."""
    return Job(SNIPPET, "spawn", python)


def files(store: Store) -> list[Path]:
    """Return all files of a store."""
    return sorted(path for path in store.folder.rglob("*") if path.is_file())


def test_get_what_was_put(store: Store, job: Job, full: Transcript) -> None:
    """A transcript comes back as it was put, and is a file named by its key."""
    assert store.get(job) is None
    store.put(job, full)
    assert store.get(job) == full
    key = store.key(job)
    assert files(store) == [store.folder / key[:2] / f"{key}.json"]
    assert store.entries() == [key]


def test_any_text_is_kept(store: Store, job: Job, make_transcript: Any) -> None:
    """Output that is no valid Unicode is kept too."""
    transcript = make_transcript((1, "lone \ud800, \u2028, \x00 and \U0001f40d\n"))
    store.put(job, transcript)
    assert store.get(job) == transcript


def test_another_job(store: Store, job: Job, full: Transcript) -> None:
    """A transcript is that of its job alone."""
    store.put(job, full)
    assert store.get(replace(job, start_method="fork")) is None


@pytest.mark.parametrize(
    "change",
    [
        {"code": "print(2)\n"},
        {"filename": "other.py"},
        {"companions": {"worker.py": "x = 2\n"}},
        {"companions": {"worker2.py": "x = 1\n"}},
        {"arguments": ("a", "b")},
        {"limits": Limits(time=1)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_key_tells_snippets_apart(job: Job, change: dict[str, Any]) -> None:
    """What a snippet does depends on each of these, so its key does."""
    assert job_key(replace(job, snippet=replace(SNIPPET, **change))) != job_key(job)


def test_key_tells_pythons_apart(job: Job, python: Python) -> None:
    """A run on another build, or with other folders on the module search path, has another key."""
    others = [replace(python, digest="1" * 64), replace(python, paths=("/x",))]
    assert len({job_key(replace(job, python=other)) for other in [python, *others]}) == 3


def test_key_tells_versions_of_packages_apart(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run with another version of a package it needs has another key."""
    job = replace(job, snippet=replace(SNIPPET, packages=("numpy",)))
    keys = set()
    for version in ("1.0", "2.0", None):
        monkeypatch.setattr(Python, "versions", lambda _, names, v=version: dict.fromkeys(names, v))
        keys.add(job_key(job))
    assert len(keys) == 3


def test_keys_of_one_script_begin_alike(store: Store, job: Job, python: Python, full: Transcript) -> None:
    """The runs of a script everywhere are found by the key of one; those of another script are not."""
    jobs = [job, replace(job, start_method="fork"), replace(job, python=replace(python, digest="1" * 64))]
    for one in jobs:
        store.put(one, full)
    other = replace(job, snippet=replace(SNIPPET, code="print(2)\n"))
    store.put(other, full)
    assert store.alike(job_key(job)) == sorted(map(job_key, jobs))
    assert store.alike(job_key(other)) == [job_key(other)]
    assert Store(store.folder / "none").alike(job_key(job)) == []


def test_key_is_of_the_run_alone(job: Job) -> None:
    """What is expected and where the snippet stands do not change the key."""
    moved = replace(SNIPPET, name="x", page="p.md", line=9, expectations=Expectations.parse("stuck"), unordered=True)
    assert job_key(replace(job, snippet=moved)) == job_key(job)


def test_key_tells_runners_apart(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed runner forgets all transcripts."""
    before = job_key(job)
    monkeypatch.setattr(spawnable.store, "_runner", lambda: "another")
    assert job_key(job) != before


def test_runner_is_its_sources() -> None:
    """The runner's source, that which is put into the scripts too, and the transcript's make up its version."""
    home = Path(spawnable.store.__file__).parent
    names = {path.relative_to(home).as_posix() for path in spawnable.store._sources(home)}
    assert {"transcript.py", "run/__init__.py", "run/inject/sitecustomize.py"} <= names
    assert not any("__pycache__" in name for name in names)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b"started", b"stopped"),
        lambda _: b"",
        lambda data: b"\xff\xfe\x00" + data,
        lambda data: data.partition(b"\n")[2],
        lambda _: b"[" * 100_000,
        lambda data: b"12\n" + data,
    ],
    ids=["cut", "changed", "empty", "prefixed", "headless", "deep", "number"],
)
def test_damage(store: Store, job: Job, full: Transcript, caplog: pytest.LogCaptureFixture, damage: Any) -> None:
    """A damaged entry is as none, the log names it, and the next put mends it."""
    store.put(job, full)
    (path,) = files(store)
    path.write_bytes(damage(path.read_bytes()))
    with caplog.at_level(logging.WARNING):
        assert store.get(job) is None
    assert str(path) in caplog.text
    store.put(job, full)
    assert store.get(job) == full


def test_whole_or_not_at_all(store: Store, job: Job, full: Transcript, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that could not be written leaves the former one and nothing else."""
    store.put(job, full)

    def fail(_: Path, __: Path) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(StoreError, match="can not be written: broken"):
        store.put(job, full)
    assert len(files(store)) == 1
    assert store.get(job) == full


def test_full_disk(store: Store, job: Job, full: Transcript, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is told in words that say what to do, and no half file is left."""

    def fail(path: Path, _: bytes) -> None:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(StoreError, match=r"no space is left for .*: free some, or delete .*here"):
        store.put(job, full)
    assert files(store) == []


def test_folder_that_can_not_be(tmp_path: Path, job: Job, full: Transcript) -> None:
    """A store in the place of a file says so."""
    (tmp_path / "file").write_text("x")
    store = Store(tmp_path / "file")
    assert store.entries() == []
    with pytest.raises(StoreError, match="can not be written"):
        store.put(job, full)


def test_shared(store: Store, job: Job, full: Transcript) -> None:
    """Several that write and read one entry at once see it whole."""
    store.put(job, full)
    seen: list[Transcript | None] = []

    def use() -> None:
        for _ in range(20):
            store.put(job, full)
            seen.append(Store(store.folder).get(job))

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [full] * 80
    assert len(files(store)) == 1


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "\n", "/" + "a" * 63])
def test_keys_are_no_paths(store: Store, full: Transcript, key: str) -> None:
    """What is no key is refused, so that nothing outside the folder is read or written."""
    with pytest.raises(StoreError, match="is no key"):
        store.write(key, full)
    with pytest.raises(StoreError, match="is no key"):
        store.read(key)


def test_foreign_files(store: Store, job: Job, full: Transcript) -> None:
    """Files that are no entries are not listed."""
    store.put(job, full)
    (store.folder / "ab").mkdir(exist_ok=True)
    (store.folder / "ab" / "notes.json").write_text("x")
    (store.folder / "README.md").write_text("x")
    assert store.entries() == [store.key(job)]


def test_jobs_are_keys(job: Job, python: Python) -> None:
    """Equal jobs are one key of a dictionary, although a snippet holds one itself."""
    same = Job(replace(SNIPPET, companions=dict(SNIPPET.companions)), "spawn", python)
    assert len({job: 1, same: 2}) == 1
    assert job != replace(job, start_method="fork")
