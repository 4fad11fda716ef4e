"""What a person does in the portal's page, as functions over a Playwright page. Judges nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request, expect

RUN_MILLISECONDS = 60_000


def ask(page: Page, text: str) -> None:
    """Type a message and send it."""
    page.get_by_test_id("composer").fill(text)
    page.get_by_test_id("send").click()


def run_code(page: Page, code: str) -> None:
    """Write an action into the code box and run it."""
    box = page.get_by_test_id("code-box").locator(".cm-content")
    if not box.count():
        page.get_by_test_id("code-toggle").click()
    box.fill(code)
    page.get_by_test_id("code-run").click()


def wait_over(page: Page) -> None:
    """Wait until nothing runs any more."""
    expect(page.get_by_test_id("stop")).to_have_count(0, timeout=RUN_MILLISECONDS)


def thread_text(page: Page) -> str:
    """Return what the conversation shows, as text."""
    return page.get_by_role("log").inner_text()


def scrolls_sideways(page: Page) -> bool:
    """Whether the page is wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@dataclass
class Watch:
    """What a page did that nobody should see: errors in its console, requests to other places."""

    origin: str
    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def on_console(self, message: ConsoleMessage) -> None:
        """Keep an error."""
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def on_request(self, request: Request) -> None:
        """Keep a request that leaves the origin."""
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"} and f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.outside.append(request.url)


def watch(page: Page) -> Watch:
    """Watch the page from now on."""
    parts = urlsplit(page.url)
    seen = Watch(f"{parts.scheme}://{parts.netloc}")
    page.on("console", seen.on_console)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("request", seen.on_request)
    return seen
