"""`spawnable.exchange`: transcripts on their way from one store to another."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from spawnable import exchange
from spawnable.store import Store, StoreError
from spawnable.transcript import Transcript

KEYS = [f"{number:064x}" for number in (1, 2, 3)]


@pytest.fixture
def stores(tmp_path: Path) -> tuple[Store, Store]:
    """Two empty stores."""
    return Store(tmp_path / "one"), Store(tmp_path / "two")


def pack(file: Path, *lines: bytes) -> Path:
    """Write lines as another store would."""
    file.write_bytes(gzip.compress(b"".join(line + b"\n" for line in lines)))
    return file


def record(transcript: Transcript, /, **changes: Any) -> dict[str, Any]:
    """Return a line's record."""
    line: dict[str, Any] = json.loads(exchange.to_line(KEYS[0], transcript))
    return line | changes


def test_there_and_back(stores: tuple[Store, Store], tmp_path: Path, full: Transcript, make_transcript: Any) -> None:
    """What one store exports another takes over, once."""
    one, two = stores
    odd = make_transcript((1, "\ud800 \u2028\n"))
    one.write(KEYS[0], full)
    one.write(KEYS[1], odd)
    two.write(KEYS[1], odd)
    assert one.export(one.entries(), tmp_path / "out.jsonl.gz") == 2
    merged = two.merge(tmp_path / "out.jsonl.gz")
    assert (merged.taken, merged.known, dict(merged.refused)) == (1, 1, {})
    assert two.read(KEYS[0]) == full
    assert two.read(KEYS[1]) == odd
    assert str(two.merge(tmp_path / "out.jsonl.gz")) == "0 taken, 2 known before"


def test_same_bytes(stores: tuple[Store, Store], tmp_path: Path, full: Transcript) -> None:
    """The same transcripts are exported as the same bytes, in whatever order they are named."""
    one, _ = stores
    for key in KEYS:
        one.write(key, full)
    one.export(KEYS, tmp_path / "a.gz")
    one.export([*reversed(KEYS), KEYS[0]], tmp_path / "b.gz")
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


def test_export_of_what_is_not_held(
    stores: tuple[Store, Store], tmp_path: Path, full: Transcript, caplog: pytest.LogCaptureFixture
) -> None:
    """A key that is not held is not exported, and the log says so."""
    one, _ = stores
    one.write(KEYS[0], full)
    with caplog.at_level(logging.WARNING):
        assert one.export(KEYS[:2], tmp_path / "out.gz") == 1
    assert KEYS[1] in caplog.text


def test_what_is_held_stays(
    stores: tuple[Store, Store], tmp_path: Path, full: Transcript, make_transcript: Any
) -> None:
    """An entry is not replaced by another's, unless it is damaged."""
    _, two = stores
    own = make_transcript((1, "own\n"))
    two.write(KEYS[0], own)
    file = pack(tmp_path / "in.gz", json.dumps(record(full)).encode())
    assert two.merge(file).known == 1
    assert two.read(KEYS[0]) == own
    (two.folder / "00" / f"{KEYS[0]}.json").write_text("damaged")
    assert two.merge(file).taken == 1
    assert two.read(KEYS[0]) == full


def _resealed(transcript: Transcript, **fields: Any) -> dict[str, Any]:
    """Return a record whose transcript has other fields and a checksum that fits."""
    changed = json.loads(transcript.to_json()) | fields
    body = json.dumps(changed, ensure_ascii=False, separators=(",", ":"))
    return record(transcript, transcript=changed, sha256=hashlib.sha256(body.encode()).hexdigest())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"key": "../../../../tmp/evil"}, "not a key"),
        ({"key": "a" * 63}, "not a key"),
        ({"key": 12}, "not a key"),
        ({"key": None}, "not a key"),
        ({"sha256": "0" * 64}, "not the transcript that its checksum tells of"),
        ({"sha256": None}, "not the transcript that its checksum tells of"),
        ({"transcript": {}}, "not a transcript"),
        ({"transcript": []}, "not a transcript"),
        ({"transcript": None}, "not a transcript"),
        ({"more": 1}, "not a record of key, sha256 and transcript"),
    ],
)
def test_refused(
    stores: tuple[Store, Store], tmp_path: Path, full: Transcript, changes: dict[str, Any], reason: str
) -> None:
    """A line with another form, key or checksum is refused and told of; the others are taken."""
    _, two = stores
    good = json.dumps(record(full, key=KEYS[1])).encode()
    merged = two.merge(pack(tmp_path / "in.gz", json.dumps(record(full, **changes)).encode(), good))
    assert (merged.taken, dict(merged.refused)) == (1, {reason: 1})
    assert [path.name for path in tmp_path.rglob("*.json")] == [f"{KEYS[1]}.json"]
    assert str(merged) == f"1 taken, 0 known before, 1 refused: {reason}"


