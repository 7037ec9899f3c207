"""The search finds what readers look for, at once, by keyboard, and without a server."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.searching import FIELD, LINKS, open_search, results_of

QUERIES = tomllib.loads((Path(__file__).parent / "queries.toml").read_text(encoding="utf-8"))
#: of the queries, how many have a right page among the first three
SHARE = 0.95
#: milliseconds from the last key to the results
AT_ONCE = 100


def test_queries(page: Page) -> None:
    """Pasted error messages and questions in plain words lead to the right page."""
    open_search(page)
    missed = []
    for kind, queries in QUERIES.items():
        for asked in queries:
            found = results_of(page, asked["query"].strip())
            if not set(found[:3]) & set(asked["pages"]):
                missed.append(f"{kind} {asked['query'].strip()!r}: {found[:3]}")
    count = sum(map(len, QUERIES.values()))
    assert count - len(missed) >= SHARE * count, "\n".join(missed)


def test_known_pages(folder: Path) -> None:
    """The queries ask for pages that there are."""
    wanted = {name for queries in QUERIES.values() for asked in queries for name in asked["pages"]}
    assert not [name for name in wanted if not (folder / f"{name}.html").exists()]


@pytest.mark.parametrize(
    "word", ["multiprocesing", "forkservr", "BrokenPipeErorr", "zombi", "task_done", "un-acquired"]
)
def test_typing(page: Page, word: str) -> None:
    """A word with a typing error, half typed or with signs in it is found."""
    open_search(page)
    assert results_of(page, word)


def test_time(page: Page) -> None:
    """Results are there at once after the last key, for a long paste as well."""
    open_search(page)
    results_of(page, "warm")
    times = [
        page.evaluate(
            """(query) => new Promise((done) => {
                const field = document.querySelector("dialog.search input");
                const list = document.querySelector("dialog.search ol");
                const begin = performance.now();
                new MutationObserver((_, observer) => {
                    observer.disconnect();
                    done(performance.now() - begin);
                }).observe(list, {childList: true});
                field.value = query;
                field.dispatchEvent(new InputEvent("input", {bubbles: true}));
            })""",
            asked["query"].strip(),
        )
        for queries in QUERIES.values()
        for asked in queries
    ]
    assert sorted(times)[len(times) // 2] < AT_ONCE, times


def test_keyboard(page: Page) -> None:
    """Ctrl+K opens, arrows choose, Enter goes there, Escape gives the focus back."""
    page.goto("article/tickets.html")
    opener = page.locator("a.search-open:visible").first
    opener.focus()
    page.keyboard.press("Control+k")
    page.keyboard.type("zombie")
    expect(page.locator(LINKS).first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator(LINKS).first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(LINKS).nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator(FIELD)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("dialog.search")).to_be_hidden()
    expect(opener).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("zombies")
    expect(page.locator(LINKS).first).to_contain_text("zombies")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("zombies")


def test_slash_in_a_field(page: Page) -> None:
    """A slash that is typed into the field is a slash."""
    open_search(page)
    page.keyboard.type("/dev/shm")
    expect(page.locator(FIELD)).to_have_value("/dev/shm")


def test_loads_when_used(page: Page) -> None:
    """Neither engine nor index is loaded before the search is opened."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("article/tickets.html", wait_until="networkidle")
    assert not [url for url in asked if "search-engine" in url or "index.js" in url]
    page.keyboard.press("/")
    page.wait_for_function("Boolean(window.searchIndex)")
    assert [url for url in asked if "search-engine" in url]


def test_search_page(page: Page) -> None:
    """The search page takes the query from its address and shows the same results."""
    page.goto("search.html?q=zombie+process")
    expect(page.locator("#search-page li a").first).to_be_visible()
    expect(page.locator("#search-page input")).to_have_value("zombie process")


def test_from_a_folder(context: Callable[..., BrowserContext], folder: Path, tmp_path: Path) -> None:
    """It works for a page opened from a folder, without a server."""
    copy = tmp_path / "a site"
    shutil.copytree(folder, copy)
    page = context().new_page()
    page.goto((copy / "article" / "tickets.html").as_uri())
    page.keyboard.press("/")
    page.keyboard.type("zombie")
    expect(page.locator(LINKS).first).to_be_visible()


def test_without_index(page: Page) -> None:
    """Where the index is missing, the search page is that of Sphinx."""
    page.route("**/search-index.js", lambda route: route.fulfill(status=200, content_type="text/javascript", body=""))
    page.goto("search.html?q=zombie")
    expect(page.locator("#search-results li a").first).to_be_visible()


def test_without_script(context: Callable[..., BrowserContext], address: str) -> None:
    """Without JavaScript the link leads to a page that names the index of all terms."""
    page = context(base_url=address, java_script_enabled=False).new_page()
    page.goto("article/tickets.html")
    page.locator("a.search-open:visible").first.click()
    page.locator("article a", has_text="index of all terms").first.click()
    expect(page.locator("h1")).to_have_text("Index")
