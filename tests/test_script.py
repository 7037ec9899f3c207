"""`spawnable.script`: a reader's script with its local modules."""

from __future__ import annotations

from pathlib import Path

import pytest

from spawnable.expectation import Expectations
from spawnable.script import ScriptError, from_file


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
