"""What recipes have in common: each is a file to copy, so they repeat code, and it has to stay the same code."""

from __future__ import annotations

import ast
import doctest
import pickle
from collections import defaultdict
from collections.abc import Iterator

import pytest

from spawnable import recipes
from spawnable.recipes import (
    closable_queue,
    group,
    pipeline,
    result,
    ring_buffer,
    supervisor,
    time_limit,
    worker_state,
)

_DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def definitions(source: str) -> Iterator[tuple[str, ast.stmt]]:
    """Give the name and the node of all that a recipe defines at its top; `__all__` is of each its own."""
    for node in ast.parse(source).body:
        if isinstance(node, _DOCUMENTED):
            yield node.name, node
        elif isinstance(node, ast.Assign):
            named = [target.id for target in node.targets if isinstance(target, ast.Name)]
            yield from ((name, node) for name in named if name != "__all__")
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node


def code(node: ast.stmt) -> str:
    """Return what a definition is, without positions, comments, and the first article and the examples of docstrings.

    A group has processes, where others have one: "A process ended" and "The process ended" say the same of both.
    Examples call each its own.  No other word of a docstring may differ.
    """
    for inner in ast.walk(node):
        if isinstance(inner, _DOCUMENTED) and ast.get_docstring(inner, clean=False) is not None:
            text = inner.body[0].value  # type: ignore[attr-defined]
            parts = doctest.DocTestParser().parse(text.value)
            words = " ".join(" ".join(part for part in parts if isinstance(part, str)).split())
            article, _, rest = words.partition(" ")
            text.value = rest if article in {"A", "An", "The"} else words
    return ast.dump(node)


def drifted(sources: dict[str, str]) -> dict[str, list[list[str]]]:
    """Return the names whose code differs between files, and which of the files agree with each other."""
    files: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for file, source in sources.items():
        for name, node in definitions(source):
            files[name][code(node)].append(file)
    return {name: list(kinds.values()) for name, kinds in files.items() if len(kinds) > 1}


SOURCES = {name: recipes.file_of(name).read_text(encoding="utf-8") for name in recipes.names()}


def test_one_name_one_code() -> None:
    """What several recipes define by one name is the same in all of them: a mend in one was made in the others."""
    assert drifted(SOURCES) == {}


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ("{self.name} ended without a result", "{self.name} has ended", "EndedWithoutResult"),
        ("The process ended before", "The process died before", "EndedWithoutResult"),
        ("except Exception as error:\n        text", "except ValueError as error:\n        text", "_run"),
        ("type(copy) is type(error)", "copy is not None", "_fit"),
        ("_LOOK = 0.5", "_LOOK = 0.1", "_LOOK"),
    ],
)
def test_change_of_one_is_told(before: str, after: str, name: str) -> None:
    """A word, a type or a number that is changed in one recipe alone is found, with the name of what was changed."""
    changed = SOURCES["result"].replace(before, after)
    assert changed != SOURCES["result"]
    found = drifted({**SOURCES, "result": changed})
    assert list(found) == [name]
    assert ["result"] in found[name]


@pytest.mark.parametrize(
    "error",
    [
        closable_queue.QueueAborted("a process that used it has failed"),
        closable_queue.WorkerFailed({"Ann": 9}),
        group.EndedWithoutResult("Ann", -9),
        pipeline.EndedWithoutResult("Ann", -9),
        result.EndedWithoutResult("Ann", 9),
        ring_buffer.RingAborted("the other side is gone or failed"),
        ring_buffer.WorkerFailed({"Ann": 9}),
        supervisor.WorkerDied(3, -9),
        time_limit.EndedWithoutResult("slow", -9),
        time_limit.OutOfTime("slow", 0.5),
        worker_state.StateFailed(OSError("no database"), "Traceback"),
    ],
    ids=lambda error: f"{type(error).__module__.rpartition('.')[2]}.{type(error).__name__}",
)
def test_error_reaches_another_process(error: Exception) -> None:
    """A recipe may be used in a worker: its error is pickled, and arrives with its text and all that it tells."""
    arrived = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(arrived) is type(error)
    assert (str(arrived), vars(arrived)) == (str(error), vars(error))
