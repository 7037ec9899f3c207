"""The verdicts on claims, and how each is shown."""

from __future__ import annotations

from docutils import nodes

from spawnable.site.language import _

__all__ = ["VERDICTS", "badge", "verdict_class"]


VERDICTS = ("holds", "holds with limits", "outdated", "wrong")


def badge(verdict: str) -> nodes.inline:
    """Return a verdict in its colour."""
    words = {
        "holds": _("holds"),
        "holds with limits": _("holds with limits"),
        "outdated": _("outdated"),
        "wrong": _("wrong"),
    }
    return nodes.inline("", words[verdict], classes=["badge", f"badge-{verdict_class(verdict)}"])


def verdict_class(verdict: str) -> str:
    """Return a verdict as part of a class name.

    >>> verdict_class("holds with limits")
    'holds-with-limits'
    """
    return verdict.replace(" ", "-")
