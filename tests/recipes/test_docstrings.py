"""Docstrings of recipes: each public name says what it does, and shows it in an example that the doctests run."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from spawnable import recipes

#: without NumPy, the recipe that is about it can not be imported
HERE = [name for name in recipes.names() if name != "shared_array" or importlib.util.find_spec("numpy")]
MODULES = [recipes, *(importlib.import_module(f"spawnable.recipes.{name}") for name in HERE)]


def public(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Give the module, what its `__all__` names, and of each class the public methods and properties that it has."""
    short = module.__name__.rpartition(".")[2]
    yield short, module
    for name in module.__all__:
        thing = getattr(module, name)
        yield f"{short}.{name}", thing
        if inspect.isclass(thing):
            for inner, member in vars(thing).items():
                if not inner.startswith("_") and _documented(member):
                    yield f"{short}.{name}.{inner}", member


def _documented(member: object) -> bool:
    return inspect.isfunction(member) or isinstance(member, property | classmethod | staticmethod)


def examples(thing: Any) -> list[doctest.Example]:
    """Return the examples of a docstring; there are none without one."""
    return doctest.DocTestParser().get_examples(inspect.getdoc(thing) or "")


def takes_context(thing: Any) -> bool:
    """Tell whether a class or function has a parameter of that name."""
    try:
        return "context" in inspect.signature(thing).parameters
    except (TypeError, ValueError):  # a property, a module, or an exception as the library makes them
        return False


NAMES = dict(found for module in MODULES for found in public(module))


def test_all_are_looked_at() -> None:
    """There are classes, functions, methods and properties among the names."""
    expected = {
        "bounded_map.bounded_map",
        "group.Member.value",
        "group.ProcessGroup.start",
        "pipeline.Stage",
        "recipes.file_of",
        "result.RemoteTraceback",
    }
    assert expected <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_docstring(name: str) -> None:
    """It has a docstring of its own, none that it has from a class that it is made of."""
    assert NAMES[name].__doc__


@pytest.mark.parametrize("name", [name for name in NAMES if name != "recipes"])
def test_example(name: str) -> None:
    """Its docstring has an example."""
    assert examples(NAMES[name])


@pytest.mark.parametrize("name", [name for name in NAMES if takes_context(NAMES[name])])
def test_context_is_explained(name: str) -> None:
    """It takes a context, and says which ones there are."""
    assert "`multiprocessing.get_context()`" in " ".join(NAMES[name].__doc__.split())
