"""What a person can do in the page: a real browser, the running demo. Repairs are in test_faults_in_browser."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chat_page import ask, run_code, scrolls_sideways, thread_text, wait_over, watch
from demo_process import ROOT, DemoProcess
from playwright.sync_api import Browser, Page, expect

pytestmark = [pytest.mark.jvm, pytest.mark.browser]
SCREENSHOTS = ROOT / "test-output" / "screenshots"
TALK = "for i in range(30):\n    say(f'line {i}')\n    import time\n    time.sleep(0.1)\n'the end'"
Opener = Callable[..., Page]


def service_of(demo: DemoProcess) -> str:
    """Return the name of one service of the fleet."""
    return str(demo.get("/api/fleet")["services"][0]["name"])


def shoot(page: Page, name: str) -> Path:
    """Keep a screenshot."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    page.screenshot(path=path, animations="disabled")
    return path


def lines_shown(page: Page) -> list[str]:
    """Return the lines that `TALK` said, outside the code."""
    said = "\n".join(page.get_by_test_id("message-assistant").all_inner_texts())
    return re.findall(r"line \d+", said)


def test_a_reload_in_mid_run_loses_nothing(open_page: Opener) -> None:
    page = open_page()
    run_code(page, TALK)
    expect(page.get_by_text("line 3", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_text("line 8", exact=True)).to_be_visible()
    wait_over(page)
    expect(page.get_by_test_id("thumb-up")).to_have_count(1)
    assert lines_shown(page) == [f"line {i}" for i in range(30)]
    after = thread_text(page)
    page.reload()
    expect(page.get_by_test_id("thumb-up")).to_have_count(1)
    assert thread_text(page) == after


def test_a_reload_while_it_waits_for_approval_loses_nothing(open_page: Opener, demo: DemoProcess) -> None:
    page = open_page()
    run_code(page, f"say('before')\ndone = system.restart(service={service_of(demo)!r})\ndone.outcome")
    expect(page.get_by_test_id("approve")).to_be_visible()
    before = thread_text(page)
    page.reload()
    expect(page.get_by_test_id("approve")).to_be_visible()
    assert thread_text(page) == before
    page.get_by_test_id("approve").click()
    expect(page.get_by_test_id("approval")).to_have_attribute("data-state", "approved")
    expect(page.get_by_test_id("round")).to_have_attribute("data-status", "ok", timeout=30_000)
    expect(page.locator('[data-testid=effect][data-tool="system.restart"][data-status=ok]')).to_have_count(1)


def test_the_stop_button_cancels(open_page: Opener) -> None:
    page = open_page()
    run_code(page, "import time\nsay('begun')\nwhile True:\n    time.sleep(0.05)")
    expect(page.get_by_text("begun", exact=True)).to_be_visible()
    page.get_by_test_id("stop").click()
    wait_over(page)
    expect(page.get_by_test_id("round")).to_have_attribute("data-status", "cancelled")


def test_a_person_s_action_runs_and_its_error_is_shown(open_page: Opener) -> None:
    page = open_page()
    run_code(page, "sorted(one.name for one in system.services())")
    expect(page.get_by_test_id("message-assistant")).to_contain_text("checkout")
    run_code(page, "1 / 0")
    expect(page.get_by_test_id("round").last).to_have_attribute("data-status", "error")
    expect(page.get_by_test_id("round").last).to_contain_text("ZeroDivisionError")
    expect(page.get_by_test_id("run-error")).to_be_visible()


def test_a_dropped_file_is_summarised_by_a_skill(open_page: Opener) -> None:
    page = open_page()
    table = "month,orders\n" + "\n".join(f"2026-{month:02},{month * 100}" for month in range(1, 8))
    transfer = page.evaluate_handle(
        "text => { const data = new DataTransfer();"
        " data.items.add(new File([text], 'orders.csv', {type: 'text/csv'})); return data; }",
        table,
    )
    page.dispatch_event(".chat", "drop", {"dataTransfer": transfer})
    expect(page.get_by_test_id("attachment")).to_contain_text("orders.csv")
    ask(page, "summarise the attached file")
    expect(page.get_by_test_id("skill-name")).to_have_attribute("data-skill", "analyse_table")
    expect(page.get_by_test_id("message-user")).to_contain_text("orders.csv")
    wait_over(page)
    expect(page.get_by_test_id("round").last).to_have_attribute("data-status", "ok")
    assert "700" in thread_text(page), "the largest value of the file is not in the summary"


def test_a_file_that_an_action_writes_comes_back_with_its_bytes(open_page: Opener) -> None:
    page = open_page()
    run_code(page, "open('/output/häufig 报告.csv', 'wb').write(bytes(range(256)) * 300)")
    link = page.get_by_test_id("download")
    expect(link).to_contain_text("häufig 报告.csv")
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "häufig 报告.csv"
    assert Path(download.value.path()).read_bytes() == bytes(range(256)) * 300


def test_an_output_of_a_wrong_type_gets_a_sentence(open_page: Opener) -> None:
    page = open_page()
    run_code(page, "open('/output/tool.exe', 'wb').write(b'MZ')")
    expect(page.get_by_test_id("notice")).to_contain_text("tool.exe")
    expect(page.get_by_test_id("download")).to_have_count(0)


def test_wrong_and_too_large_files_get_a_sentence(open_page: Opener, tmp_path: Path) -> None:
    page = open_page()
    for name, size in (("tool.exe", 2), ("big.txt", 11 * 1024 * 1024), ("huge.txt", 60 * 1024 * 1024)):
        (tmp_path / name).touch()
        os.truncate(tmp_path / name, size)
        page.get_by_test_id("file-input").set_input_files(tmp_path / name)
    alerts = page.get_by_test_id("attachment").get_by_role("alert")
    expect(alerts).to_have_count(3, timeout=20_000)
    expect(alerts.nth(0)).to_contain_text("exe")
    expect(alerts.nth(1)).to_contain_text("10 MB")
    expect(alerts.nth(2)).to_contain_text("10 MB")


def test_a_file_of_nine_megabytes_is_taken(open_page: Opener, tmp_path: Path) -> None:
    page = open_page()
    (tmp_path / "long.txt").write_bytes(b"x" * (9 * 1024 * 1024))
    page.get_by_test_id("file-input").set_input_files(tmp_path / "long.txt")
    expect(page.get_by_test_id("attachment")).to_contain_text("9")
    expect(page.get_by_test_id("attachment").get_by_role("alert")).to_have_count(0)
    ask(page, "what is 12% of 85?")
    wait_over(page)
    run_code(page, "import os\nos.path.getsize('/input/long.txt')")
    expect(page.get_by_test_id("message-assistant").last).to_have_text(str(9 * 1024 * 1024))


def test_sessions_are_listed_renamed_and_deleted(open_page: Opener) -> None:
    page = open_page()
    ask(page, "what is 12% of 85?")
    expect(page.get_by_test_id("message-assistant")).to_contain_text("10.2")
    wait_over(page)
    item = page.locator("[data-testid=session-item]:has([aria-current=page])")
    expect(item).to_contain_text("12%")
    session = item.get_attribute("data-id")
    mine = page.locator(f"[data-testid=session-item][data-id='{session}']")
    mine.get_by_role("button").click()
    page.get_by_test_id("session-rename").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("Percentages")
    page.get_by_role("dialog").get_by_role("textbox").press("Enter")
    expect(mine).to_contain_text("Percentages")
    page.reload()
    expect(mine).to_contain_text("Percentages")
    mine.get_by_role("button").click()
    page.get_by_test_id("session-delete").click()
    page.get_by_role("dialog").get_by_role("button").last.click()
    expect(mine).to_have_count(0)
    page.reload()
    expect(page.get_by_test_id("new-session")).to_be_visible()
    expect(mine).to_have_count(0)


def test_edit_and_resend_and_retry_replace_what_was_there(open_page: Opener) -> None:
    page = open_page()
    ask(page, "what is 12% of 85?")
    expect(page.get_by_test_id("message-assistant")).to_contain_text("10.2")
    wait_over(page)
    page.get_by_test_id("message-user").hover()
    page.get_by_test_id("message-user").get_by_role("button").nth(1).click()
    page.get_by_test_id("edit-input").fill("what is 7 times 8?")
    page.get_by_test_id("edit-send").click()
    expect(page.get_by_test_id("message-assistant")).to_contain_text("56")
    wait_over(page)
    expect(page.get_by_test_id("message-user")).to_have_count(1)
    page.get_by_test_id("message-user").hover()
    page.get_by_test_id("message-user").get_by_role("button").nth(2).click()
    wait_over(page)
    expect(page.get_by_test_id("message-assistant")).to_contain_text("56")
    page.reload()
    expect(page.get_by_test_id("message-assistant")).to_contain_text("56")
    expect(page.get_by_test_id("message-user")).to_have_count(1)
    expect(page.get_by_text("10.2")).to_have_count(0)


def test_a_retried_action_runs_again_as_an_action(open_page: Opener) -> None:
    page = open_page()
    run_code(page, "tries = globals().get('tries', 0) + 1\nf'try number {tries}'")
    expect(page.get_by_test_id("message-assistant")).to_contain_text("try number 1")
    wait_over(page)
    page.get_by_role("log").get_by_role("button", name="Try again").click()
    expect(page.get_by_test_id("message-assistant")).to_contain_text("try number 2")
    page.reload()
    expect(page.get_by_test_id("message-assistant")).to_contain_text("try number 2")
    expect(page.get_by_test_id("round")).to_have_count(1)


def test_a_thumb_is_kept_by_the_engine(open_page: Opener) -> None:
    page = open_page()
    ask(page, "what is 12% of 85?")
    up, down = page.get_by_test_id("thumb-up"), page.get_by_test_id("thumb-down")
    with page.expect_response(re.compile(r"/feedback$")) as answer:
        up.click()
    assert answer.value.ok
    expect(up).to_have_attribute("aria-pressed", "true")
    with page.expect_response(re.compile(r"/feedback$")) as answer:
        down.click()
    assert answer.value.ok
    expect(up).to_have_attribute("aria-pressed", "false")


def test_language_and_theme_change_at_a_click_and_stay(open_page: Opener) -> None:
    page = open_page(language="en")
    root = page.locator(".sanca.page")
    expect(root).to_have_attribute("lang", "en")
    page.get_by_test_id("lang-toggle").click()
    expect(root).to_have_attribute("lang", "zh-CN")
    expect(page.get_by_test_id("composer")).to_have_attribute("placeholder", re.compile("[\u4e00-\u9fff]"))
    page.get_by_test_id("theme-toggle").click()
    expect(root).to_have_attribute("data-theme", "light")
    page.get_by_test_id("theme-toggle").click()
    expect(root).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(root).to_have_attribute("lang", "zh-CN")
    expect(root).to_have_attribute("data-theme", "dark")
    ask(page, "85 的 12% 是多少？")
    expect(page.get_by_test_id("message-assistant")).to_contain_text("10.2")


def go_back_to(page: Page, test_id: str) -> None:
    """Press Shift+Tab until the element has the focus: from the composer the way to the last card is short."""
    for _ in range(12):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement?.dataset.testid") == test_id:
            return
    raise AssertionError(f"the keyboard does not reach {test_id}")


def test_a_question_and_an_approval_by_keyboard_alone(open_page: Opener, demo: DemoProcess) -> None:
    page = open_page()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    page.keyboard.type(f"restart {service_of(demo)}")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("approve")).to_be_visible(timeout=30_000)
    go_back_to(page, "approve")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("approval")).to_have_attribute("data-state", "approved")
    expect(page.get_by_test_id("round").last).to_have_attribute("data-status", "ok", timeout=30_000)
    page.keyboard.press("Alt+t")
    expect(page.get_by_test_id("timeline")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("timeline")).to_have_count(0)


