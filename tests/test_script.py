"""`spawnable.script`: a reader's script with its local modules."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spawnable.expectation import Expectations
from spawnable.script import ScriptError, beside, from_file, from_module, own_variables


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write files; return the path of `main.py`."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "main.py"


def companions(folder: Path, files: dict[str, str]) -> list[str]:
    """Return the names of the companions of `main.py` among these files."""
    return list(from_file(write(folder, files)).companions)


def test_script(tmp_path: Path) -> None:
    """A script is a snippet named by its path, with its arguments and any options."""
    path = write(tmp_path, {"main.py": "print('ü')\n"})
    expectations = Expectations.parse("stuck")
    snippet = from_file(path, ["-v"], expectations=expectations, unordered=True)  # type: ignore[arg-type]
    assert (snippet.name, snippet.filename, snippet.code) == (str(path), "main.py", "print('ü')\n")
    assert (snippet.arguments, snippet.expectations, snippet.unordered) == (("-v",), expectations, True)
    assert snippet.companions == {}
    assert snippet.where == str(path)


def test_modules(tmp_path: Path) -> None:
    """Modules that the script imports are companions, those that they import too, others not."""
    files = {
        "main.py": "import os, worker\nfrom numbers import Number\n",
        "worker.py": "def f():\n    from shared import x\n",
        "shared.py": "import worker\nimport main\nx = 1\n",
        "other.py": "",
    }
    assert companions(tmp_path, files) == ["shared.py", "worker.py"]


def test_text(tmp_path: Path) -> None:
    """Companions have the text of their files."""
    path = write(tmp_path, {"main.py": "import worker", "worker.py": "x = 'ü'\n"})
    assert from_file(path).companions == {"worker.py": "x = 'ü'\n"}


def test_packages(tmp_path: Path) -> None:
    """Of a package those modules are companions that are imported, with all packages they lie in."""
    files = {
        "main.py": "import pkg.sub.deep\nfrom pkg import one, value\nfrom bare import tool\nfrom missing.x import y\n",
        "pkg/__init__.py": "from .two import value\n",
        "pkg/one.py": "from . import three\nfrom .sub import *\n",
        "pkg/two.py": "value = 1\n",
        "pkg/three.py": "",
        "pkg/unused.py": "",
        "pkg/sub/__init__.py": "from ..four import x\n",
        "pkg/sub/deep.py": "from ... import beyond\nfrom ..five import x\n",
        "pkg/four.py": "x = 1\n",
        "pkg/five.py": "x = 1\n",
        "bare/tool.py": "",
        "beyond.py": "",
    }
    assert companions(tmp_path, files) == [
        "bare/tool.py",
        "pkg/__init__.py",
        "pkg/five.py",
        "pkg/four.py",
        "pkg/one.py",
        "pkg/sub/__init__.py",
        "pkg/sub/deep.py",
        "pkg/three.py",
        "pkg/two.py",
    ]


def test_package_hides_module(tmp_path: Path) -> None:
    """A package goes before a module of its name, as Python has it."""
    files = {"main.py": "import a", "a.py": "", "a/__init__.py": ""}
    assert companions(tmp_path, files) == ["a/__init__.py"]


def test_import_by_text(tmp_path: Path) -> None:
    """A module that is imported by a call with its name is a companion."""
    files = {
        "main.py": "import importlib\nimportlib.import_module('one')\n__import__('two')\nimportlib.import_module(x)\n",
        "one.py": "",
        "two.py": "",
    }
    assert companions(tmp_path, files) == ["one.py", "two.py"]


def test_nothing_outside(tmp_path: Path) -> None:
    """Nothing outside the script's folder is taken, whatever a call names."""
    path = write(
        tmp_path / "in", {"main.py": "__import__('../secret')\n__import__('..secret')\nfrom .. import secret\n"}
    )
    write(tmp_path, {"secret.py": ""})
    assert from_file(path).companions == {}


@pytest.mark.parametrize("code", ["x = = 1", "\x00", "(" * 3000, "import worker\nif"])
def test_broken_script(tmp_path: Path, code: str) -> None:
    """A script that can not be compiled is a snippet all the same: Python says so when it is run."""
    snippet = from_file(write(tmp_path, {"main.py": code, "worker.py": ""}))
    assert (snippet.code, snippet.companions) == (code, {})


def test_broken_module(tmp_path: Path) -> None:
    """So is a module."""
    assert companions(tmp_path, {"main.py": "import worker", "worker.py": "x = = 1"}) == ["worker.py"]


def test_byte_order_mark(tmp_path: Path) -> None:
    """A script that begins with a byte order mark is read."""
    assert companions(tmp_path, {"main.py": "\ufeffimport worker", "worker.py": ""}) == ["worker.py"]


