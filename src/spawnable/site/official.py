"""Links from the names in scripts to the documentation of Python, of an inventory that the project keeps.

The names and their places are those of the file `spawnable_names`.  sphinx-codeautolink finds
them in scripts; what it needs is made of that file, so that a build asks no other host.
"""

from __future__ import annotations

import json
import pkgutil
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.ext.doctest import doctestopt_re

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

__all__ = ["OFFICIAL", "inventory", "places", "setup", "trim"]

#: where Python's documentation is
OFFICIAL = "https://docs.python.org/3/"
_HEAD = "# Sphinx inventory version 2\n# Project: Python\n# Version: 3\n# The remainder is compressed using zlib.\n"


def inventory(names: Iterable[dict[str, Any]]) -> bytes:
    """Return the inventory, in the second version of its format, of those names that have a link."""
    lines = [f"{item['name']} py:{item['kind']} 1 {item['link']} -\n" for item in names if item.get("link")]
    return _HEAD.encode() + zlib.compress("".join(lines).encode())


def places(names: Iterable[str]) -> dict[str, str]:
    """Return the documented name of each that is defined elsewhere, by the name of its definition.

    Such as `multiprocessing.Process` by `multiprocessing.context.Process`.  The first of several counts.
    """
    found: dict[str, str] = {}
    for name in names:
        place = _defined(name)
        if place != name:
            found.setdefault(place, name)
    return found


def _defined(name: str) -> str:
    """Return where a name is defined; itself where that is not told, or this Python lacks it."""
    try:
        thing: Any = pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return name
    home, qualified = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    return f"{home}.{qualified}" if isinstance(home, str) and isinstance(qualified, str) else name


def trim(_app: Sphinx, document: nodes.document) -> None:
    """Take the options of doctest out of sessions at the prompt, as Sphinx does later, too late for their links."""
    for block in document.findall(nodes.literal_block):
        if block.get("language") == "pycon":
            block.rawsource = doctestopt_re.sub("", block.astext())
            block[:] = [nodes.Text(block.rawsource)]


def _configure(app: Sphinx, config: Config) -> None:
    """Hand both to the extensions that use them."""
    known = json.loads(Path(app.confdir, config.spawnable_names).read_text(encoding="utf-8"))["names"]
    file = Path(app.doctreedir, "python.inv")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(inventory(known))
    config.intersphinx_mapping = {**config.intersphinx_mapping, "python": (OFFICIAL, str(file))}
    config.codeautolink_inventory_map = {**places(item["name"] for item in known), **config.codeautolink_inventory_map}
    config.codeautolink_custom_blocks = {"ipython3": None, **config.codeautolink_custom_blocks}


def setup(app: Sphinx) -> dict[str, Any]:
    """Register it with Sphinx."""
    app.setup_extension("spawnable.site.shown")
    app.setup_extension("sphinx.ext.intersphinx")
    app.setup_extension("sphinx_codeautolink")
    app.connect("config-inited", _configure, priority=100)
    app.connect("doctree-read", trim, priority=480)  # before names are looked for
    return {"version": "0.1.0", "parallel_read_safe": True, "parallel_write_safe": True}
