"""What one session said on a day, as a record of layer `summary`: worded by a model or taken out by rule."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import tzinfo

from sanca.core.memory import MemoryRecord, Scope
from sanca.memory.day_summaries.days import moment_of
from sanca.memory.day_summaries.extract import telling_sentences
from sanca.memory.text import language_of

Wording = Callable[[Scope, str, str], Awaitable[str]]
"""Sums up a conversation: whose, its language (`en` or `zh`) and its text → Markdown; empty when no model can."""

_TITLE_CHARS, _BODY_CHARS, _TALK_CHARS = 80, 6_000, 24_000
_FROM_MOST = 400
_LEAST, _MOST, _SHARE = 3, 12, 4
"""Sentences of a section: one for so many messages, within these bounds."""
_WORDS = {"en": {"user": "you", "assistant": "sanca"}, "zh": {"user": "你", "assistant": "sanca"}}


def digest(text: str) -> str:
    """Return a short digest, by which it is seen whether a text was changed."""
    return hashlib.blake2b(text.strip().encode(), digest_size=8).hexdigest()


def digest_of(messages: Sequence[MemoryRecord]) -> str:
    """Return a digest of which messages a section is made from, and what they say."""
    return digest("\n".join(f"{one.id} {digest(one.text)}" for one in messages))


async def section_of(
    scope: Scope, day: str, number: int, messages: Sequence[MemoryRecord], zone: tzinfo, wording: Wording | None
) -> MemoryRecord:
    """Return the record that sums up a session's messages of a day.

    Args:
        scope: Whose.
        day: ISO 8601.
        number: 1, or higher when the person edited what stood for earlier messages of the day.
        messages: In order; at least one.
        zone: In which times are told.
        wording: A model's words; None, or an empty answer: the telling sentences are taken.
    """
    session, language = messages[0].session_id, _language(messages)
    told = await wording(scope, language, _talk(messages, zone)) if wording else ""
    body = told.strip()[:_BODY_CHARS] or _extracted(messages, zone, language)
    ids = [one.id for one in messages]
    data = {
        "from_ids": ids if len(ids) <= _FROM_MOST else ids[: _FROM_MOST // 2] + ids[-_FROM_MOST // 2 :],
        "messages": len(ids),
        "through": messages[-1].position,
        "of": digest_of(messages),
        "by": "model" if told.strip() else "rule",
        "edited": False,
    }
    return MemoryRecord(
        tenant=scope.tenant, user=scope.user, session_id=session, layer="summary", id=f"{session}-{day}-{number}",
        text=body, title=_title(messages), time=messages[-1].time, document=day, position=number, language=language,
        source=f"session {session}", data=data,
    )  # fmt: skip


def brief_of(messages: Sequence[MemoryRecord], limit_chars: int) -> str:
    """Return the telling sentences of messages, by rule, as many lines as fit."""
    found = telling_sentences([(one.speaker, one.text) for one in messages], _MOST)
    lines: list[str] = []
    for one in found:
        line = f"- {messages[one.message].speaker}: {one.text}"
        if sum(map(len, lines)) + len(line) <= limit_chars:
            lines.append(line)
    return "\n".join(lines)


def _title(messages: Sequence[MemoryRecord]) -> str:
    first = next((one for one in messages if one.speaker == "user"), messages[0])
    line = " ".join(first.text.split())
    return line if len(line) <= _TITLE_CHARS else f"{line[:_TITLE_CHARS]}…"


def _extracted(messages: Sequence[MemoryRecord], zone: tzinfo, language: str) -> str:
    limit = max(_LEAST, min(_MOST, len(messages) // _SHARE))
    found = telling_sentences([(one.speaker, one.text) for one in messages], limit)
    lines = [
        f"- {_clock(messages[it.message], zone)}{_name(messages[it.message], language)}: {it.text}" for it in found
    ]
    return "\n".join(lines)[:_BODY_CHARS] or f"- {_title(messages)}"


def _talk(messages: Sequence[MemoryRecord], zone: tzinfo) -> str:
    """Return the conversation for a model; of a very long one the beginning and the end."""
    lines = [f"{_clock(one, zone)}{one.speaker}: {' '.join(one.text.split())[:1_500]}" for one in messages]
    text = "\n".join(lines)
    half = _TALK_CHARS // 2
    return text if len(text) <= _TALK_CHARS else f"{text[:half]}\n[…]\n{text[-half:]}"


def _clock(message: MemoryRecord, zone: tzinfo) -> str:
    moment = moment_of(message.time)
    return f"{moment.astimezone(zone):%H:%M} " if moment else ""


def _name(message: MemoryRecord, language: str) -> str:
    return _WORDS[language].get(message.speaker, message.speaker)


def _language(messages: Sequence[MemoryRecord]) -> str:
    asked = [language_of(one.text) for one in messages if one.speaker == "user"] or ["en"]
    return "zh" if asked.count("zh") * 2 > len(asked) else "en"
