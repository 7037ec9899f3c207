"""`spawnable.snippet`: a script, what it needs and what is expected of it."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from spawnable.snippet import Limits, Snippet

SNIPPET = Snippet("page:cell", "print(1)\n", companions={"a.py": "x = 1\n", "b.py": "y = 2\n"})


def test_defaults() -> None:
    """A snippet is run as `main.py` under every start method, on every Python, for 20 seconds at most."""
    snippet = Snippet("n", "pass")
    assert (snippet.filename, snippet.start_methods) == ("main.py", ("fork", "forkserver", "spawn"))
    assert snippet.limits == Limits()
    assert snippet.limits.time == 20
    assert all(snippet.runs_on(version) for version in ("3.11", "3.15"))
    assert str(snippet.expectations.of("fork", "3.13")) == "ok"


def test_where() -> None:
    """A snippet stands at a page's line, or is known by its name."""
    assert replace(SNIPPET, page="docs/page.md", line=31).where == "docs/page.md:31"
    assert SNIPPET.where == "page:cell"


def test_digest() -> None:
    """The digest is 12 hexadecimal digits, the same whatever the order of companions, the name or the place."""
    same = replace(SNIPPET, name="x", page="p", line=1, companions={"b.py": "y = 2\n", "a.py": "x = 1\n"})
    assert SNIPPET.digest == same.digest
    assert len(SNIPPET.digest) == 12
    assert int(SNIPPET.digest, 16)


@pytest.mark.parametrize(
    "other",
    [
        replace(SNIPPET, code="print(2)\n"),
        replace(SNIPPET, filename="other.py"),
        replace(SNIPPET, companions={"a.py": "x = 1\n"}),
        replace(SNIPPET, companions={"a.py": "y = 2\n", "b.py": "x = 1\n"}),
    ],
)
def test_digest_tells_apart(other: Snippet) -> None:
    """Another script, file name or companion has another digest."""
    assert SNIPPET.digest != other.digest


@pytest.mark.parametrize(
    ("pythons", "versions"),
    [("", ["3.11", "3.13", "3.15.0rc1"]), ("3.13", ["3.13"]), ("3.13+", ["3.13", "3.15.0rc1"]), ("3.12-", ["3.11"])],
)
def test_runs_on(pythons: str, versions: list[str]) -> None:
    """A snippet runs on the Pythons that it names: one, one and later, one and earlier, or all."""
    snippet = replace(SNIPPET, pythons=pythons)
    assert [version for version in ("3.11", "3.13", "3.15.0rc1") if snippet.runs_on(version)] == versions


def test_frozen() -> None:
    """A snippet and its limits do not change."""
    with pytest.raises(FrozenInstanceError):
        SNIPPET.code = "x"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        SNIPPET.limits.time = 1  # type: ignore[misc]
