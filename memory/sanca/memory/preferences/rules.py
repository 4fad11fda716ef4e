"""Tells by rules what a message says for good: wishes, habits, who the person is. Keeps nothing, asks no model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sanca.core.languages import LANGUAGE_NAMES
from sanca.memory.preferences import cues
from sanca.memory.text import index_terms, normalise

Kind = Literal["role", "habit", "language", "do", "dont", "note"]
"""note: what a person told to remember, of no other kind."""

_MESSAGE_CHARS = 2_000
"""Longer messages are pasted texts, and no one's wishes."""
_TEXT_CHARS = 400
_QUOTED = re.compile(r"```.*?(?:```|$)|`[^`\n]*`|\"[^\"\n]{12,}\"|“[^”\n]{6,}”", re.DOTALL)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？；;])\s*|\n+")
_COMMA = re.compile(
    r"\s*[,，、]\s*(?:and |but |so )?|\s+(?:and|but) (?=(?:i'?m|i am|i prefer|never|always|call me)\b)", re.IGNORECASE
)
_STOP_WORDS = """
a an the to for of in on at me my i you your it is am are be do does not don t never ever always from now future please
pls must should can may will would that this with and or want like prefer hate any more again no stop use when
以 后 以后 别 不 要 不要 请 都 我 你 再 就 的 了 用 得 能 可 可以 许 永 远 永远 今 今后 从 起 在 给 把 一 直 一直
"""
_CONTENT_STOP = frozenset(_STOP_WORDS.split())
_ANSWERS = r"\b(?:answers?|repl\w+|show|prefer|use|like)\b"
_FORMS = r"\b(?:tables?|bullet(?:s| points| lists?)?|prose|plain text)\b"
_ATTRIBUTES: dict[str, str] = {
    "answer-length": r"\b(?:short|brief|concise|terse|detailed|longer|lengthy|verbose|thorough|to the point)\b"
    r"|简短|简洁|精简|详细|详尽|短一?点|长一?点",
    "answer-form": rf"{_FORMS}.*{_ANSWERS}|{_ANSWERS}.*{_FORMS}|表格|列表形式|要点",
    "name": r"\bcall me\b|\bmy (?:name|nick ?name)\b|叫我|称呼我|我叫|我的(?:名字|姓名)",
    "on-call": r"\bon[- ]?call\b|值班|oncall",
    "team": r"\b(?:i work (?:in|for|on|at|with)|my (?:team|department)|i belong to)\b"
    r"|我在\S+(?:团队|部门|组)|我的(?:团队|部门)",
    "responsibility": r"\b(?:responsible for|in charge of|i (?:own|maintain|look after|take care of))\b|我负责|我管",
    "time-zone": r"\btime ?zone\b|时区",
    "working-hours": r"\bworking? hours\b|工作时间是|上班时间是",
}
"""What can only be one thing at a time: id → the words that speak of it."""
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("language", cues.LANGUAGE),
    ("dont", cues.DONT),
    ("role", cues.ROLE),
    ("habit", cues.HABIT),
    ("do", cues.DO),
)


@dataclass(frozen=True)
class Wish:
    """Something a person said for good."""

    kind: Kind
    text: str
    """A sentence in the person's own words."""
    id: str
    """What it is about; another of the same id takes its place."""
    language: str = ""
    """English name, of a wish for a language."""


@dataclass(frozen=True)
class Said:
    """What a message says for good, and what else."""

    wishes: tuple[Wish, ...] = ()
    allows: tuple[str, ...] = ()
    """What is allowed from now on; means something only where it was forbidden."""
    rest: str = ""
    """What is left of the message; empty: it says nothing else."""


def said_for_good(message: str) -> Said:
    """Return what a message says that holds beyond it. Questions, quotations and pasted texts say nothing so."""
    if len(message) > _MESSAGE_CHARS:
        return Said(rest=message)
    text = normalise(_QUOTED.sub(" … ", message))
    wishes: list[Wish] = []
    allows: list[str] = []
    rest: list[str] = []
    for clause in _clauses(text):
        if wish := _wish(clause):
            wishes.append(wish)
        elif cues.MAY.search(_plain(clause)) and not cues.QUESTION.search(clause):
            allows.append(_plain(clause))
        elif _plain(clause):
            rest.append(clause)
    return Said(tuple(wishes), tuple(allows), " ".join([*allows, *rest]) if not wishes else " ".join(rest))


def content_of(text: str) -> frozenset[str]:
    """Return the words that tell what a wish is about, without those that say whether it is wanted."""
    return frozenset(term for term in index_terms(text) if term not in _CONTENT_STOP)


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of words that two texts have in common, in [0, 1]."""
    return len(one & other) / len(one | other) if one and other else 0.0


def _wish(clause: str) -> Wish | None:
    plain = _plain(clause)
    if not plain or cues.QUESTION.search(clause):
        return None
    told = cues.REMEMBER.match(plain)
    body = _plain(plain[told.end() :]) if told else plain
    kind = next((kind for kind, cue in _KINDS if cue.search(body)), None)
    if kind is None and told and not cues.REMINDER.search(body) and len(content_of(body)) >= 1:
        kind = "note"
    return None if kind is None else wish_of(kind, body)


def wish_of(kind: Kind, body: str) -> Wish:
    """Return a wish of a kind in these words, with what it is about."""
    text = _sentence(body)
    if kind == "language" and (hit := cues.LANGUAGE.search(body)):
        return Wish(kind, text, "language", LANGUAGE_NAMES[next(filter(None, hit.groups())).lower()])
    named = next((name for name, words in _ATTRIBUTES.items() if re.search(words, body, re.IGNORECASE)), "")
    if named and kind in ("role", "habit", "do"):
        return Wish(kind, text, named)
    return Wish(kind, text, "role" if kind == "role" else _slug(kind, body))


def _slug(kind: Kind, body: str) -> str:
    words = re.findall(r"[a-z0-9]+|[\u3400-\u9fff]+", body.lower())
    telling = [word for word in words if word not in _CONTENT_STOP][:6]
    return "-".join([kind, *telling])[:120]


def _clauses(text: str) -> Iterator[str]:
    """Yield sentences; one is parted at a comma where what follows is a wish of its own, or follows who one is."""
    for sentence in _SENTENCE_END.split(text):
        clause = ""
        for part in _COMMA.split(sentence):
            if clause and (_begins_wish(part) or cues.ROLE.search(_plain(clause))):
                yield clause
                clause = part
            else:
                clause = f"{clause}, {part}" if clause else part
        if clause.strip():
            yield clause


def _begins_wish(part: str) -> bool:
    plain = _plain(part)
    return any(cue.search(plain) for _, cue in _KINDS) or cues.REMEMBER.search(plain) is not None


def _plain(clause: str) -> str:
    """Return a clause without politeness at its ends."""
    text = cues.POLITE.sub("", clause.strip()).strip(" ,，.。!！;；、")
    return re.sub(r"(?:[,，]?\s*(?:please|pls|thanks|thank you|ok|谢谢|吧|哦|啊))+$", "", text, flags=re.IGNORECASE)


def _sentence(body: str) -> str:
    text = " ".join(body.split())[:_TEXT_CHARS].strip()
    end = "。" if re.search(r"[\u3400-\u9fff]$", text) else "."
    return f"{text[:1].upper()}{text[1:]}{end}"
