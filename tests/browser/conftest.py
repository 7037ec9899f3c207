"""The built site, served from this machine, in a real Chromium that tells of every error and foreign request."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright", reason="run `nox -s browser`")

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

#: milliseconds that a page may take for anything
PATIENCE = 20_000
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


class Handler(SimpleHTTPRequestHandler):
    """Serves files without a word, and a missing one with the site's own page."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as it is called
        """Write nothing."""


@pytest.fixture(autouse=True)
def _no_child_left() -> None:
    """The browser's own processes come and go while a test runs: they end with the session."""


@pytest.fixture(scope="session")
def folder() -> Path:
    """The built site."""
    found = Path(os.environ.get("SPAWNABLE_SITE", "docs/_build/html")).resolve()
    if not (found / "index.html").is_file():
        pytest.fail(f"no site in {found}: build it with `nox -s docs`, or run `nox -s browser`", pytrace=False)
    return found


@pytest.fixture(scope="session")
def address(folder: Path) -> Iterator[str]:
    """Where the site is served, with a slash at the end."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium: that of Playwright, else that of the system."""
    installed = next(filter(None, map(shutil.which, (os.environ.get("SPAWNABLE_CHROMIUM", ""), *_NAMES))), None)
    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path).exists()
        if not own and installed is None:
            pytest.fail("there is no Chromium: `nox -s browser` says how to install one", pytrace=False)
        started = playwright.chromium.launch(executable_path=None if own else installed, args=arguments)
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser, address: str) -> Iterator[Callable[..., BrowserContext]]:
    """A maker of fresh profiles, given what is special of them; none may see an error or ask another host."""
    wrong: list[str] = []
    made: list[BrowserContext] = []

    def note_message(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            wrong.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def note_request(request: Request) -> None:
        if not request.url.startswith((address, "file:", "data:", "blob:")):
            wrong.append(f"asked another host: {request.url}")

    def make(**special: Any) -> BrowserContext:
        fresh = browser.new_context(**special)
        fresh.set_default_timeout(PATIENCE)
        fresh.on("console", note_message)
        fresh.on("weberror", lambda error: wrong.append(f"exception: {error.error}"))
        fresh.on("request", note_request)
        made.append(fresh)
        return fresh

    yield make
    for fresh in made:
        fresh.close()
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def page(context: Callable[..., BrowserContext], address: str) -> Page:
    """A page of a fresh profile; addresses are relative to the site."""
    return context(base_url=address).new_page()


@pytest.fixture(scope="session")
def pages(folder: Path) -> list[str]:
    """All pages, as addresses relative to the site."""
    found = sorted(folder.rglob("*.html"))
    return [re.sub(r"\\", "/", str(path.relative_to(folder))) for path in found if "_static" not in path.parts]