def test_line_ends(tmp_path: Path) -> None:
    """A script is taken as it is, Windows' line ends too."""
    (tmp_path / "main.py").write_bytes(b"x = 1\r\n")
    assert from_file(tmp_path / "main.py").code == "x = 1\r\n"


def test_missing(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(ScriptError, match=r"main\.py does not exist"):
        from_file(tmp_path / "main.py")


def test_folder(tmp_path: Path) -> None:
    """A folder is no script."""
    with pytest.raises(ScriptError, match="is a folder: name a script in it"):
        from_file(tmp_path)


def test_other_encoding(tmp_path: Path) -> None:
    """A script, or a module of it, that is not UTF-8 is named, with the place."""
    (tmp_path / "latin.py").write_bytes(b"x = '\xfc'\n")
    with pytest.raises(ScriptError, match=r"latin\.py is not UTF-8, from byte 5"):
        from_file(tmp_path / "latin.py")
    with pytest.raises(ScriptError, match=r"latin\.py is not UTF-8"):
        from_file(write(tmp_path, {"main.py": "import latin"}))


def test_declared_encoding(tmp_path: Path) -> None:
    """A script in another encoding, which it declares, is taken byte by byte, as Python reads it."""
    (tmp_path / "latin.py").write_bytes(b"# -*- coding: latin-1 -*-\nx = '\xfc'\nimport worker\n")
    (tmp_path / "worker.py").touch()
    snippet = from_file(tmp_path / "latin.py")
    assert snippet.code.encode(errors="surrogateescape") == (tmp_path / "latin.py").read_bytes()
    assert list(snippet.companions) == ["worker.py"]


def test_module(tmp_path: Path) -> None:
    """A module is run by its name, with the packages that it lies in and what it imports."""
    files = {"a/__init__.py": "", "a/b.py": "from . import c\nimport d\n", "a/c.py": "", "d.py": "", "e.py": ""}
    write(tmp_path, files)
    snippet = from_module("a.b", ("-v",), tmp_path)
    assert (snippet.name, snippet.module, snippet.filename) == ("-m a.b", "a.b", "a/b.py")
    assert (snippet.code, snippet.arguments) == (files["a/b.py"], ("-v",))
    assert list(snippet.companions) == ["a/__init__.py", "a/c.py", "d.py"]


def test_package_as_module(tmp_path: Path) -> None:
    """A package is run by its `__main__`; without one it can not be."""
    write(tmp_path, {"a/__init__.py": "", "a/__main__.py": "from a import c", "a/c.py": "", "b/__init__.py": ""})
    snippet = from_module("a", folder=tmp_path)
    assert (snippet.filename, list(snippet.companions)) == ("a/__main__.py", ["a/__init__.py", "a/c.py"])
    with pytest.raises(ScriptError, match=r"it has no __main__\.py"):
        from_module("b", folder=tmp_path)


def test_module_elsewhere(tmp_path: Path) -> None:
    """A module that is not in the folder is left to the interpreter; what is no name is refused."""
    assert (from_module("timeit", folder=tmp_path).filename, from_module("timeit", folder=tmp_path).code) == ("", "")
    with pytest.raises(ScriptError, match="no name of a module"):
        from_module("a/b.py", folder=tmp_path)


def test_files_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files lie where the script looks for them: from its own folder, or from that of the command."""
    write(tmp_path / "in", {"main.py": "", "rows.csv": "1\n", "deep/more.csv": "2\n"})
    (tmp_path / "table.bin").write_bytes(b"\xff\x00")
    monkeypatch.chdir(tmp_path)
    found = beside(["in/rows.csv", "in/deep", "table.bin"], "in/main.py")
    assert sorted(found) == ["deep/more.csv", "in/deep/more.csv", "in/rows.csv", "rows.csv", "table.bin"]
    assert found["table.bin"].encode(errors="surrogateescape") == b"\xff\x00"
    with pytest.raises(ScriptError, match=r"none\.csv does not exist"):
        beside(["none.csv"], "in/main.py")


def test_own_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader's variables are kept; folders on the search path are found from any working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "lib")
    monkeypatch.setenv("MY_TOKEN", "secret")
    monkeypatch.setenv("SPAWNABLE_PORTABLE", "1")
    kept = own_variables("src")
    assert kept["PYTHONPATH"] == os.pathsep.join([str(tmp_path / "src"), str(tmp_path / "lib")])
    assert kept["MY_TOKEN"] == "secret"  # noqa: S105
    assert {"PWD", "SPAWNABLE_PORTABLE"}.isdisjoint(kept)
