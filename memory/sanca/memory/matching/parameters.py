"""Fills a skill's parameters from what a message and its history name. Does not decide which skill it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sanca.core.messages import Message
from sanca.core.ports import Entities
from sanca.memory.matching.lexicon import Lexicon
from sanca.memory.matching.numbers import CHINESE_NUMBER, ENGLISH_NUMBER, parse_chinese, parse_english
from sanca.memory.matching.slots import Reading, read_message
from sanca.memory.skills import Skill, SkillParameter

_VALUE_WORDS = frozenset(
    ["true", "false", "on", "off", "yes", "no", "none", "null", "debug", "info", "warn", "error", "trace"]
)
_NO_VALUES = frozenset(["the", "a", "an", "be", "on", "in", "for", "of"])
_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)$")
_HISTORY_MESSAGES = 12
_VALUE = re.compile(
    r"(?:\bto\b|\bat\b|\bas\b|\bbe\b|=|->|→|[改设调换变置提降加减]?(?:成|为|到|至)|设|改)\s*:?\s*"
    rf'(?:"(?P<quoted>[^"]+)"|`(?P<code>[^`]+)`|(?P<plain>[A-Za-z0-9_.%/+-]*[A-Za-z0-9_%/+-])|(?P<chinese>{CHINESE_NUMBER}))'
)
_LEADING = re.compile(
    r"^(?:\s|[,.:;!?,。:;!?、]|\b(?:the|a|an|about|for|on|of|in|to|how|our|any)\b|的|关于|一下|有关|里|中|讲没讲|写没写|有没有|讲到?|说|写|上)+",
    re.IGNORECASE,
)
_TRAILING = re.compile(
    r"(?:\s|[,.:;!?,。:;!?、]|的|吗|呢|\bplease\b|该?(?:怎么|咋|如何)(?:处理|弄|办|做|搞|整|操作|走|处置)?)+$",
    re.IGNORECASE,
)
_TOPIC_FILLERS = {"runbook", "search", "file", "colleague"}
_COLON = re.compile(r"[::]\s*(.+)$", re.DOTALL)


@dataclass(frozen=True)
class Context:
    """What besides the message helps to fill a parameter."""

    lexicon: Lexicon
    entities: Entities | None
    history: Sequence[Message]
    now: datetime


def service_from_history(reading: Reading, context: Context) -> str | None:
    """Return the service that `it` means: the last one named in the session."""
    if not reading.refers_back:
        return None
    for message in reversed(context.history[-_HISTORY_MESSAGES:]):
        # What an answer names is only trusted when the environment's names are known; a user's words always.
        if message.role == "user" or (context.entities or {}).get("service"):
            slot = read_message(message.content[:8000], context.lexicon, context.entities, context.now).first("service")
            if slot is not None:
                return str(slot.value)
    return None


def fill_parameters(skill: Skill, reading: Reading, context: Context) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return a value for every parameter (its default, or None, when not said) and the required ones not found."""
    values: dict[str, Any] = {}
    missing: list[str] = []
    used: dict[str, int] = {}
    for parameter in skill.sheet.parameters:
        place = used.get(parameter.kind, 0)
        used[parameter.kind] = place + 1
        value = _find(parameter, place, reading, context)
        if value is None and parameter.required and parameter.default is None:
            missing.append(parameter.name)
        values[parameter.name] = parameter.default if value is None else value
    return _older_release_first(skill, values), tuple(missing)


def _older_release_first(skill: Skill, values: dict[str, Any]) -> dict[str, Any]:
    """Two releases are compared from the older to the newer, in whichever order they are said."""
    names = [parameter.name for parameter in skill.sheet.parameters if parameter.kind == "release"]
    hits = [_VERSION.fullmatch(str(values[name])) for name in names]
    if len(names) != 2 or not all(hits):
        return values
    numbers = [tuple(int(part) for part in hit[1].split(".")) for hit in hits if hit]
    first, second = names
    return values if numbers[0] <= numbers[1] else values | {first: values[second], second: values[first]}


def _find(parameter: SkillParameter, place: int, reading: Reading, context: Context) -> Any:
    match parameter.kind:
        case "service":
            slots = reading.all("service")
            return slots[place].value if place < len(slots) else service_from_history(reading, context)
        case "setting":
            return _setting(reading, context.lexicon)
        case "choice":
            return _choice(parameter, reading.text)
        case "text":
            return _text(parameter, reading)
        case kind:
            slots = reading.all(kind)
            return slots[place].value if place < len(slots) else None


