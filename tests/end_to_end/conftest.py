"""One demo for the whole end-to-end suite, a browser for each file: the real host, engine, fleet, agent and page."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from demo_process import PORTAL_JAR, ROOT, DemoProcess
from playwright.sync_api import Browser, Page, sync_playwright

SCREENSHOTS = ROOT / "test-output" / "screenshots"
CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip

ALMANAC = '''"""Days of the week, as a person would drop them into the state folder."""

from sanca.toolkit_bridge import PythonToolkit, tool


class Almanac(PythonToolkit):
    """Knows the calendar."""

    name = "almanac"
    description = "Knows the calendar."

    @tool
    def weekday(self, year: int, month: int, day: int) -> str:
        """Return the name of a day."""
        import datetime

        return datetime.date(year, month, day).strftime("%A")
'''
"""A Python toolkit for the state folder's `toolkits/`."""


def chromium_path() -> str:
    """Return the browser's path; a missing browser fails the test, it is never skipped."""
    found = os.environ.get("SANCA_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, "Chromium is missing: apt install chromium, or set SANCA_CHROMIUM"
    return found


@pytest.fixture(scope="session")
def built_portal() -> Path:
    """The portal's jar."""
    assert PORTAL_JAR.exists(), "the Java host is not built: run `make setup`"
    return PORTAL_JAR


@pytest.fixture(scope="session")
def demo(built_portal: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcess]:
    """The running demo, signed in as operator, engine up."""
    environment = dict.fromkeys(("OPENAI_API_KEY", "OPENAI_BASE_URL", "DASHSCOPE_API_KEY"), "")
    environment["SANCA_MODEL_PRICES"] = json.dumps({"fake-model": {"input": 1000, "output": 2000, "currency": "EUR"}})
    home = tmp_path_factory.mktemp("home") / "sanca"
    home.mkdir(mode=0o700)
    (home / "toolkits").mkdir()
    (home / "toolkits" / "almanac.py").write_text(ALMANAC, encoding="utf-8")
    with DemoProcess(home, environment=environment) as running:
        running.sign_in()
        running.wait_engine()
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; its driver keeps an event loop in this thread until it is closed."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


PageOpener = Callable[..., Page]


@pytest.fixture
def open_page(demo: DemoProcess, browser: Browser) -> Iterator[PageOpener]:
    """Open the portal's page as the signed-in operator: `open_page(language="en", width=1280, dark=False)`."""
    contexts = []

    def open_one(*, language: str = "en", width: int = 1280, height: int = 900, dark: bool = False) -> Page:
        context = browser.new_context(
            locale="zh-CN" if language == "zh" else "en-US",
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
        )
        contexts.append(context)
        address = f"http://127.0.0.1:{demo.port}"
        context.add_cookies([{"name": c.name, "value": c.value or "", "url": address} for c in demo.client.cookies.jar])
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(f"{address}/")
        page.get_by_test_id("composer").wait_for()
        return page

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture
def healthy(demo: DemoProcess) -> None:
    """Bring the fleet back to health before the test."""
    demo.post("/api/fleet/reset")
