"""The site's own words in the language of the pages, through Sphinx's catalogs."""

from __future__ import annotations

from sphinx.locale import get_translation

__all__ = ["CATALOG", "_"]

#: the name of the message catalog
CATALOG = "spawnable"
_lazy = get_translation(CATALOG)


def _(text: str) -> str:
    """Return a text in the language of the build."""
    return str(_lazy(text))
