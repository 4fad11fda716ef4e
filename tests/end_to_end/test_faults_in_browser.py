"""A person asks in the page about a broken fleet, approves the repair, and the fault's own check turns green."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from demo_process import ROOT, DemoProcess
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.jvm, pytest.mark.browser]
SCREENSHOTS = ROOT / "test-output" / "screenshots"
KINDS = ("bad_config", "bug_release", "exhausted_pool", "slow_dependency", "disk_full", "port_clash")
ASK = {
    "en": "Something in the shop is broken. Find the cause and fix it.",
    "zh": "商城好像出问题了，请找出原因并修复。",
}
RUN_SECONDS = 90
SYMPTOM_SECONDS = 20


def ask(page: Page, text: str) -> None:
    """Type a message and send it."""
    page.get_by_test_id("composer").fill(text)
    page.get_by_test_id("send").click()


def approve_until_done(page: Page) -> int:
    """Press Approve on each approval card until the run is over; return how many there were."""
    finished = page.get_by_test_id("thumb-up").last
    button = page.get_by_test_id("approve").and_(page.locator(":enabled"))
    for approved in range(20):
        expect(button.or_(finished).first).to_be_visible(timeout=RUN_SECONDS * 1000)
        if not button.count():
            return approved
        button.first.click()
        expect(button).to_have_count(0)
    raise AssertionError("the run asked for more than 20 approvals")


def check_turns_green(page: Page, demo: DemoProcess, expected: int) -> None:
    """Press every fault's check in the fleet panel and expect it repaired."""
    items = page.get_by_test_id("fault-item")
    expect(items).to_have_count(expected)
    for index in range(expected):
        items.nth(index).get_by_test_id("fault-check").click()
        expect(items.nth(index).get_by_test_id("fault-state")).to_have_attribute(
            "data-state", "repaired", timeout=30_000
        )


def wait_until_it_shows(demo: DemoProcess) -> None:
    """A person asks when something looks wrong: wait until the fleet shows it; some faults need seconds to bite."""
    deadline = time.monotonic() + SYMPTOM_SECONDS
    while time.monotonic() < deadline:
        services = demo.get("/api/fleet")["services"]
        if any(one["status"] != "up" or one["errorRate"] > 0 for one in services):
            return
        time.sleep(0.25)


def repair(page: Page, demo: DemoProcess, language: str, name: str, faults: int) -> None:
    """Ask, approve, check, and keep a screenshot."""
    wait_until_it_shows(demo)
    ask(page, ASK[language])
    assert approve_until_done(page) >= 1, "nothing was repaired: no approval was asked"
    check_turns_green(page, demo, faults)
    said = page.get_by_test_id("message-assistant").last.inner_text()
    assert bool(re.search(r"[\u4e00-\u9fff]", said)) == (language == "zh"), (
        f"the answer is in the wrong language: {said}"
    )
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}-{language}.png", full_page=False)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("healthy")
def test_a_fault_is_found_and_repaired_from_the_page(
    kind: str, language: str, demo: DemoProcess, open_page: Callable[..., Page]
) -> None:
    page = open_page(language=language)
    page.get_by_test_id("fault-seed").fill(str(7001 + 13 * KINDS.index(kind) + (5 if language == "zh" else 0)))
    page.get_by_test_id(f"fault-{kind}").click()
    expect(page.get_by_test_id("fault-item")).to_have_count(1, timeout=30_000)
    repair(page, demo, language, kind, 1)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.usefixtures("healthy")
def test_two_faults_at_once_are_both_found_and_repaired(
    language: str, demo: DemoProcess, open_page: Callable[..., Page]
) -> None:
    demo.post("/api/fleet/faults", {"seed": 9103 if language == "en" else 9211, "count": 2})
    page = open_page(language=language)
    repair(page, demo, language, "two-at-once", 2)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(12001, 12041))
@pytest.mark.usefixtures("healthy")
def test_forty_more_seeds_are_repaired(seed: int, demo: DemoProcess) -> None:
    faults = demo.post("/api/fleet/faults", {"seed": seed, "count": 1 + seed % 2})
    demo.ask_and_approve(ASK["zh" if seed % 3 == 0 else "en"])
    results = [demo.post(f"/api/fleet/faults/{fault['id']}/check") for fault in faults]
    assert all(result["repaired"] for result in results), (faults, results)
