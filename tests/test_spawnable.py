"""`spawnable`: what the package offers at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import spawnable

SOURCE = str(Path(spawnable.__file__).parents[1])


@pytest.mark.parametrize("name", spawnable.__all__)
def test_public_names(name: str) -> None:
    """Each public name is there, and is told of by dir()."""
    assert getattr(spawnable, name).__name__ == name
    assert name in dir(spawnable)


def test_no_other_name() -> None:
    """A name that is not offered is an AttributeError, as in any module."""
    with pytest.raises(AttributeError, match="module 'spawnable' has no attribute 'nothing'"):
        spawnable.nothing  # noqa: B018


def test_import_is_cheap() -> None:
    """To import the package imports none of its modules; the core imports no Sphinx and no command line."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import spawnable\n"
        "print(*[name for name in sys.modules if name.startswith('spawnable.')])\n"
        "from spawnable import *\n"
        "import spawnable.batch, spawnable.agreement, spawnable.script\n"
        "print(*sorted({'sphinx', 'docutils', 'click', 'rich', 'IPython'} & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, SOURCE], capture_output=True, text=True, check=True)
    assert done.stdout == "\n\n"
