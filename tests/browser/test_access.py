"""Anyone can use the site: axe finds nothing, keyboards reach everything, nothing scrolls sideways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

#: one page of each kind
KINDS = (
    "index.html",
    "article/index.html",
    "article/tickets.html",
    "article/join-deadlock.html",
    "article/claims.html",
    "article/translation.html",
    "failures/messages.html",
    "guide/listeners.html",
    "guide/pool-chunks.html",
    "performance/startup.html",
    "reference/cells.html",
    "reference/cli.html",
    "reference/glossary.html",
    "reference/kitchen-sink.html",
    "reference/matrix.html",
    "reference/package.html",
    "reference/what-differs.html",
    "genindex.html",
    "search.html",
    "404.html",
)
#: width and height of a phone
PHONE: ViewportSize = {"width": 390, "height": 844}


def _axe(page: Page) -> list[str]:
    """Return what axe finds, each rule with its elements."""
    found: dict[str, Any] = Axe().run(page).response
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:160]} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", KINDS)
def test_axe(context: Callable[..., BrowserContext], address: str, path: str, scheme: Literal["light", "dark"]) -> None:
    """No page breaks a rule of axe, light or dark, on a large screen or on a phone."""
    page = context(base_url=address, color_scheme=scheme, reduced_motion="reduce").new_page()
    page.goto(path)
    found = _axe(page)
    page.set_viewport_size(PHONE)
    assert not [*found, *_axe(page)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_of_the_search(
    context: Callable[..., BrowserContext], address: str, scheme: Literal["light", "dark"]
) -> None:
    """The search with results breaks none either."""
    page = context(base_url=address, color_scheme=scheme, reduced_motion="reduce").new_page()
    page.goto("article/tickets.html")
    page.keyboard.press("/")
    page.keyboard.type("zombie")
    expect(page.locator("dialog.search li a").first).to_be_visible()
    assert not _axe(page)


def test_no_page_is_wider_than_a_phone(context: Callable[..., BrowserContext], address: str, pages: list[str]) -> None:
    """At 390 pixels no page scrolls sideways; wide code and tables do within themselves."""
    page = context(base_url=address, viewport=PHONE).new_page()
    wide = []
    for path in pages:
        page.goto(path)  # with its style sheets
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > PHONE["width"]:
            wide.append(f"{path}: {width}")
    assert not wide


def _focused(page: Page) -> dict[str, Any]:
    """Return what has the focus: a number that marks it, its place, and whether it can be seen and shows it."""
    found: dict[str, Any] = page.evaluate(
        """() => {
            const one = document.activeElement;
            window.marks ??= new Map();
            if (!window.marks.has(one)) window.marks.set(one, window.marks.size);
            const box = one.getBoundingClientRect();
            const label = one.matches("input[type=radio], input[type=checkbox]") && one.labels?.[0];
            const style = getComputedStyle(label || one);
            return {
                number: window.marks.get(one),
                html: one.outerHTML.slice(0, 140),
                body: one === document.body,
                column: one.closest(".sidebar-drawer, .toc-drawer, .main") ?.className ?? "",
                top: box.top + scrollY,
                inside: box.bottom > 0 && box.top < innerHeight,
                outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0,
            };
        }"""
    )
    return found


@pytest.mark.parametrize("path", ["article/tickets.html", "reference/cells.html"])
def test_keyboard(context: Callable[..., BrowserContext], address: str, path: str) -> None:
    """The tabulator reaches every control, in order, each visible and with a visible outline."""
    # nothing glides into view: what has the focus is looked at as soon as it has it
    page = context(base_url=address, reduced_motion="reduce").new_page()
    page.goto(path)
    seen: list[dict[str, Any]] = []
    for _ in range(600):
        page.keyboard.press("Tab")
        now = _focused(page)
        if now["body"] or any(now["number"] == before["number"] for before in seen):
            break
        seen.append(now)
    assert not [one["html"] for one in seen if not one["outline"]]
    assert not [one["html"] for one in seen if not one["inside"]]
    inside = [one["top"] for one in seen if "article" in one["column"]]
    assert inside == sorted(inside)
    reached = {one["html"] for one in seen}
    wanted: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("a[href], button, summary, input, [tabindex='0']")]
            .filter((one) => one.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true}))
            .filter((one) => !one.matches("input[type=radio]:not(:checked), [tabindex='-1']"))
            .map((one) => one.outerHTML.slice(0, 140))"""
    )
    assert not [html for html in wanted if html not in reached]


def test_skip_link(page: Page) -> None:
    """The first stop leads to the content."""
    page.goto("article/tickets.html")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#furo-main-content")


def test_theme(page: Page) -> None:
    """The theme switch changes the colours and is remembered."""
    page.goto("article/tickets.html")
    colours = set()
    for _ in range(3):
        page.locator(".theme-toggle:visible").first.click()
        colours.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(colours) > 1
    chosen = page.evaluate("document.body.dataset.theme")
    page.goto("article/claims.html")
    assert page.evaluate("document.body.dataset.theme") == chosen
