"""Relative times in words, English and Chinese: which dates and hours they mean, in ISO 8601. No other arithmetic."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10,
    "few": 3, "half": 0.5, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8,
    "九": 9, "十": 10, "半": 0.5, "几": 3,
}  # fmt: skip
_UNITS = {
    "min": "minutes", "minute": "minutes", "hr": "hours", "hour": "hours", "h": "hours", "day": "days", "week": "weeks",
    "分钟": "minutes", "小时": "hours", "钟头": "hours", "天": "days", "周": "weeks", "星期": "weeks",
    "个月": "months", "month": "months",
}  # fmt: skip
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CHINESE_WEEKDAYS = "一二三四五六日"
_HOURS = {
    "noon": 12, "midday": 12, "lunch": 12, "midnight": 0, "morning": 8, "afternoon": 14, "evening": 18, "night": 22,
    "中午": 12, "午饭": 12, "午夜": 0, "早上": 8, "上午": 9, "下午": 14, "晚上": 19, "凌晨": 3, "傍晚": 18,
}  # fmt: skip
_N = r"(\d+|a|an|one|two|three|four|five|six|seven|eight|nine|ten|half an?|a few)"
_ZN = r"(\d+|[一二两三四五六七八九十半几])"
_UNIT = r"(min|minute|hr|hour|day|week|month)s?"
_ZUNIT = r"(分钟|小时|钟头|天|周|星期|个月)"


def times_in(text: str, now: datetime) -> dict[str, str]:
    """Return the relative times a text says → the day, hour or span (`begin/end`) they mean.

    Args:
        text: A message.
        now: The present, with its time zone: days are counted in that.
    """
    found: dict[str, str] = {}
    taken: list[tuple[int, int]] = []
    for pattern, mean in _RULES:
        for hit in pattern.finditer(text):
            if any(hit.start() < end and start < hit.end() for start, end in taken):
                continue
            taken.append(hit.span())
            found[hit.group().strip()] = mean(hit, now)
    return found


def _days(count: int) -> Callable[[re.Match[str], datetime], str]:
    return lambda _, now: (now + timedelta(days=count)).date().isoformat()


def _at(count: int, hour: int) -> Callable[[re.Match[str], datetime], str]:
    return lambda _, now: _hour(now + timedelta(days=count), hour)


def _hour(day: datetime, hour: int) -> str:
    return day.replace(hour=hour, minute=0, second=0, microsecond=0).isoformat(timespec="minutes")


def _ago(hit: re.Match[str], now: datetime) -> str:
    number, unit = hit.group(1), hit.group(2)
    moment = now - _span(number, unit)
    is_short = _UNITS[unit.lower()] in ("minutes", "hours")
    return moment.isoformat(timespec="minutes") if is_short else moment.date().isoformat()


def _past(hit: re.Match[str], now: datetime) -> str:
    begin = now - _span(hit.group(1) or "1", hit.group(2))
    return f"{begin.isoformat(timespec='minutes')}/{now.isoformat(timespec='minutes')}"


def _span(number: str, unit: str) -> timedelta:
    word = number.lower().removesuffix(" an").removesuffix(" a").removeprefix("a ")
    count = float(word) if word.isdigit() else float(_NUMBERS.get(word, 1))
    name = _UNITS[unit.lower()]
    return timedelta(days=30 * count) if name == "months" else timedelta(**{name: count})


def _this_day_at(hit: re.Match[str], now: datetime) -> str:
    hour = _HOURS[hit.group(1).lower()]
    day = now if now.hour >= hour else now - timedelta(days=1)
    return _hour(day, hour)


def _week(count: int) -> Callable[[re.Match[str], datetime], str]:
    def mean(_: re.Match[str], now: datetime) -> str:
        monday = (now - timedelta(days=now.weekday()) + timedelta(weeks=count)).date()
        return f"{monday.isoformat()}/{(monday + timedelta(days=6)).isoformat()}"

    return mean


def _weekday(place: int, hit: re.Match[str], now: datetime) -> str:
    """Return the last such day that is over; with `next` or 下 the one of the week after."""
    said = hit.group().lower()
    if said.startswith(("next", "下")):
        weeks = 2 if said.startswith("下下") else 1
        day = now - timedelta(days=now.weekday()) + timedelta(weeks=weeks, days=place)
    elif said.startswith("上"):
        day = now - timedelta(days=now.weekday()) + timedelta(weeks=-1, days=place)
    elif said.startswith(("this", "这")):
        day = now - timedelta(days=now.weekday()) + timedelta(days=place)
    else:
        day = now - timedelta(days=(now.weekday() - place) % 7 or 7)
    return day.date().isoformat()


def _english_weekday(hit: re.Match[str], now: datetime) -> str:
    return _weekday(_WEEKDAYS.index(hit.group(1).lower()), hit, now)


def _chinese_weekday(hit: re.Match[str], now: datetime) -> str:
    return _weekday(_CHINESE_WEEKDAYS.index(hit.group(1).replace("天", "日")), hit, now)


def _rules() -> Iterator[tuple[re.Pattern[str], Callable[[re.Match[str], datetime], str]]]:
    """Yield the patterns, the longer ones first: what one has taken is none of the next."""
    weekdays, hours = "|".join(_WEEKDAYS), "|".join(word for word in _HOURS if word.isascii())
    chinese_hours = "|".join(word for word in _HOURS if not word.isascii())
    said: list[tuple[str, Callable[[re.Match[str], datetime], str]]] = [
        (r"\bthe day before yesterday\b|前天", _days(-2)),
        (r"\bthe day after tomorrow\b|后天", _days(2)),
        (r"\byesterday (?:morning)\b|昨天(?:早上|上午)|昨早", _at(-1, 8)),
        (r"\byesterday (?:afternoon)\b|昨天下午", _at(-1, 14)),
        (r"\b(?:last night|yesterday (?:evening|night))\b|昨晚|昨天晚上|昨夜", _at(-1, 20)),
        (r"\bthis morning\b|今早|今天早上|今天上午|今晨", _at(0, 8)),
        (r"\bthis afternoon\b|今天下午", _at(0, 14)),
        (r"\b(?:tonight|this evening)\b|今晚|今天晚上", _at(0, 20)),
        (r"\btomorrow morning\b|明早|明天早上|明天上午", _at(1, 8)),
        (r"\byesterday\b|昨天|昨日", _days(-1)),
        (r"\btomorrow\b|明天", _days(1)),
        (r"\btoday\b|今天|今日", _days(0)),
        (rf"\b{_N} {_UNIT} ago\b", _ago),
        (rf"{_ZN}个?{_ZUNIT}(?:前|之前|以前)", _ago),
        (rf"\b(?:in |for |over |within |during )?the (?:last|past) (?:{_N} )?{_UNIT}\b", _past),
        (rf"(?:最近|过去|近){_ZN}个?{_ZUNIT}", _past),
        (rf"\b(?:since|last|next|this|on) ({weekdays})\b", _english_weekday),
        (r"(?:上|下下|下|这)?(?:周|星期|礼拜)([一二三四五六日天])", _chinese_weekday),
        (r"\blast week(?:'?s)?\b|上周|上星期", _week(-1)),
        (r"\bthis week(?:'?s)?\b|这周|本周|这星期", _week(0)),
        (r"\bnext week(?:'?s)?\b|下周|下星期", _week(1)),
        (rf"\b(?:since|after|from|around|before) (?:the )?({hours})\b", _this_day_at),
        (rf"(?:从)?({chinese_hours})(?:开始|以来|起|之后|以后)", _this_day_at),
    ]
    for pattern, mean in said:
        yield re.compile(pattern, re.IGNORECASE), mean


_RULES = tuple(_rules())