def _setting(reading: Reading, lexicon: Lexicon) -> str | None:
    for kind in ("setting", "quoted"):
        if slot := reading.first(kind):
            return str(slot.value)
    hits: list[tuple[int, str]] = []
    for canonical, forms in lexicon.setting_words.items():
        for form in (*forms["en"], *forms["zh"]):
            pattern = rf"\b{re.escape(form)}\b" if form.isascii() else re.escape(form)
            if re.search(pattern, reading.text, re.IGNORECASE):
                hits.append((len(form), canonical))
    return max(hits)[1] if hits else None


def _choice(parameter: SkillParameter, text: str) -> str | None:
    hits: list[tuple[int, str]] = []
    for value, forms in parameter.choices.items():
        for form in (value, *forms):
            pattern = rf"(?<![A-Za-z]){re.escape(form)}(?![A-Za-z])" if form.isascii() else re.escape(form)
            if re.search(pattern, text, re.IGNORECASE):
                hits.append((len(form) if form.isascii() else 3 * len(form), value))
    return max(hits)[1] if hits else None


def _text(parameter: SkillParameter, reading: Reading) -> str | None:
    match parameter.take:
        case "message":
            return reading.text.strip()
        case "value":
            return _value(reading)
        case "file":
            slot = reading.first("table") or reading.first("file")
            return str(slot.value) if slot else None
        case "payload":
            return _payload(reading)
        case "topic":
            return _topic(reading)
        case _:
            slot = reading.first("quoted")
            return str(slot.value) if slot else None


def _payload(reading: Reading) -> str | None:
    for kind in ("payload", "quoted"):
        if slot := reading.first(kind):
            return str(slot.value)
    after = _COLON.search(reading.text)
    return after[1].strip() if after else None


def _value(reading: Reading) -> str | None:
    """The last word after `to`, `=`, `成` … that names nothing else; else the number beside the setting."""
    names = {str(slot.value).lower() for slot in reading.slots if slot.kind in ("service", "setting")}
    numbers = [slot for slot in reading.slots if slot.kind in ("number", "minutes")]
    for hit in reversed(list(_VALUE.finditer(reading.text))):
        said = next(group for group in hit.groups() if group)
        if hit["quoted"] or hit["code"]:
            return said
        # `ought to read 250`: a mere word is no value when a number is said.
        mere = bool(numbers) and said.isascii() and said.isalpha() and not _is_number_or_value(said)
        if not mere and said.lower() not in names and said.lower() not in _NO_VALUES:
            return _as_digits(said)
    return _as_digits(re.split(r"\s|-", reading.text[numbers[-1].start : numbers[-1].end])[0]) if numbers else None


def _is_number_or_value(said: str) -> bool:
    return said.lower() in _VALUE_WORDS or re.fullmatch(ENGLISH_NUMBER, said, re.IGNORECASE) is not None


def names_setting(reading: Reading, lexicon: Lexicon) -> bool:
    """Whether the message names a setting: `db.pool_size`, `timeout`, 连接池大小."""
    return _setting(reading, lexicon) is not None


def names_value(reading: Reading) -> bool:
    """Whether the message says a new value: `to 30`, `= true`, `改成 50`."""
    return _value(reading) is not None


def _as_digits(said: str) -> str:
    if re.fullmatch(ENGLISH_NUMBER, said, re.IGNORECASE) and not said[0].isdigit():
        return f"{parse_english(said):g}"
    if re.fullmatch(CHINESE_NUMBER, said) and not said[0].isdigit():
        return f"{parse_chinese(said):g}"
    return said.replace(",", "") if re.fullmatch(r"\d[\d,]*(?:\.\d+)?", said) else said


def _topic(reading: Reading) -> str | None:
    """What is left of the message without the words that only say that something is looked up."""
    if slot := reading.first("quoted"):
        return str(slot.value)
    text = reading.text
    for piece in reversed(reading.pieces):
        if set(piece.concepts) & _TOPIC_FILLERS:
            text = text[: piece.start] + "\x00" + text[piece.end :]
    about = re.search(r"\b(?:about|regarding|concerning|for|on|against|when|if)\b|关于|有关|提到", text, re.IGNORECASE)
    rest = text[about.end() :] if about else max(text.split("\x00"), key=len)
    rest = _TRAILING.sub("", _LEADING.sub("", rest.replace("\x00", " ")))
    return " ".join(rest.split()) or None
