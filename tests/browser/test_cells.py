"""Readers get the script that was run, and see the start method that they chose."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

#: a page with a script whose outputs differ by start method, and another one
DIFFER, OTHER = "article/shared-data.html", "reference/cells.html"


def test_copy_buttons(context: Callable[..., BrowserContext], address: str, folder: Path) -> None:
    """The button of every script on the site puts exactly that script on the clipboard."""
    page = context(base_url=address, permissions=["clipboard-read", "clipboard-write"]).new_page()
    snippets = json.loads((folder / "snippets.json").read_text(encoding="utf-8"))
    wrong = []
    for docname in dict.fromkeys(snippet["page"] for snippet in snippets):
        page.goto(f"{docname}.html")
        page.wait_for_selector("button.copybtn", state="attached")
        for snippet in (snippet for snippet in snippets if snippet["page"] == docname):
            page.evaluate("navigator.clipboard.writeText('')")
            page.locator(f"#cell-{snippet['name']} .snippet-code button.copybtn").click()
            page.wait_for_function("navigator.clipboard.readText()")
            copied = page.evaluate("navigator.clipboard.readText()")
            if copied.rstrip("\n") != (folder / snippet["file"]).read_text(encoding="utf-8").rstrip("\n"):
                wrong.append(f"{docname}: {snippet['name']}")
    assert not wrong


def _shown(page: Page) -> set[str]:
    """Return the start methods of all panels that can be seen, of scripts that differ."""
    methods: list[str] = page.locator(".snippet-tabs > .panel:visible").evaluate_all(
        "panels => panels.map((panel) => panel.dataset.startMethods)"
    )
    assert methods
    return set(methods)


def _all_have(page: Page, method: str) -> bool:
    return all(method in methods.split() for methods in _shown(page))


def _choose(page: Page, method: str) -> None:
    page.locator(f"[data-choose={method}]").click()


def test_choice_is_kept(page: Page) -> None:
    """A start method chosen once is that of every script, on other pages and after a reload."""
    page.goto(DIFFER)
    _choose(page, "spawn")
    assert _all_have(page, "spawn")
    page.reload()
    assert _all_have(page, "spawn")
    page.goto(OTHER)
    assert _all_have(page, "spawn")
    _choose(page, "fork")
    assert _all_have(page, "fork")
    page.goto(DIFFER)
    assert _all_have(page, "fork")
    expect(page.locator("[data-choose=fork]")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_link_carries_the_choice(page: Page, method: str) -> None:
    """An address chooses a start method for whoever follows it."""
    page.goto(f"{DIFFER}?start-method={method}")
    assert _all_have(page, method)


def test_unknown_choice(page: Page) -> None:
    """An address that names no start method chooses none."""
    page.goto(f"{DIFFER}?start-method=vfork")
    expect(page.locator("[data-choose][aria-pressed=true]")).to_have_count(0)
    assert _shown(page)


def test_tabs_by_keyboard(page: Page) -> None:
    """Arrow keys change the tab of one script."""
    page.goto(DIFFER)
    tabs = page.locator(".snippet-tabs").first
    tabs.locator("input").first.focus()
    before = tabs.locator("> .panel:visible").get_attribute("data-start-methods")
    page.keyboard.press("ArrowRight")
    assert tabs.locator("> .panel:visible").get_attribute("data-start-methods") != before


def test_without_script(context: Callable[..., BrowserContext], address: str) -> None:
    """Without JavaScript each script's tabs work, and nothing that needs it is shown."""
    page = context(base_url=address, java_script_enabled=False).new_page()
    page.goto(DIFFER)
    expect(page.locator(".start-method")).to_be_hidden()
    tabs = page.locator(".snippet-tabs").first
    tabs.locator("label").nth(1).click()
    expect(tabs.locator("> .panel").nth(1)).to_be_visible()
    expect(tabs.locator("> .panel").nth(0)).to_be_hidden()


def test_on_paper(page: Page) -> None:
    """A printed page holds the outputs of all start methods and no navigation."""
    page.goto(DIFFER)
    page.emulate_media(media="print")
    panels = page.locator(".snippet-tabs > .panel")
    assert panels.count() == page.locator(".snippet-tabs > .panel:visible").count()
    expect(page.locator(".sidebar-drawer")).to_be_hidden()
