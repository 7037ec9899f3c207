"""A reader's own script or module, with the local modules that it imports and the variables that it sees."""

from __future__ import annotations

import ast
import os
import site
import tokenize
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from spawnable.snippet import Snippet

__all__ = ["ScriptError", "beside", "from_file", "from_module", "own_variables"]

#: bytes of all files together that are taken along
_MOST = 50_000_000
#: variables that say where a process is, or that this command alone has
_NOT_KEPT = ("PWD", "OLDPWD", "_")


class ScriptError(ValueError):
    """A file that is no script; the message names it and says why."""


def from_file(path: str | Path, arguments: tuple[str, ...] = (), **options: Any) -> Snippet:
    """Return a snippet of a script and of the modules beside it that it imports, directly or through one another.

    Modules are found by their import statements, and by calls of `import_module`
    with a text.  Options are those of `Snippet`.  Raises ScriptError where the file
    is missing, a folder, or not in the encoding that it declares.
    """
    path = Path(path)
    code = _read(path)
    options.setdefault("name", str(path))
    return Snippet(
        code=code,
        filename=path.name,
        companions=_companions(path.parent, path.name, ("", False, code)),
        arguments=tuple(arguments),
        **options,
    )


def from_module(module: str, arguments: tuple[str, ...] = (), folder: str | Path = ".", **options: Any) -> Snippet:
    """Return a snippet that runs a module or a package as `python -m` does.

    It is taken from the folder, with what it imports there; where it is not there, it is one
    that the interpreter has.  Raises ScriptError where the name can be none, where a package
    has no `__main__`, or where a file can not be read.
    """
    parts = module.split(".")
    if (Path(folder) / module).is_file():
        raise ScriptError(f"{module} is a file: run it without -m")
    if not all(part.isidentifier() for part in parts):
        raise ScriptError(f"{module!r} is no name of a module: it is named as in `import package.module`")
    folder = Path(folder)
    options.setdefault("name", f"-m {module}")
    file = "/".join(parts)
    if (folder / file).is_dir() and not (folder / f"{file}.py").is_file():
        if (folder / file / "__main__.py").is_file():
            parts, file = [*parts, "__main__"], f"{file}/__main__"
        elif (folder / file / "__init__.py").is_file():
            raise ScriptError(f"{folder / file} is a package that can not be run: it has no __main__.py")
    code = ""
    companions: dict[str, str] = {}
    found = (folder / f"{file}.py").is_file()
    if found:
        code = _read(folder / f"{file}.py")
        companions = _companions(folder, f"{file}.py", (".".join(parts), False, code), parents=parts)
    return Snippet(
        code=code,
        filename=f"{file}.py" if found else "",
        companions=companions,
        arguments=tuple(arguments),
        module=module,
        **options,
    )


def beside(paths: Iterable[str | Path], script: str | Path) -> dict[str, str]:
    """Return files that a script reads, and those in folders, by where it looks for them.

    That is from the script's own folder and from the folder in which the command is given.
    Raises ScriptError where one can not be read, or where they are too large.
    """
    bases = [Path(script).absolute().parent, Path.cwd()]
    found: dict[str, str] = {}
    for path in map(Path, paths):
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if path.is_dir() and (not file.is_file() or "__pycache__" in file.parts):
                continue
            inside = [file.absolute().relative_to(base) for base in bases if file.absolute().is_relative_to(base)]
            text = _bytes(file).decode(errors="surrogateescape")
            found |= {name.as_posix(): text for name in inside or [file.relative_to(path.parent)]}
            if sum(map(len, found.values())) > _MOST:
                raise ScriptError(f"{path}: more than {_MOST // 1_000_000} MB to take along: let the script make them")
    return found


def own_variables(folder: str | Path | None = None) -> dict[str, str]:
    """Return the environment variables of this process, as a script in another working directory can use them.

    `folder` comes first on the module search path, so that what is imported by a name made at
    run time is found there; packages in the user's own folder are found although HOME is another.
    """
    kept = {
        name: text for name, text in os.environ.items() if name not in _NOT_KEPT and not name.startswith("SPAWNABLE_")
    }
    known = kept.get("PYTHONPATH", "")
    paths = [str(folder)] if folder is not None else []
    paths += known.split(os.pathsep) if known else []
    if paths:
        kept["PYTHONPATH"] = os.pathsep.join(str(Path(path).absolute()) for path in paths)
    return {"PYTHONUSERBASE": site.getuserbase(), **kept}


def _read(path: Path) -> str:
    if path.is_dir():
        raise ScriptError(f"{path} is a folder: name a script in it")
    content = _bytes(path)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        if _declares(content):
            return content.decode(errors="surrogateescape")
        raise ScriptError(f"{path} is not UTF-8, from byte {error.start}: save it as UTF-8") from None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ScriptError(f"{path} does not exist") from None
    except OSError as error:
        raise ScriptError(f"{path} can not be read: {error.strerror}") from error


def _declares(content: bytes) -> bool:
    """Tell whether a script that is not UTF-8 is in the encoding that its first lines declare."""
    try:
        encoding, _ = tokenize.detect_encoding(BytesIO(content).readline)
        content.decode(encoding)
    except (SyntaxError, ValueError, LookupError):
        return False
    return True


def _companions(folder: Path, script: str, start: tuple[str, bool, str], parents: Iterable[str] = ()) -> dict[str, str]:
    """Return the text of each module in the folder that a script imports, by its path there.

    `start` is the script's module name, whether it is a package, and its text; of `parents`, the
    parts of that name, those are companions that are packages.
    """
    found: dict[str, str] = {}
    waiting = [start, ("", False, f"import {'.'.join(parents)}" if parents else "")]
    while waiting:
        module, is_package, text = waiting.pop()
        for name in _imported(text, module if is_package else module.rpartition(".")[0]):
            for part in _with_parents(name):
                for file in (f"{part.replace('.', '/')}/__init__.py", f"{part.replace('.', '/')}.py"):
                    if file in found or file == script or not (folder / file).is_file():
                        continue
                    found[file] = _read(folder / file)
                    waiting.append((part, file.endswith("/__init__.py"), found[file]))
                    break
    return dict(sorted(found.items()))


def _imported(code: str, package: str) -> Iterator[str]:
    """Give the full names of what a module imports; a name in a module may be a module."""
    try:
        tree = ast.parse(code.encode(errors="surrogateescape"))
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
