"""Numbers and times in a person's language and time zone."""

from __future__ import annotations

import re

import pytest
from sanca.python_runtime.expression.locale import Locale


def words(text: str) -> str:
    return re.sub(r"\s", " ", text)


def test_a_time_is_that_of_the_persons_own_day() -> None:
    at = "2026-11-21T22:30:00Z"
    assert words(Locale("zh-CN", "Asia/Shanghai").cell(at)) == "2026年11月22日 06:30:00"
    assert words(Locale("en", "America/New_York").cell(at)) == "Nov 21, 2026, 5:30:00 PM"
    assert words(Locale("en", "Asia/Calcutta").cell(at)) == "Nov 22, 2026, 4:00:00 AM"


def test_numbers_are_grouped_and_other_texts_stay() -> None:
    locale = Locale("en")
    assert locale.cell(1234567.8912) == "1,234,567.891"
    assert locale.cell(3) == "3"
    assert [locale.cell(True), locale.cell(None), locale.cell("2026-11-21"), locale.cell("v1.2")] == [
        "✓", "–", "2026-11-21", "v1.2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", "Mars/Phobos", "Asia", "Asia/" + "x" * 300, "\x00", "/etc/localtime"]
)
def test_a_zone_that_there_is_not_is_the_machines_own(name: str) -> None:
    at = "2026-11-21T22:30:00Z"
    assert Locale("en", name).cell(at) == Locale("en").cell(at)
