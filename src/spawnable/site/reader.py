"""How a page of Markdown becomes a notebook: the reader that MyST-NB is given for `.md`.

Any page may hold `{code-cell}`s, without saying so in its front matter.  MyST-NB is
told to execute nothing on it, but where the front matter says
`spawnable: {execution: kernel}`: that page is MyST-NB's own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import nbformat
from myst_nb.core.read import MystMetadataParsingError, read_myst_markdown_notebook
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.directives import YAML_LOAD_ERRORS

__all__ = ["PageError", "by_kernel", "read", "read_leniently"]


class PageError(ValueError):
    """A page that can not be read; the message says why, `line` where."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        place = re.search(r"\bline (\d+)", message)
        self.line = int(place[1]) if place else 1


def read(text: str, extensions: Sequence[str] = ()) -> nbformat.NotebookNode:
    """Return a page as a notebook; `extensions` are those of MyST that the site uses.

    Raises PageError where the front matter or the options of a cell are not YAML.
    """
    config = MdParserConfig(enable_extensions=set(extensions))
    try:
        notebook: nbformat.NotebookNode = read_myst_markdown_notebook(text, config=config, add_source_map=True)
    except (MystMetadataParsingError, *YAML_LOAD_ERRORS) as error:
        raise PageError(str(error)) from error
    except (TypeError, AttributeError, nbformat.ValidationError) as error:
        raise PageError("the front matter, between the first two --- lines, is no mapping") from error
    for cell in notebook.cells:
        options = _keyed_by_text(cell.metadata)
        cell.metadata.clear()
        cell.metadata.update(options)
    metadata = notebook.metadata
    metadata.setdefault("language_info", {"name": "python", "pygments_lexer": "python"})
    if by_kernel(notebook):
        metadata.setdefault("kernelspec", {"name": "python3", "display_name": "Python 3"})
    else:
        metadata["mystnb"] = {**metadata.get("mystnb", {}), "execution_mode": "off"}
    return notebook


def _keyed_by_text(value: Any) -> Any:
    """Return options with each key as a text: a Python's version is a number to YAML."""
    if isinstance(value, dict):
        return {str(key): _keyed_by_text(item) for key, item in value.items()}
    return [_keyed_by_text(item) for item in value] if isinstance(value, list) else value


def read_leniently(text: str, extensions: Sequence[str] = ()) -> nbformat.NotebookNode:
    """Return a page as `read` does; one that can not be read, as prose: it has been reported already."""
    try:
        return read(text, extensions)
    except PageError:
        return read("```\n```")


def by_kernel(notebook: nbformat.NotebookNode) -> bool:
    """Tell whether a page asks to be executed by a kernel."""
    setting = notebook.metadata.get("spawnable")
    return isinstance(setting, dict) and setting.get("execution") == "kernel"
