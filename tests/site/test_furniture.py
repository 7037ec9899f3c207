"""What is written beside the pages: search index, Markdown copies, list, sitemap, tool tips."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.site.conftest import Build, Site

MORE = """
extensions += ["spawnable.site.finding", "spawnable.site.plain", "spawnable.site.furniture"]
html_baseurl = "https://example.org/guide/"
"""
INDEX = """\
---
myst: {html_meta: {description: "What this is about."}}
---
# First page

Some *text* with a {term}`zombie` and `a|b`.

```{code-cell} python
---
name: prints
start-methods: [spawn]
---
print("a line of output")
```

## A section

1. one
2. two

   ```console
   $ ls
   ```

| a | b |
| --- | --- |
| 1 | `x` |

```{toctree}
terms
hidden
```
"""
TERMS = """\
# Terms

```{glossary}
zombie
  A process that has ended and was not waited for. It is no ghost.

orphan
  A process without parent.
```
"""
HIDDEN = """\
---
nosearch: true
---
# Not to be found

Nothing.
"""


def _index(folder: Path) -> dict[str, Any]:
    text = (folder / "search-index.js").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text.removeprefix("searchIndex(").removesuffix(")\n"))
    return found


@pytest.fixture
def built(site: Site) -> Build:
    """A site with two pages that refer to each other, and one that is not searched."""
    site.configure(MORE)
    site.write(INDEX)
    site.write(TERMS, "terms")
    site.write(HIDDEN, "hidden")
    build = site.build("html", "-n")
    assert build.code == 0, build.log
    return build


def test_written_beside_the_pages(built: Build) -> None:
    """The index has sections, terms and outputs; the copy all of a page; each link to a term says what it means."""
    index = _index(built.folder)
    assert index["pages"] == [["index.html", "First page"], ["terms.html", "Terms"]]
    parts = {(page, anchor): (title, text) for page, anchor, title, text in index["sections"]}
    title, text = parts[0, ""]
    assert title == "First page"
    assert 'print("a line of output")' in text
    assert "\na line of output" in text
    assert "one" not in text
    assert parts[0, "a-section"][0] == "A section"
    assert "$ ls" in parts[0, "a-section"][1]
    assert parts[1, "term-zombie"] == ("zombie", "A process that has ended and was not waited for. It is no ghost.")

    copy = (built.folder / "index.md").read_text(encoding="utf-8")
    assert copy.startswith("# First page\n\nSome *text* with a [zombie](terms.md#term-zombie) and `a|b`.\n")
    assert '```python\nprint("a line of output")\n```' in copy
    assert "```\na line of output\n```" in copy
    assert "2. two\n\n   ```console\n   $ ls\n   ```" in copy
    assert "| a | b |\n| --- | --- |\n| 1 | `x` |" in copy
    listed = (built.folder / "llms.txt").read_text(encoding="utf-8")
    assert "- [First page](https://example.org/guide/index.md): What this is about.\n" in listed

    assert "<loc>https://example.org/guide/terms.html</loc>" in (built.folder / "sitemap.xml").read_text(
        encoding="utf-8"
    )
    link = built.page().select_one("a[href$='#term-zombie']")
    assert link is not None
    assert link["title"] == "A process that has ended and was not waited for."


def test_file_that_is_shown_whole(site: Site) -> None:
    """A file of code is found by what it defines, and not by each of its words: it has words of many things."""
    site.configure(MORE)
    tool = '"""A cure."""\n\n\nclass Tool:\n    """Cures all."""\n\n    def mend(self) -> None:\n        """Mend."""\n'
    (site.folder / "tool.py").write_text(tool, encoding="utf-8")
    site.write("# A page\n\nIts text.\n\n```{literalinclude} tool.py\n:language: python\n```\n")
    build = site.build("html", "-n")
    assert build.code == 0, build.log
    assert _index(build.folder)["sections"] == [[0, "", "A page", "Its text.\nTool mend"]]


def test_index_follows_the_pages(built: Build, site: Site) -> None:
    """A page that is changed or gone is so in the index, after a build of that page alone."""
    site.write(TERMS.replace("zombie", "ghoul"), "terms")
    site.write(INDEX.replace("zombie", "ghoul").replace("hidden\n", ""))
    (site.folder / "hidden.md").unlink()
    again = site.build("html", "-n")
    assert again.code == 0, again.log
    assert "term-ghoul" in {anchor for _, anchor, _, _ in _index(again.folder)["sections"]}
    assert "hidden.md" not in (again.folder / "llms.txt").read_text(encoding="utf-8")


def test_navigation_opens_the_section_of_a_page(site: Site) -> None:
    """Beside a page stand all sections, and the pages of its own."""
    site.configure(MORE + 'html_theme = "furo"\n')
    site.write("# Home\n\n```{toctree}\nguide\nrecipes\n```\n")
    for section in ("guide", "recipes"):
        site.write(f"# {section}\n\n```{{toctree}}\n{section}-one\n{section}-two\n```\n", section)
        for name in ("one", "two"):
            site.write(f"# {section} {name}\n", f"{section}-{name}")
    build = site.build("html", "-n")
    assert build.code == 0, build.log
    beside = {
        page: [link.text for link in build.page(page).select(".sidebar-tree a")] for page in ("index", "guide-one")
    }
    assert beside["index"] == ["guide", "recipes"]
    assert beside["guide-one"] == ["guide", "guide one", "guide two", "recipes"]
