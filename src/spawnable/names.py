"""Which public names of a library a script uses, as the types of its expressions tell.

A name in a comment or a string does not count, and neither does a method of another class that is
called the same: `queue.put` counts for `multiprocessing.Queue.put` where `queue` is one.  What a
name is, mypy says, for the newest Python that it knows.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["NamesError", "exercised"]

#: classes and modules behind those that are documented
_BEHIND = {
    "multiprocessing.process.BaseProcess": "multiprocessing.Process",
    "multiprocessing.context.BaseContext": "multiprocessing",
    "multiprocessing.context.DefaultContext": "multiprocessing",
    "multiprocessing.connection._ConnectionBase": "multiprocessing.connection.Connection",
    "multiprocessing.process": "multiprocessing",
    "multiprocessing.context": "multiprocessing",
    "concurrent.futures._base": "concurrent.futures",
}
#: built-in functions that call a method
_CALLS = {"builtins.repr": "__repr__", "builtins.str": "__str__", "builtins.print": "__str__"}
_PROBE, _CELL = "names_of_the_library", "script_"


class NamesError(RuntimeError):
    """Scripts whose names can not be resolved; the message says why."""


def exercised(names: Iterable[str], scripts: Mapping[str, str]) -> dict[str, list[str]]:
    """Return for each name, such as `multiprocessing.Queue.put`, the keys of the scripts that use it.

    A class is used where it is called or named, or where a member of one of its instances is used.
    Raises NamesError where mypy can not read a script.
    """
    known = set(names)
    keys = list(scripts)
    trees, types = _typed({_PROBE: _probe(known)} | {f"{_CELL}{i}": scripts[key] for i, key in enumerate(keys)})
    used = _Used(known, types)
    used.learn(trees[_PROBE])
    found: dict[str, list[str]] = {name: [] for name in sorted(known)}
    for number, key in enumerate(keys):
        for name in sorted(used.of(trees[f"{_CELL}{number}"])):
            found[name].append(key)
    del trees, types, used
    gc.collect()  # mypy's trees are rings of some hundred thousand objects
    return found


def _probe(names: set[str]) -> str:
    """Return a script that has each name of a module, and each class of which a name is a member, as an expression."""
    whole = names | {name.rpartition(".")[0] for name in names}
    lines = [f"import {module}" for module in sorted(_MODULES)]
    return "\n".join([*lines, *sorted(name for name in whole if name.rpartition(".")[0] in _MODULES)]) + "\n"


_MODULES = {
    "multiprocessing",
    *(
        f"multiprocessing.{name}"
        for name in (
            *("connection", "managers", "pool", "queues", "resource_tracker", "shared_memory", "sharedctypes"),
            *("synchronize", "util"),
        )
    ),
    "concurrent.futures",
    "concurrent.futures.interpreter",
    "concurrent.futures.process",
    "concurrent.interpreters",
}


def _typed(sources: Mapping[str, str]) -> tuple[dict[str, Any], dict[Any, Any]]:
    """Return the syntax tree of each source, and the types of all their expressions."""
    from mypy import build, defaults
    from mypy.errors import CompileError
    from mypy.modulefinder import BuildSource
    from mypy.options import Options

    options = Options()
    options.export_types = options.preserve_asts = options.check_untyped_defs = True
    # what is wrong with their types is told elsewhere
    options.ignore_errors = options.ignore_missing_imports = True
    options.python_version = max(defaults.PYTHON3_VERSION, _NEWEST)
    options.incremental = False
    options.cache_dir = "/dev/null"
    # mypy all but ends the collection of garbage in the process that calls it
    thresholds = gc.get_threshold()
    try:
        result = build.build([BuildSource(f"{name}.py", name, text) for name, text in sources.items()], options)
    except CompileError as error:
        raise NamesError("; ".join(error.messages)) from error
    finally:
        gc.set_threshold(*thresholds)
    return {name: result.graph[name].tree for name in sources}, dict(result.types)


#: where the classes of the library come from
_LIBRARY = ("multiprocessing.", "concurrent.")
#: names are looked for as this Python has them
_NEWEST = (3, 15)


class _Used:
    """Finds the names that scripts use."""

    def __init__(self, known: set[str], types: dict[Any, Any]) -> None:
        self._known = known
        self._types = types
        self._behind = dict(_BEHIND)

    def learn(self, probe: Any) -> None:
        """Find out which class is behind each documented name."""
        from mypy.nodes import MypyFile, RefExpr

        for expression in _expressions(probe):
            if isinstance(expression, RefExpr) and not isinstance(expression.node, MypyFile):
                name = _written(expression)
                for kind in self._made(expression) if name.rpartition(".")[2][:1].isupper() else ():
                    if kind.type.fullname.startswith(_LIBRARY):
                        self._behind.setdefault(kind.type.fullname, name)

    def of(self, tree: Any) -> set[str]:
        """Return the known names that a script uses."""
        return {name for raw in self._raw(tree) if (name := self._documented(raw)) is not None}

    def _documented(self, raw: str) -> str | None:
        """Return the documented name of what mypy calls so; None where it has none."""
        if raw in self._known:
            return raw
        if raw in self._behind and self._behind[raw] != raw:
            return self._documented(self._behind[raw])
        owner, _, member = raw.rpartition(".")
        behind = self._behind.get(owner)
        return self._documented(f"{behind}.{member}") if behind is not None and behind != owner else None

    def _raw(self, tree: Any) -> Iterator[str]:
        from mypy.nodes import LDEF, CallExpr, ImportFrom, MemberExpr, NameExpr, RefExpr

        imported = {
            alias or name: f"{statement.id}.{name}"
            for statement in tree.imports
            if isinstance(statement, ImportFrom)
            for name, alias in statement.names
        }
        for expression in _expressions(tree):
            if isinstance(expression, RefExpr):
                yield from filter(None, (expression.fullname, _written(expression)))
            if isinstance(expression, NameExpr) and expression.name in imported and expression.kind != LDEF:
                yield imported[expression.name]  # also one that mypy's own description of the library lacks
            if isinstance(expression, MemberExpr):
                yield from self._member(expression.expr, expression.name)
            if isinstance(expression, CallExpr) and isinstance(expression.callee, RefExpr):
                method = _CALLS.get(expression.callee.fullname)
                for argument in expression.args if method else ():
                    yield from self._member(argument, str(method))

    def _member(self, owner: Any, name: str) -> Iterator[str]:
        """Return what the member of a value may be called: by its class, and by those that it inherits from."""
        for kind in _instances(self._types.get(owner)):
            for base in kind.type.mro:
                yield f"{base.fullname}.{name}"
            yield kind.type.fullname

    def _made(self, expression: Any) -> Iterator[Any]:
        """Return the kinds of what a class, or a function that makes something, returns."""
        from mypy.types import CallableType, Overloaded, get_proper_type

        kind: Any = get_proper_type(self._types.get(expression))
        items = kind.items if isinstance(kind, Overloaded) else [kind]
        for item in items:
            if isinstance(item, CallableType):
                yield from _instances(item.ret_type)


def _expressions(tree: Any) -> list[Any]:
    from mypy.server.subexpr import get_subexpressions

    return list(get_subexpressions(tree))


def _written(expression: Any) -> str:
    """Return a name as it is written: its module, and what follows; empty where it is of no module."""
    from mypy.nodes import MemberExpr, MypyFile, RefExpr

    if isinstance(expression, MemberExpr) and isinstance(expression.expr, RefExpr):
        owner = expression.expr
        return f"{owner.node.fullname}.{expression.name}" if isinstance(owner.node, MypyFile) else ""
    return ""


def _instances(of: Any) -> Iterator[Any]:
    """Return the classes of which a value of this type may be an instance, or itself one."""
    from mypy.types import CallableType, Instance, Overloaded, TypeType, TypeVarType, UnionType, get_proper_type

    kind: Any = get_proper_type(of)
    if isinstance(kind, Instance):
        yield kind
    elif isinstance(kind, UnionType):
        for item in kind.items:
            yield from _instances(item)
    elif isinstance(kind, TypeVarType):
        yield from _instances(kind.upper_bound)
    elif isinstance(kind, TypeType):
        yield from _instances(kind.item)
    elif isinstance(kind, CallableType | Overloaded) and kind.is_type_obj():
        yield from _instances(kind.items[0].ret_type)