@pytest.mark.parametrize(
    "fields",
    [
        {"wall": "fast"},
        {"wall": True},
        {"wall": float("nan")},
        {"wall": 10**100},
        {"exit_code": 1.5},
        {"python": None},
        {"dropped": False},
        {"chunks": [{"time": 0, "pid": 1, "text": 5}]},
        {"chunks": [{"time": 0, "pid": [1], "text": ""}]},
        {"processes": []},
        {"paths": {"a": 1}},
        {"unknown": [None]},
        {"leftovers": [{"kind": "file", "what": {}, "pid": None}]},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_wrong_types(stores: tuple[Store, Store], tmp_path: Path, full: Transcript, fields: dict[str, Any]) -> None:
    """A transcript with a field of another type is refused, even if its checksum fits."""
    _, two = stores
    merged = two.merge(pack(tmp_path / "in.gz", json.dumps(_resealed(full, **fields)).encode()))
    assert (merged.taken, dict(merged.refused)) == (0, {"not a transcript": 1})


def test_right_types(stores: tuple[Store, Store], tmp_path: Path, full: Transcript) -> None:
    """A whole number is a number of seconds too, and None an exit code."""
    _, two = stores
    line = json.dumps(_resealed(full, wall=3, exit_code=None)).encode()
    assert two.merge(pack(tmp_path / "in.gz", line)).taken == 1


@pytest.mark.parametrize("line", [b"", b"\xff\xfe", b"{", b"[" * 100_000, b"1" * 10_000, b"null", b'"x"', b"NaN"])
def test_garbage(stores: tuple[Store, Store], tmp_path: Path, line: bytes) -> None:
    """Lines of anything are counted."""
    _, two = stores
    merged = two.merge(pack(tmp_path / "in.gz", line, line))
    assert merged.taken == 0
    assert merged.refused.total() == 2


@pytest.mark.parametrize("damage", [lambda data: data[:-20], lambda data: data[:30], lambda _: b"no gzip file"])
def test_damaged_file(stores: tuple[Store, Store], tmp_path: Path, full: Transcript, damage: Any) -> None:
    """A file that is cut or something else ends the merge with a reason."""
    _, two = stores
    file = pack(tmp_path / "in.gz", *[json.dumps(record(full, key=key)).encode() for key in KEYS])
    file.write_bytes(damage(file.read_bytes()))
    assert dict(two.merge(file).refused) == {"the file is cut off, damaged or no gzip file": 1}


def test_long_line(stores: tuple[Store, Store], tmp_path: Path, full: Transcript, monkeypatch: Any) -> None:
    """A line beyond the bound is never held in memory; what stands before it is taken."""
    _, two = stores
    monkeypatch.setattr(exchange, "LONGEST_LINE", 10_000)
    file = pack(tmp_path / "in.gz", json.dumps(record(full)).encode(), b" " * 1_000_000)
    merged = two.merge(file)
    assert (merged.taken, dict(merged.refused)) == (1, {"the file has a line that is too long": 1})


def test_large_file(stores: tuple[Store, Store], tmp_path: Path, monkeypatch: Any) -> None:
    """A file that unpacks to more than the bound is given up."""
    _, two = stores
    monkeypatch.setattr(exchange, "MOST_BYTES", 1000)
    merged = two.merge(pack(tmp_path / "in.gz", *[b"x" * 99] * 100))
    assert dict(merged.refused) == {"not JSON": 10, "the file is too large": 1}


@pytest.mark.parametrize("name", ["missing.gz", "."])
def test_no_file(stores: tuple[Store, Store], tmp_path: Path, name: str) -> None:
    """A file that can not be opened is named."""
    with pytest.raises(StoreError, match="can not be read"):
        stores[1].merge(tmp_path / name)
