"""A run leads a person through the page, shows sub-goals, and names what an answer rests on: browser, host, engine."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from chat_page import ask, run_code, wait_over
from demo_process import ROOT, DemoProcess
from playwright.sync_api import Page, Request, expect

pytestmark = [pytest.mark.jvm, pytest.mark.browser]
SCREENSHOTS = ROOT / "test-output" / "screenshots"
SLOW = 30_000
"""Milliseconds a run may take on a machine with much else to do."""
Opener = Callable[..., Page]
LED = """
page.open("fleet/checkout")
page.highlight("fleet/payments")
page.fill("fleet/faults/seed", "42")
try:
    page.highlight("fleet/chekout")
except ToolArgumentError as error:
    wrong = str(error)
wrong
"""


def replies(page: Page) -> list[dict[str, object]]:
    """Keep what the page tells the host of commands."""
    found: list[dict[str, object]] = []

    def note(request: Request) -> None:
        if request.url.endswith("/page") and request.method == "POST":
            found.append(json.loads(request.post_data or "{}"))

    page.on("request", note)
    return found


def test_a_run_opens_shows_and_fills_in_order_and_a_reload_repeats_nothing(
    open_page: Opener, demo: DemoProcess
) -> None:
    page = open_page(width=1280)
    names = [one["name"] for one in demo.get("/api/fleet")["services"]]
    second = next(name for name in names if name != "checkout")
    page.get_by_test_id("fleet-toggle").click()  # hidden: the run has to open it
    faults = len(demo.get("/api/fleet/faults"))
    told = replies(page)
    run_code(page, LED.replace("fleet/payments", f"fleet/{second}"))
    expect(page.get_by_test_id("message-assistant")).to_contain_text("Did you mean 'fleet/checkout'", timeout=SLOW)
    wait_over(page)
    expect(page.get_by_test_id("fault-seed")).to_have_value("42")
    assert len(demo.get("/api/fleet/faults")) == faults  # filled in, and nothing was sent
    assert [(str(one["commandId"]).rpartition("-")[2], one["ok"]) for one in told] == [
        ("1", True), ("2", True), ("3", True), ("4", False),
    ]  # fmt: skip
    page.reload()
    expect(page.get_by_test_id("message-assistant")).to_contain_text("Did you mean 'fleet/checkout'", timeout=SLOW)
    expect(page.get_by_test_id("fault-seed")).to_have_value("")
    assert len(told) == 4


def test_on_a_narrow_page_the_run_goes_on_behind_the_place_it_opened(open_page: Opener) -> None:
    page = open_page(width=390, height=844)
    run_code(page, "page.open('fleet/checkout')\npage.highlight('fleet/checkout')\npage.open('chat')\n'back again'")
    expect(page.get_by_test_id("message-assistant")).to_contain_text("back again", timeout=SLOW)
    expect(page.get_by_test_id("composer").or_(page.get_by_test_id("code-box"))).to_be_visible()


def test_a_message_of_two_things_shows_both_as_sub_goals_with_evidence(open_page: Opener) -> None:
    page = open_page()
    ask(page, "which services are running?; what is 3 times 14?")
    expect(page.get_by_test_id("goal")).to_have_count(2, timeout=30_000)
    wait_over(page)
    for goal in page.get_by_test_id("goal").all():
        expect(goal).to_have_attribute("data-status", "done")
    expect(page.get_by_role("log")).to_contain_text("42")
    evidence = page.get_by_test_id("evidence")
    expect(evidence).to_contain_text("system.services")
    evidence.get_by_test_id("call-link").first.click()
    expect(page.get_by_test_id("wanted-call")).to_be_visible()
    page.keyboard.press("Escape")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "goals.png", animations="disabled")


def test_rows_of_an_action_are_a_table_in_the_persons_numbers(open_page: Opener) -> None:
    page = open_page(language="zh")
    run_code(page, "rows = [{'name': name, 'hits': 12045} for name in ('a', 'b', 'c')]\nrows")
    table = page.get_by_test_id("card-table")
    expect(table).to_contain_text("12,045", timeout=SLOW)
    expect(page.get_by_test_id("message-assistant")).to_have_count(0)


def test_the_chat_inside_another_page_asks_for_nothing_of_the_demo(open_page: Opener, demo: DemoProcess) -> None:
    page = open_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.split("?")[0]))
    page.goto(f"http://127.0.0.1:{demo.port}/embed.html")
    expect(page.get_by_test_id("composer")).to_be_visible()
    expect(page.get_by_test_id("suggestion").first).to_be_visible()
    assert [url for url in asked if url.endswith(("/api/me", "/api/fleet"))] == []
    assert any(url.endswith("/api/sanca/me") for url in asked)


def test_the_chat_inside_another_page_leads_through_that_page(open_page: Opener, demo: DemoProcess) -> None:
    page = open_page()
    page.goto(f"http://127.0.0.1:{demo.port}/embed.html")
    heading = page.get_by_role("heading", name="Orders")
    heading.evaluate(
        "heading => { heading.setAttribute('data-sanca-anchor', 'orders');"
        " new MutationObserver(() => { window.wasShown = true; }).observe(heading,"
        " {attributes: true, attributeFilter: ['data-sanca-shown']}); }"
    )
    page.evaluate(
        "document.addEventListener('sanca-open', event => {"
        " if (event.detail.target !== 'orders/17') return; event.preventDefault(); document.title = 'Order 17'; })"
    )
    run_code(page, "page.highlight('orders')\npage.open('orders/17')\n'led'")
    expect(page.get_by_test_id("message-assistant")).to_contain_text("led", timeout=SLOW)
    assert page.evaluate("window.wasShown")
    expect(page).to_have_title("Order 17")
