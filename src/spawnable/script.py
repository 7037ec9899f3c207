"""A reader's own script, with the local modules that it imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spawnable.snippet import Snippet

__all__ = ["ScriptError", "from_file"]


class ScriptError(ValueError):
    """A file that is no script; the message names it and says why."""


def from_file(path: str | Path, arguments: tuple[str, ...] = (), **options: Any) -> Snippet:
    """Return a snippet of a script and of the modules beside it that it imports, directly or through one another.

    Modules are found by their import statements, and by calls of `import_module`
    with a text.  Options are those of `Snippet`.  Raises ScriptError where the file
    is missing, a folder, or not UTF-8.
    """
    path = Path(path)
    code = _read(path)
    options.setdefault("name", str(path))
    return Snippet(
        code=code,
        filename=path.name,
        companions=_companions(path, code),
        arguments=tuple(arguments),
        **options,
    )


def _read(path: Path) -> str:
    if path.is_dir():
        raise ScriptError(f"{path} is a folder: name a script in it")
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        raise ScriptError(f"{path} does not exist") from None
    except OSError as error:
        raise ScriptError(f"{path} can not be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ScriptError(f"{path} is not UTF-8, from byte {error.start}: save it as UTF-8") from None


def _companions(script: Path, code: str) -> dict[str, str]:
    """Return the text of each module in the script's folder that is imported, by its path there."""
    folder = script.parent
    found: dict[str, str] = {}
    waiting = [("", False, code)]
    while waiting:
        module, is_package, text = waiting.pop()
        for name in _imported(text, module if is_package else module.rpartition(".")[0]):
            for part in _with_parents(name):
                for file in (f"{part.replace('.', '/')}/__init__.py", f"{part.replace('.', '/')}.py"):
                    if file in found or file == script.name or not (folder / file).is_file():
                        continue
                    found[file] = _read(folder / file)
                    waiting.append((part, file.endswith("/__init__.py"), found[file]))
                    break
    return dict(sorted(found.items()))


def _imported(code: str, package: str) -> Iterator[str]:
    """Give the full names of what a module imports; a name in a module may be a module."""
    try:
        tree = ast.parse(code.removeprefix("\ufeff"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # Python will say so when it is run
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (item.name for item in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = _absolute(module or "", level, package)
                if base is None:
                    continue
                if base:
                    yield base
                yield from (f"{base}.{item.name}".removeprefix(".") for item in names if item.name != "*")
            case ast.Call(
                func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield name


def _absolute(module: str, level: int, package: str) -> str | None:
    """Return the full name of a module that is named from within a package; None beyond its top."""
    if level == 0:
        return module
    parts = package.split(".") if package else []
    if level > len(parts):
        return None
    return ".".join([*parts[: len(parts) - level + 1], *([module] if module else [])])


def _with_parents(name: str) -> list[str]:
    """Return the packages that a module lies in, outermost first, and the module."""
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts):
        return []
    return [".".join(parts[:size]) for size in range(1, len(parts) + 1)]
