"""Where the pages of the guide are, as seen from a terminal."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

__all__ = ["ADDRESS", "address_of"]

#: the variable that names the guide's address or the folder of a built one
ADDRESS = "SPAWNABLE_BASE_URL"
#: the guide's sources, where the package lies in a checkout
_SOURCES = Path(__file__).parents[3] / "docs"


def address_of(page: str) -> str:
    """Return where a page is, as `article/join-deadlock#mended-get-then-join` names it; empty for no page.

    That is below `SPAWNABLE_BASE_URL`, or below the documentation's address that the
    package declares; in a checkout, the built page or its source; else the page's name.
    """
    if not page:
        return ""
    name, hash_sign, anchor = page.partition("#")
    base = os.environ.get(ADDRESS) or _declared()
    if base:
        return f"{base.rstrip('/')}/{name}.html{hash_sign}{anchor}"
    built = _SOURCES / "_build" / "html" / f"{name}.html"
    if built.is_file():
        return f"{built.as_uri()}{hash_sign}{anchor}"
    source = _SOURCES / f"{name}.md"
    return str(source) if source.is_file() else f"the guide's page {page}"


def _declared() -> str:
    """Return the address of the documentation in the package's metadata; empty where it has none."""
    try:
        urls = metadata("spawnable").get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    for url in urls:
        label, _, address = str(url).partition(",")
        if label.strip().lower() == "documentation":
            return address.strip()
    return ""