@pytest.fixture
def viewer_page(demo: DemoProcess, browser: Browser) -> Iterator[Page]:
    """The page as the user who may only look and ask, signed in by name and password."""
    password = json.loads((demo.home / "demo-users.json").read_text(encoding="utf-8"))["viewer"]["password"]
    with browser.new_context(locale="en-US", viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{demo.port}/")
        page.locator("[name=username]").fill("viewer")
        page.locator("[name=password]").fill(password)
        page.locator("[name=password]").press("Enter")
        page.get_by_test_id("composer").wait_for()
        yield page


def test_a_viewer_may_ask_but_sees_nothing_to_approve(viewer_page: Page, demo: DemoProcess) -> None:
    page = viewer_page
    service = service_of(demo)
    started = {one["name"]: one["pid"] for one in demo.get("/api/fleet")["services"]}[service]
    ask(page, "which services are running?")
    expect(page.get_by_test_id("round")).to_have_attribute("data-status", "ok")
    wait_over(page)
    ask(page, f"restart {service}")
    expect(page.get_by_test_id("round")).to_have_count(2)
    wait_over(page)
    expect(page.get_by_test_id("approve")).to_have_count(0)
    expect(page.locator('[data-testid=effect][data-tool="system.restart"]')).to_have_attribute("data-status", "denied")
    expect(page.get_by_role("log")).to_contain_text("system:change")
    expect(page.get_by_test_id("fault-bad_config")).to_be_disabled()
    assert {one["name"]: one["pid"] for one in demo.get("/api/fleet")["services"]}[service] == started
    shoot(page, "viewer-denied")


def test_the_timeline_shows_rounds_calls_and_the_trace(open_page: Opener) -> None:
    page = open_page()
    ask(page, "which services are running?")
    expect(page.get_by_test_id("thumb-up")).to_be_visible()
    page.get_by_test_id("timeline-open").click()
    timeline = page.get_by_test_id("timeline")
    expect(timeline.get_by_test_id("trace-id")).to_have_text(re.compile(r"^[0-9a-f]{32}$"))
    expect(timeline).to_contain_text("system.services")
    expect(timeline).to_contain_text("Perception")
    expect(timeline).to_contain_text("Self-check")
    shoot(page, "timeline")


LOOKS = [(width, language, dark) for width in (1280, 390) for language in ("en", "zh") for dark in (False, True)]

PLACES = {
    "fleet": "[data-testid^=service-]",
    "settings": "[data-testid=engine-facts]",
    "api": ":text('/api/sanca/models')",
}
"""The other pages, and what each shows when it is there."""


@pytest.mark.parametrize(("width", "language", "dark"), LOOKS)
def test_every_page_fits_is_quiet_and_stays_home(
    width: int, language: str, dark: bool, open_page: Opener, demo: DemoProcess
) -> None:
    page = open_page(language=language, width=width, height=900 if width > 400 else 844, dark=dark)
    seen = watch(page)
    name = f"{width}-{language}-{'dark' if dark else 'light'}"
    page.reload()
    expect(page.get_by_test_id("suggestion").first).to_be_visible()
    assert not scrolls_sideways(page)
    shoot(page, f"start-{name}")
    ask(page, "which services are running?" if language == "en" else "现在有哪些服务在运行？")
    expect(page.get_by_test_id("round")).to_have_attribute("data-status", "ok", timeout=30_000)
    wait_over(page)
    ask(page, f"restart {service_of(demo)}" if language == "en" else f"重启 {service_of(demo)}")
    expect(page.get_by_test_id("approve")).to_be_visible(timeout=30_000)
    assert not scrolls_sideways(page)
    shoot(page, f"approval-{name}")
    page.get_by_test_id("reject").click()
    expect(page.get_by_test_id("approval")).to_have_attribute("data-state", "denied")
    wait_over(page)
    shoot(page, f"denied-{name}")
    for place, shown in PLACES.items():
        page.goto(f"http://127.0.0.1:{demo.port}/#/{place}")
        expect(page.locator(shown).first).to_be_visible()
        assert not scrolls_sideways(page), place
        shoot(page, f"{place}-{name}")
    assert seen.errors == []
    assert seen.outside == []


@pytest.mark.usefixtures("healthy")
def test_the_picture_of_the_readme_is_a_finished_repair(open_page: Opener, demo: DemoProcess) -> None:
    demo.post("/api/fleet/faults", {"kind": "bad_config", "seed": 42})
    page = open_page()
    ask(page, "Something in the shop is broken. Find the cause and fix it.")
    page.get_by_test_id("approve").click(timeout=90_000)
    expect(page.get_by_test_id("thumb-up")).to_be_visible(timeout=90_000)
    page.get_by_test_id("fault-check").click()
    expect(page.get_by_test_id("fault-state")).to_have_attribute("data-state", "repaired", timeout=30_000)
    picture = shoot(page, "readme")
    assert picture.stat().st_size < 400_000
