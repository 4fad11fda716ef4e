"""The memory panel in a real browser over the running demo: what one person sees and forgets, and another never saw."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chat_page import ask, scrolls_sideways, wait_over, watch
from demo_process import DemoProcess
from playwright.sync_api import Browser, Locator, Page, expect

pytestmark = [pytest.mark.jvm, pytest.mark.browser]
WISH = "Never restart payment on a Friday"
RUNBOOK = "# Ledger\n\n## Pool\n\nThe pool size of the ledger is 77 connections.\n\n## Disk\n\nKeep a week.\n"
SignIn = Callable[..., Page]


@pytest.fixture
def signed_in(demo: DemoProcess, browser: Browser) -> Iterator[SignIn]:
    """Open the page as one of the demo's people: `signed_in("viewer", width=390)`."""
    contexts = []
    passwords = json.loads((demo.home / "demo-users.json").read_text(encoding="utf-8"))

    def sign_in(user: str, *, language: str = "en", width: int = 1280, dark: bool = False) -> Page:
        context = browser.new_context(
            locale="zh-CN" if language == "zh" else "en-US",
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(f"http://127.0.0.1:{demo.port}/login")
        page.locator("[name=username]").fill(user)
        page.locator("[name=password]").fill(passwords[user]["password"])
        page.locator("button").click()
        page.get_by_test_id("composer").wait_for()
        return page

    yield sign_in
    for context in contexts:
        context.close()


def open_memory(page: Page, layer: str = "") -> None:
    """Go to the panel as a person does."""
    page.get_by_role("link", name=re.compile("^(Memory|记忆)$")).click()
    expect(page.get_by_test_id("memory-search")).to_be_visible()
    if layer:
        page.get_by_test_id(f"layer-{layer}").click()
        expect(page.get_by_test_id(f"layer-{layer}")).to_have_attribute("aria-current", "page")


def search(page: Page, words: str) -> None:
    """Type a search and wait for its answer."""
    with page.expect_response(re.compile("/memory/search$")):
        page.get_by_test_id("memory-search").fill(words)
        page.get_by_test_id("memory-search").press("Enter")


def said_by_me(page: Page, text: str) -> Locator:
    """Return the cards of what the person said."""
    mine = page.get_by_test_id("memory-item").filter(has=page.get_by_role("heading", name="You"))
    return mine.filter(has_text=text)


def forget_everything(page: Page) -> None:
    """Leave nothing behind for other tests."""
    page.get_by_test_id("memory-actions").click()
    page.get_by_test_id("memory-forget-all").click()
    page.get_by_test_id("forget-word").fill("forget")
    page.get_by_test_id("forget-yes").click()
    expect(page.get_by_test_id("forgetting")).to_have_count(0, timeout=60_000)


def test_what_was_said_is_seen_corrected_and_forgotten_and_another_sees_nothing(signed_in: SignIn) -> None:
    page = signed_in("developer")
    seen = watch(page)
    ask(page, f"{WISH}.")
    wait_over(page)
    open_memory(page, "preference")
    wish = page.get_by_test_id("memory-item").filter(has_text="on a Friday")
    expect(wish).to_have_count(1)
    wish.get_by_test_id("memory-edit").click()
    page.get_by_test_id("memory-edit-text").fill("Never restart payment on a Saturday.")
    page.get_by_test_id("memory-save").click()
    wish = page.get_by_test_id("memory-item").filter(has_text="on a Saturday")
    expect(wish).to_have_count(1)

    page.get_by_test_id("new-session").click()
    ask(page, "what did we say about restarting payment?")
    wait_over(page)
    page.get_by_test_id("recalled-link").first.click()
    expect(page.get_by_test_id("memory-item")).to_have_count(1)
    expect(page.get_by_test_id("memory-item")).to_contain_text("restart payment")

    open_memory(page, "message")
    search(page, "when must payment not be restarted?")
    said = said_by_me(page, WISH)
    expect(said.get_by_test_id("reasons")).to_contain_text("Words")
    said.get_by_test_id("memory-forget").click()
    page.get_by_test_id("forget-yes").click()
    page.get_by_test_id("layer-preference").click()
    search(page, "")
    page.get_by_test_id("memory-item").filter(has_text="on a Saturday").get_by_test_id("memory-forget").click()
    page.get_by_test_id("forget-yes").click()
    expect(wish).to_have_count(0)

    page.reload()
    expect(page.get_by_test_id("preference-text")).to_be_visible()
    expect(page.get_by_test_id("memory-item").filter(has_text="restart payment")).to_have_count(0)
    page.get_by_test_id("layer-message").click()
    search(page, "when must payment not be restarted?")
    expect(said).to_have_count(0)

    other = signed_in("viewer")
    open_memory(other)
    search(other, "restart payment Friday Saturday")
    expect(other.get_by_test_id("memory-item").filter(has_text="restart payment")).to_have_count(0)
    forget_everything(page)
    page.reload()
    expect(page.get_by_test_id("memory-empty")).to_be_visible()
    expect(page.get_by_test_id("session-item")).to_have_count(0)
    assert seen.outside == []


def test_a_document_is_taught_by_one_read_by_all_and_forgotten(signed_in: SignIn, tmp_path: Path) -> None:
    teacher, reader = signed_in("developer"), signed_in("viewer", language="zh", width=390, dark=True)
    (tmp_path / "ledger.md").write_text(RUNBOOK, encoding="utf-8")
    (tmp_path / "tool.exe").write_bytes(b"MZ")
    open_memory(teacher, "knowledge")
    teacher.get_by_test_id("document-input").set_input_files([tmp_path / "ledger.md", tmp_path / "tool.exe"])
    expect(teacher.locator("[data-testid=upload][data-state=added]")).to_contain_text("ledger.md", timeout=60_000)
    expect(teacher.locator("[data-testid=upload][data-state=failed]")).to_contain_text("exe")
    document = teacher.locator("[data-testid=document][data-document='ledger.md']")
    document.locator("summary").click()
    expect(document).to_contain_text("77 connections")

    reader.get_by_test_id("menu").click()
    open_memory(reader, "knowledge")
    expect(reader.get_by_test_id("drop-zone")).to_have_count(0)
    expect(reader.get_by_text("knowledge:write")).to_be_visible()
    search(reader, "pool size of the ledger")
    found = reader.get_by_test_id("memory-item").filter(has_text="77 connections")
    expect(found.first).to_be_visible()
    expect(found.get_by_test_id("memory-forget")).to_have_count(0)
    assert not scrolls_sideways(reader)

    document.get_by_test_id("document-forget").click()
    teacher.get_by_test_id("forget-yes").click()
    expect(document).to_have_count(0)
    reader.reload()
    search(reader, "pool size of the ledger")
    expect(reader.get_by_test_id("memory-item").filter(has_text="77 connections")).to_have_count(0)


def test_the_export_is_a_file_with_what_was_said(signed_in: SignIn) -> None:
    page = signed_in("viewer")
    ask(page, "what is 12% of 85?")
    wait_over(page)
    open_memory(page)
    expect(page.get_by_test_id("memory-item").first).to_be_visible()
    page.get_by_test_id("memory-actions").click()
    with page.expect_download() as download:
        page.get_by_test_id("memory-export").click()
    assert re.fullmatch(r"sanca-memory-viewer-\d{4}-\d\d-\d\d\.jsonl", download.value.suggested_filename)
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert any("12% of 85" in line for line in lines)
    assert all(isinstance(json.loads(line), dict) for line in lines)
    forget_everything(page)
