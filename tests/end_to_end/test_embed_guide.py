"""The embed guide is followed to the letter: its commands are run, its snippets inserted, what it promises is seen."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from chat_page import run_code, wait_over
from guide_reader import EXAMPLE, GUIDE, NOT_COPIED, GuideReader, snippets
from guide_steps import insert, read_steps
from playwright.sync_api import Browser, expect

pytestmark = [pytest.mark.jvm, pytest.mark.browser]
AGENT_STEPS = (2, 3, 4)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuideReader]:
    """Somebody who has opened the guide."""
    one = GuideReader(tmp_path_factory.mktemp("guide"))
    yield one
    one.stop()


def order(reader: GuideReader, number: str) -> dict[str, object]:
    """Return an order as the application's own API tells it."""
    found: dict[str, object] = json.loads(
        reader.run(f"curl -s -u carla:carla http://127.0.0.1:{reader.port}/api/orders/{number}")
    )
    return found


def sources(folder: Path) -> dict[str, bytes]:
    """Return every file that a build reads."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in (folder / "pom.xml", *(folder / "src").rglob("*.*"))}


def test_the_example_knows_nothing_of_sanca() -> None:
    found = [name for name, data in sources(EXAMPLE).items() if b"sanca" in data and not name.endswith("sanca-chat.js")]
    assert found == []


def test_the_agent_is_one_dependency_three_properties_and_one_bean() -> None:
    steps = read_steps(GUIDE)
    [dependency], [properties], [bean] = (snippets(steps[number]) for number in AGENT_STEPS)
    assert dependency.text.count("<dependency>") == 1
    assert re.findall(r"^([a-z.]+)=.+$", properties.text, re.MULTILINE) == [
        "sanca.home", "sanca.engine.python", "sanca.access.ask",
    ]  # fmt: skip
    assert len(properties.text.splitlines()) == 3
    assert len(re.findall(r"^(?:public |final )*(?:class|record|interface|enum) ", bean.text, re.MULTILINE)) == 1
    assert "@ToolkitComponent" in bean.text


def test_the_patch_does_what_the_steps_do(tmp_path: Path) -> None:
    typed, patched = tmp_path / "typed", tmp_path / "patched"
    for copy in (typed, patched):
        shutil.copytree(EXAMPLE, copy, ignore=NOT_COPIED)
    steps = read_steps(GUIDE)
    for block in (block for number in AGENT_STEPS for block in snippets(steps[number])):
        insert(block, typed)
    subprocess.run(["git", "apply", "with_agent.patch"], cwd=patched, check=True)
    assert sources(patched) == sources(typed)
    assert sources(patched) != sources(EXAMPLE)


def test_before_there_is_an_application_and_no_agent(reader: GuideReader) -> None:
    reader.follow(1)
    assert not (reader.desk / ".sanca").exists()


def test_with_the_additions_it_starts_the_engine(reader: GuideReader) -> None:
    reader.follow(6)
    home = reader.desk / ".sanca"
    assert home.stat().st_mode & 0o777 == 0o700
    assert json.loads((home / "engine.json").read_text(encoding="utf-8"))["pid"]


def test_it_offers_no_skill_for_what_the_application_does_not_have(reader: GuideReader) -> None:
    reader.follow(6)
    listed = json.loads(reader.run(f"curl -s -u carla:carla http://127.0.0.1:{reader.port}/api/sanca/skills"))
    names = {skill["name"] for skill in listed}
    assert "calculate" in names
    assert "restart_service" not in names


def test_it_answers_asks_refuses_and_changes_only_what_was_agreed_to(reader: GuideReader) -> None:
    reader.follow(7)
    assert order(reader, "A-1003")["state"] == "CANCELLED"
    assert order(reader, "A-1002")["state"] == "OPEN"


def test_the_chat_in_its_page_asks_before_it_cancels(reader: GuideReader, browser: Browser) -> None:
    reader.follow(7)
    [code] = re.findall(r"`(orders\.cancel\(\"A-1002\".+?\))`", GUIDE.read_text(encoding="utf-8"))
    context = browser.new_context(locale="en-US", viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(f"http://127.0.0.1:{reader.port}/")
    page.get_by_placeholder("Username").fill("marta")
    page.get_by_placeholder("Password").fill("marta")
    page.get_by_role("button", name="Sign in").click()
    run_code(page, code)
    expect(page.get_by_test_id("approve")).to_be_visible()
    assert order(reader, "A-1002")["state"] == "OPEN"
    page.get_by_test_id("approve").click()
    wait_over(page)
    expect(page.get_by_test_id("approval")).to_have_attribute("data-state", "approved")
    assert order(reader, "A-1002")["state"] == "CANCELLED"
    page.reload()
    expect(page.get_by_role("row", name="A-1002")).to_contain_text("CANCELLED")
    context.close()


def test_the_terminal_uses_the_same_engine(reader: GuideReader) -> None:
    reader.follow(8)


def test_what_was_agreed_to_is_in_the_application_s_own_database(reader: GuideReader, tmp_path: Path) -> None:
    reader.follow(7)
    reader.stop()
    with zipfile.ZipFile(reader.desk / "target" / "order-desk.jar") as jar:
        [h2] = [name for name in jar.namelist() if re.fullmatch(r"BOOT-INF/lib/h2-\d[\w.]*\.jar", name)]
        jar.extract(h2, tmp_path)
    shell = f"java -cp {tmp_path / h2} org.h2.tools.Shell -url jdbc:h2:file:./data/orders -user desk"
    rows = reader.run(f"{shell} -sql 'table customer_order'")
    assert re.search(r"A-1001 .+\| SHIPPED .+\| null", rows)
    assert re.search(r"A-1003 .+\| CANCELLED .+\| out of stock", rows)
