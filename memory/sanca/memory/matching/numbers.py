"""Numbers and spans of time in English and Chinese words. Pure text, no clock but the one passed in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

_SMALL = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90, "dozen": 12, "couple": 2,
}  # fmt: skip
_BIG = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "dozen": 12}
_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2}
_UNITS = {"十": 10, "百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}

_WORDS = "|".join(sorted({*_SMALL, *_BIG}, key=len, reverse=True))
ENGLISH_NUMBER = rf"(?:\d[\d,]*(?:\.\d+)?|\b(?:{_WORDS})(?:[\s-]+(?:and\s+)?(?:{_WORDS}))*\b)"
CHINESE_NUMBER = r"(?:\d[\d,]*(?:\.\d+)?|[零〇一二两俩三四五六七八九十百千万亿]+(?:点[零〇一二三四五六七八九]+)?)"

_MINUTES_OF = {
    "second": 1 / 60,
    "sec": 1 / 60,
    "minute": 1,
    "min": 1,
    "hour": 60,
    "hr": 60,
    "h": 60,
    "day": 1440,
    "week": 10080,
}
_MINUTES_OF_ZH = {
    "秒": 1 / 60,
    "分钟": 1,
    "分": 1,
    "小时": 60,
    "钟头": 60,
    "刻钟": 15,
    "天": 1440,
    "日": 1440,
    "周": 10080,
    "星期": 10080,
}
_ENGLISH_SPAN = re.compile(
    rf"\b(?:(?P<lead>last|past|previous|recent|this)\s+)?(?:(?P<half>half\s+(?:an?\s+)?|(?:an?\s+)?half[\s-]+)|(?P<couple>a\s+couple\s+of\s+)"
    rf"|(?P<number>{ENGLISH_NUMBER}|an?\b)\s*-?)?\s*(?P<unit>seconds?|secs?|minutes?|mins?|hours?|hrs?|h|days?|weeks?)\b",
    re.IGNORECASE,
)
_CHINESE_SPAN = re.compile(
    rf"(?:(?P<half>半)|(?P<number>{CHINESE_NUMBER}))\s*(?:个|個)?\s*(?P<more>半)?(?P<unit>分钟|小时|钟头|刻钟|星期|秒|分|天|周)(?:钟)?"
)
_TODAY = re.compile(r"\btoday\b|\bthis morning\b|今天|今日|今早|今晨", re.IGNORECASE)
_YESTERDAY = re.compile(r"\byesterday\b|\blast night\b|昨天|昨日|昨晚|昨夜", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """A value and where it stands in the text."""

    start: int
    end: int
    value: float


def parse_english(text: str) -> float:
    """Return the number an English word group or a row of digits says."""
    text = text.lower().replace(",", "").strip()
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return _plain(float(text))
    total, current = 0, 0
    for word in re.findall(r"[a-z]+", text):
        if word in _BIG and (current or word != "dozen"):
            current = max(1, current) * _BIG[word]
            if _BIG[word] >= 1_000:
                total, current = total + current, 0
        elif word in _SMALL:
            current += _SMALL[word]
    return total + current


def parse_chinese(text: str) -> float:
    """Return the number a Chinese numeral or a row of digits says; 一百五 is 150."""
    text = text.replace(",", "")
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return _plain(float(text))
    whole, _, fraction = text.partition("点")
    if not any(unit in whole for unit in _UNITS):
        value = float("".join(str(_DIGITS[character]) for character in whole) or 0)
    else:
        value = _positional(whole)
    if fraction:
        value += float("0." + "".join(str(_DIGITS[character]) for character in fraction))
    return _plain(value)


def _positional(text: str) -> float:
    total, section, digit, last_unit, after_zero = 0, 0, 0, 1, False
    for character in text:
        if character in _DIGITS:
            digit = _DIGITS[character]
            after_zero = after_zero or digit == 0
            continue
        unit = _UNITS[character]
        if unit >= 10_000:
            total, section = (total + section + digit) * unit, 0
        else:
            section += (digit or 1) * unit
        digit, last_unit, after_zero = 0, unit, False
    # 一百五 leaves out the last unit; 一百零五 does not.
    return total + section + digit * (1 if after_zero or last_unit <= 10 else last_unit // 10)


def numbers_in(text: str) -> list[Found]:
    """Return the numbers of `text` in order, as words or digits; `%` is left to the reader."""
    found = [
        Found(hit.start(), hit.end(), parse_english(hit.group())) for hit in re.finditer(ENGLISH_NUMBER, text, re.I)
    ]
    chinese = re.finditer(CHINESE_NUMBER.replace(r"\d[\d,]*(?:\.\d+)?|", ""), text)
    found += [Found(hit.start(), hit.end(), parse_chinese(hit.group())) for hit in chinese]
    return sorted(found, key=lambda hit: hit.start)


def spans_in(text: str, now: datetime) -> Iterator[Found]:
    """Yield spans of time as minutes up to now: `last half hour`, `最近十分钟`, `today`, `昨天`."""
    for hit in _ENGLISH_SPAN.finditer(text):
        minutes = _english_minutes(hit)
        if minutes is not None:
            yield Found(hit.start(), hit.end(), minutes)
    for hit in _CHINESE_SPAN.finditer(text):
        number = 0.5 if hit["half"] else parse_chinese(hit["number"]) + (0.5 if hit["more"] else 0)
        yield Found(hit.start(), hit.end(), _plain(max(1, number * _MINUTES_OF_ZH[hit["unit"]])))
    today = now.hour * 60 + now.minute
    for pattern, minutes in ((_TODAY, max(today, 1)), (_YESTERDAY, today + 1440)):
        for hit in pattern.finditer(text):
            yield Found(hit.start(), hit.end(), minutes)


def _english_minutes(hit: re.Match[str]) -> float | None:
    unit = hit["unit"].lower()
    per = _MINUTES_OF[unit if unit in _MINUTES_OF else unit.rstrip("s")]
    if hit["half"]:
        return _plain(max(1, per / 2))
    if hit["couple"]:
        return _plain(2 * per)
    if hit["number"]:
        number = 1 if hit["number"].lower() in ("a", "an") else parse_english(hit["number"])
        return _plain(max(1, number * per))
    return _plain(max(1, per)) if hit["lead"] else None


def _plain(value: float) -> float:
    return int(value) if value == int(value) else value
