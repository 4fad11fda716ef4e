"""Dates in questions."""

from __future__ import annotations

from datetime import date

import pytest
from sanca.memory.retrieval.dates import Span, spans_in

TODAY = date(2026, 3, 20)


def one(text: str) -> Span:
    """Return the only span of a text."""
    found = spans_in(text, TODAY)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("What happened on 7 May 2023?", date(2023, 5, 7), date(2023, 5, 7)),
        ("on the 2025-11-03 run", date(2025, 11, 3), date(2025, 11, 3)),
        ("2024年3月23日做了什么", date(2024, 3, 23), date(2024, 3, 23)),
        ("What did she do yesterday?", date(2026, 3, 19), date(2026, 3, 19)),
        ("昨天吃了什么", date(2026, 3, 19), date(2026, 3, 19)),
        ("What did we say two days ago?", date(2026, 3, 18), date(2026, 3, 18)),
        ("三天前说了什么", date(2026, 3, 17), date(2026, 3, 17)),
    ],
)
def test_a_day_is_read_from_either_language(text: str, first: date, last: date) -> None:
    assert any(span == Span(first, last) for span in spans_in(text, TODAY))


@pytest.mark.parametrize("text", ["Where was she in July 2023?", "2023年7月她在哪里？"])
def test_a_month_with_its_year_covers_its_days_only(text: str) -> None:
    found = [span for span in spans_in(text, TODAY) if span.covers(date(2023, 7, 31)) and not span.any_year]
    assert any(not span.covers(date(2023, 8, 1)) and not span.covers(date(2024, 7, 1)) for span in found)


def test_a_month_without_a_year_is_that_of_any_year() -> None:
    span = one("What did Ben do in May?")
    assert span.covers(date(2021, 5, 9))
    assert not span.covers(date(2021, 6, 9))


def test_last_week_lies_some_days_back() -> None:
    assert one("上周发生了什么").covers(date(2026, 3, 12))
    assert not one("What broke last week?").covers(TODAY)


@pytest.mark.parametrize("text", ["", "May I ask something?", "on 31 April 2023", "room 2023-13", "3 apples"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert spans_in(text, TODAY) == []
