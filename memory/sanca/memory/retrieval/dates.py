"""Dates in a question, told as spans of days: "on 7 May 2023", "last week", "上周". Reads no records.

Said by the calendar ("in May"), a span without a year means any year. Not a parser of every date there is: what it does
not know is no date, and the words still count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug",
         "september sept sep", "october oct", "november nov", "december dec"), 1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?"
_CALENDAR = (
    re.compile(r"(?P<year>(?:19|20)\d\d)-(?P<number>\d{1,2})(?:-(?P<day>\d{1,2}))?"),
    re.compile(r"(?P<year>(?:19|20)\d\d)\s*年(?:\s*(?P<number>\d{1,2})\s*月(?:\s*(?P<day>\d{1,2})\s*[日号])?)?"),
    re.compile(r"(?P<number>\d{1,2})\s*月(?:份|\s*(?P<day>\d{1,2})\s*[日号])?"),
    re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s*(?P<year>(?:19|20)\d\d)?"),
    re.compile(rf"\b{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b,?\s*(?P<year>(?:19|20)\d\d)?"),
    re.compile(
        rf"\b(?:in|of|during|since|until|by|late|early|mid|this|last)[\s-]+{_MONTH},?\s*(?P<year>(?:19|20)\d\d)?"
    ),
    re.compile(rf"\b{_MONTH},?\s+(?P<year>(?:19|20)\d\d)"),
    re.compile(r"\b(?:in|of|during|since)\s+(?P<year>(?:19|20)\d\d)\b"),
)
_UNITS = {"day": 1, "week": 7, "month": 30, "year": 365, "天": 1, "日": 1, "周": 7, "星期": 7, "个月": 30, "年": 365}
_AGO = re.compile(
    r"\b(?P<count>\d+|a|an|one|two|three|four|five|six|couple of)\s+(?P<unit>day|week|month|year)s?\s+ago\b"
)
_AGO_ZH = re.compile(r"(?P<count>\d+|[一两二三四五六七八九十])\s*(?P<unit>天|日|周|星期|个月|年)(?:之)?前")
_COUNTS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "couple of": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10,
}  # fmt: skip
_NEAR = {
    "yesterday": (1, 1), "昨天": (1, 1), "昨晚": (1, 1), "前天": (2, 2), "the day before yesterday": (2, 2),
    "today": (0, 0), "今天": (0, 0), "今早": (0, 0), "last week": (4, 13), "上周": (4, 13),
    "上个星期": (4, 13), "上星期": (4, 13),
    "this week": (0, 6), "本周": (0, 6), "这周": (0, 6), "last month": (15, 61), "上个月": (15, 61), "上月": (15, 61),
    "this month": (0, 31), "这个月": (0, 31), "last year": (180, 730), "去年": (180, 730), "last weekend": (1, 9),
    "上周末": (1, 9), "this year": (0, 366), "今年": (0, 366),
}  # fmt: skip


@dataclass(frozen=True)
class Span:
    """Days from `first` to `last`, both included; without a year they are those of every year."""

    first: date
    last: date
    any_year: bool = False

    def covers(self, day: date) -> bool:
        """Whether a day is one of them."""
        if self.any_year:
            try:
                day = day.replace(year=self.first.year)
            except ValueError:  # 29 February, in a year that has none
                return False
        return self.first <= day <= self.last


def moment_of(text: str) -> datetime | None:
    """Return the moment that an ISO 8601 text tells, in UTC where it names no zone; None where it tells none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:  # a source may tell less than a date; such a record has no time
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def spans_in(text: str, today: date) -> list[Span]:
    """Return the spans of days that a text names; `today` is what "yesterday" counts from."""
    lowered = text.lower()
    found: list[Span] = []
    for pattern in _CALENDAR:
        found += [span for match in pattern.finditer(lowered) if (span := _of_calendar(match))]
        lowered = pattern.sub(" ", lowered)  # what was read as a day is not read as its month, too
    found += [_ago(match, today) for pattern in (_AGO, _AGO_ZH) for match in pattern.finditer(lowered)]
    for words, (newest, oldest) in _NEAR.items():
        if words in lowered:
            found.append(Span(today - timedelta(oldest), today - timedelta(newest)))
    return list(dict.fromkeys(found))


def _of_calendar(match: re.Match[str]) -> Span | None:
    parts = match.groupdict()
    any_year = not parts.get("year")
    year = 2000 if any_year else int(parts["year"])
    month = int(parts["number"]) if parts.get("number") else _MONTHS.get(parts.get("month") or "", 0)
    try:
        if parts.get("day"):
            day = date(year, month, int(parts["day"]))
            return Span(day, day, any_year)
        if month:
            return Span(date(year, month, 1), _last_of(year, month), any_year)
        return Span(date(year, 1, 1), date(year, 12, 31))
    except ValueError:  # 31 April, month 13: not a date
        return None


def _last_of(year: int, month: int) -> date:
    return (date(year, 12, 31)) if month == 12 else date(year, month + 1, 1) - timedelta(1)


def _ago(match: re.Match[str], today: date) -> Span:
    count = int(match["count"]) if match["count"].isdigit() else _COUNTS[match["count"]]
    days = min(count, 200) * _UNITS[match["unit"]]
    slack = max(0, days // 5)
    return Span(today - timedelta(days + slack), today - timedelta(days - slack))
