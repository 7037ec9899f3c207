"""Tables of a page's plain copy: each column has its title, whatever spans several."""

from __future__ import annotations

from docutils.core import publish_doctree

from spawnable.site.markdown import markdown

SPANS = """\
+--------+---------------+
| Script | Python 3.14   |
|        +------+--------+
|        | fork | spawn  |
+========+======+========+
| first  | yes  | no     |
+--------+------+--------+
| second | both          |
+--------+---------------+
"""
BARE = """\
===  ===
one  two
===  ===
"""


def test_titles_of_two_rows_are_one() -> None:
    """What spans several columns or rows stands in each of them, and a column's titles in one."""
    assert markdown(publish_doctree(SPANS)).splitlines() == [
        "| Script | Python 3.14 fork | Python 3.14 spawn |",
        "| --- | --- | --- |",
        "| first | yes | no |",
        "| second | both | both |",
    ]


def test_table_without_titles() -> None:
    """Markdown wants a row of titles: it is empty."""
    assert markdown(publish_doctree(BARE)).splitlines() == ["|  |  |", "| --- | --- |", "| one | two |"]
