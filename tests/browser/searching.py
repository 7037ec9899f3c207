"""How a test asks the site's search."""

from __future__ import annotations

from playwright.sync_api import Page, expect

FIELD = "dialog.search input"
LINKS = "dialog.search li a"


def open_search(page: Page, path: str = "article/tickets.html") -> None:
    """Open a page and, by key, its search."""
    page.goto(path)
    page.keyboard.press("/")
    expect(page.locator(FIELD)).to_be_focused()


def paste(page: Page, text: str) -> None:
    """Put a text into the field as the clipboard does."""
    page.locator(FIELD).evaluate(
        """(field, text) => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            field.value = "";
            const event = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
            if (field.dispatchEvent(event)) {
                field.value = text;
                field.dispatchEvent(new InputEvent("input", {bubbles: true}));
            }
        }""",
        text,
    )


def results_of(page: Page, query: str) -> list[str]:
    """Return the pages found for a pasted query, in order."""
    page.evaluate(
        """() => {
            document.querySelector("dialog.search ol").replaceChildren();
            document.querySelector("dialog.search [role=status]").textContent = "";
        }"""
    )
    paste(page, query)
    page.wait_for_function("document.querySelector('dialog.search [role=status]').textContent")
    page.wait_for_timeout(20)  # a first result needs the index, later ones are there already
    paths = page.locator(LINKS).evaluate_all("links => links.map((link) => new URL(link.href).pathname)")
    return [path.removeprefix("/").removesuffix(".html") for path in paths]
