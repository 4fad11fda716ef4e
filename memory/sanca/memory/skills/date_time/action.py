"""Dates: today, weekdays, days until or between, days from now."""

import calendar
import re
from datetime import date, datetime, timedelta

MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
DAYS_ZH = "一二三四五六日"
UNITS = {"day": 1, "week": 7, "month": 30.4375, "year": 365.25, "天": 1, "日": 1, "周": 7, "星期": 7, "礼拜": 7, "月": 30.4375, "年": 365.25}
DIGITS = {character: str(value) for value, character in enumerate("零一二三四五六七八九")} | {"两": "2", "〇": "0"}
HOLIDAYS = {"christmas": (12, 25), "圣诞": (12, 25), "new year": (1, 1), "元旦": (1, 1), "国庆": (10, 1), "劳动节": (5, 1)}
NUMBERS = {word: value for value, word in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())} | {"a": 1, "an": 1, "twenty": 20, "thirty": 30, "ninety": 90, "hundred": 100}

now = datetime.now().astimezone()
today = now.date()


def count_of(text):
    """Return a count said in digits or words."""
    if text.isdigit():
        return int(text)
    if text in NUMBERS:
        return NUMBERS[text]
    tens, mark, ones = text.partition("十")
    if mark:
        return 10 * int(DIGITS.get(tens, "1") or 1) + int(DIGITS.get(ones, "0") or 0)
    hundreds, mark, rest = text.partition("百")
    if mark:
        return 100 * int(DIGITS.get(hundreds, "1")) + (count_of(rest.lstrip("零")) if rest.lstrip("零") else 0)
    return int("".join(DIGITS.get(character, "") for character in text) or 0)


def upcoming(month, day):
    """Return the next such day, today included."""
    this = date(today.year, month, day)
    return this if this >= today else date(today.year + 1, month, day)


def dates_in(text):
    """Return the dates a text names, in its order."""
    found = []
    for hit in re.finditer(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})|(\d{4})年(\d{1,2})月(\d{1,2})[日号]", text):
        found.append((hit.start(), date(*(int(part) for part in hit.groups() if part))))
    rest = re.sub(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{4}年\d{1,2}月\d{1,2}[日号]", lambda hit: " " * len(hit.group()), text)
    for hit in re.finditer(r"(\d{1,2}|[一二三四五六七八九十]{1,2})月(\d{1,2}|[一二三四五六七八九十]{1,3})[日号]", rest):
        found.append((hit.start(), upcoming(count_of(hit[1]), count_of(hit[2]))))
    names = "|".join(MONTHS)
    for hit in re.finditer(rf"(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({names})[a-z]*\.?,?\s*(\d{{4}})?|\b({names})[a-z]*\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s*(\d{{4}})?", rest):
        day, month, year = (hit[1], hit[2], hit[3]) if hit[1] else (hit[5], hit[4], hit[6])
        found.append((hit.start(), date(int(year), MONTHS[month], int(day)) if year else upcoming(MONTHS[month], int(day))))
    found += [(rest.find(name), upcoming(*day)) for name, day in HOLIDAYS.items() if name in rest]
    return [day for _, day in sorted(found)]


def said(day):
    """Return a date with its weekday."""
    return t(f"{day:%A, %d %B %Y}", f"{day.year}年{day.month}月{day.day}日，星期{DAYS_ZH[day.weekday()]}")


def span_in(text):
    """Return (days, back) of `in 3 weeks`, `90 days ago`, `九十天以后`; None when there is none."""
    hit = re.search(r"(\d+|[a-z]+|[零一二两三四五六七八九十百]+)\s*个?(day|week|month|year|天|周|星期|礼拜|月|年)s?", text)
    if hit is None or not count_of(hit[1]):
        return None
    if not re.search(r"\bin\b|from now|from today|later|after|ago|before|后|前", text):
        return None
    return round(count_of(hit[1]) * UNITS[hit[2]]), bool(re.search(r"\bago\b|\bbefore\b|前", text))


def told(text):
    text = text.lower()
    if "tomorrow" in text or "明天" in text:
        return said(today + timedelta(days=1))
    if "yesterday" in text or "昨天" in text:
        return said(today - timedelta(days=1))
    days = dates_in(text)
    if len(days) >= 2:
        apart = abs((days[1] - days[0]).days)
        return t(f"**{apart} days** lie between {said(days[0])} and {said(days[1])}.", f"{said(days[0])}与{said(days[1])}相差 **{apart} 天**。")
    if days and re.search(r"until|how many|how long|to go|还有|距|离|多久|多少天|几天|since", text):
        left = (days[0] - today).days
        word = t(f"**{abs(left)} days** {'until' if left >= 0 else 'since'} {said(days[0])}.", f"{'距离' if left >= 0 else '自'}{said(days[0])}{'还有' if left >= 0 else '已过'} **{abs(left)} 天**。")
        return word
    if days:
        return f"**{said(days[0])}**"
    if span := span_in(text):
        moved = today - timedelta(days=span[0]) if span[1] else today + timedelta(days=span[0])
        return f"**{said(moved)}**"
    if re.search(r"week number|第几周", text):
        return t(f"It is week **{today.isocalendar().week}** of {today.year}.", f"今天是 {today.year} 年第 **{today.isocalendar().week}** 周。")
    return t(f"It is **{now:%H:%M}** on {said(today)} ({now:%Z}).", f"现在是 **{now:%H:%M}**，{said(today)}（{now:%Z}）。")


try:
    answer = told(question)
except (ValueError, OverflowError):
    answer = t("That is no date of the calendar.", "这不是日历上的日期。")
answer
