"""Every page is valid HTML with what belongs around it, and its colours are told apart."""

from __future__ import annotations

import gzip
import json
import math
import re
from collections import Counter
from itertools import combinations
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Page
from tinyhtml5.parser import HTMLParser

#: attributes that name an element of the same page
_NAMING = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "headers")


def _soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def test_html(folder: Path, pages: list[str]) -> None:
    """No page breaks the grammar of HTML, has an id twice, or names one that it has not."""
    wrong = []
    for name in pages:
        text = (folder / name).read_text(encoding="utf-8")
        parser = HTMLParser()
        parser.parse(text)
        wrong += [f"{name}: {error}" for error in parser.errors]
        soup = BeautifulSoup(text, "html.parser")
        ids = Counter(element["id"] for element in soup.select("[id]"))
        wrong += [f"{name}: id {identifier} twice" for identifier, count in ids.items() if count > 1]
        for attribute in _NAMING:
            for element in soup.select(f"[{attribute}]"):
                wrong += [f"{name}: no {other}" for other in str(element[attribute]).split() if other not in ids]
    assert not wrong


def test_links(folder: Path, pages: list[str]) -> None:
    """Every link inside the site leads somewhere, to its anchor as well."""
    anchors = {}
    links = []
    for name in pages:
        soup = _soup(folder / name)
        anchors[name] = {str(element["id"]) for element in soup.select("[id]")} | {""}
        links += [(name, str(element["href"])) for element in soup.select("[href]")]
    wrong = []
    for name, link in links:
        address, _, anchor = re.sub(r"\?[^#]*", "", link).partition("#")
        if re.match(r"[a-z]+:", address):
            continue
        start = folder if address.startswith("/") else (folder / name).parent
        target = (start / address.lstrip("/")).resolve() if address else folder / name
        where = target.relative_to(folder).as_posix()
        if not target.exists() or (where in anchors and anchor not in anchors[where]):
            wrong.append(f"{name}: {link}")
    assert not wrong


def test_head(folder: Path) -> None:
    """Pages of the guide have a title, a description, what a preview shows, and an icon."""
    for name in ("index.html", "article/tickets.html"):
        head = _soup(folder / name).head
        assert head is not None
        for wanted in ("title", "meta[name=description]", "meta[property='og:title']", "link[rel~=icon]"):
            assert head.select_one(wanted), f"{name}: {wanted}"


def test_markdown_copies(folder: Path) -> None:
    """Beside each page is its Markdown, with scripts and outputs; llms.txt leads to all of them."""
    snippets = json.loads((folder / "snippets.json").read_text(encoding="utf-8"))
    listed = re.findall(r"\]\((\S+?\.md)\)", (folder / "llms.txt").read_text(encoding="utf-8"))
    assert {f"{snippet['page']}.md" for snippet in snippets} <= set(listed)
    for name in listed:
        assert (folder / name).is_file(), name
    copy = (folder / "article/zombies.md").read_text(encoding="utf-8")
    assert copy.startswith("# Why do my ended processes show up as zombies?\n")
    assert "```python\nimport multiprocessing" in copy
    assert "joined: gone" in copy


def test_not_found(page: Page) -> None:
    """A missing page's answer has the site's navigation, from whatever depth it is shown."""
    page.goto("404.html")
    assert page.locator(".sidebar-tree a").count()
    assert page.locator("article a[href]").count()


#: bytes of a first visit, each file compressed as a static host does it
_FIRST_VISIT = 80_000


@pytest.mark.parametrize("name", ["index.html", "article/tickets.html", "article/tickets-lock.html"])
def test_first_visit(page: Page, folder: Path, name: str) -> None:
    """Whoever comes for the first time waits for little: page, styles, scripts and signs together."""
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).path.lstrip("/")))
    page.goto(name, wait_until="networkidle")
    assert name in asked
    assert sum(len(gzip.compress((folder / path).read_bytes(), 6)) for path in asked) < _FIRST_VISIT


#: how colour-blind readers see linear RGB, after Machado, Oliveira and Fernandes (2009), severity 1
_SEEN = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
    "all colours": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
}
#: the difference (CIE76) that two of the first four colours keep, as anyone sees them
_APART = 10.0


def _lab(rgb: tuple[float, ...]) -> tuple[float, float, float]:
    """Return linear RGB, 0 to 1, as CIELAB under D65."""
    red, green, blue = (min(1.0, max(0.0, part)) for part in rgb)
    xyz = (
        (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047,
        0.2126729 * red + 0.7151522 * green + 0.0721750 * blue,
        (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883,
    )
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("sight", _SEEN)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_process_colours(page: Page, theme: str, sight: str) -> None:
    """The colours of the first processes are told apart by colour-blind readers, light and dark."""
    page.goto("index.html")
    colours: list[list[int]] = page.evaluate(
        """(theme) => {
            document.body.dataset.theme = theme;
            return [0, 1, 2, 3].map((number) => {
                const one = document.createElement("i");
                one.style.color = `var(--p${number})`;
                document.body.append(one);
                return getComputedStyle(one).color.match(/\\d+/g).slice(0, 3).map(Number);
            });
        }""",
        theme,
    )
    seen = []
    for colour in colours:
        linear = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (c / 255 for c in colour)
        ]
        seen.append(_lab(tuple(sum(a * b for a, b in zip(row, linear, strict=True)) for row in _SEEN[sight])))
    close = [
        (one, other, round(math.dist(seen[one], seen[other]), 1))
        for one, other in combinations(range(len(seen)), 2)
        if math.dist(seen[one], seen[other]) < _APART
    ]
    assert not close
