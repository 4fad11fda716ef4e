"""The language to answer in when a person asks for one: for this message and the session's following ones."""

from __future__ import annotations

import re
from collections import OrderedDict

from sanca.core.languages import LANGUAGE_NAMES, LANGUAGE_PATTERN
from sanca.core.messages import Caller, Message
from sanca.core.ports import SessionStore

_NAME = LANGUAGE_PATTERN
_WISH = re.compile(
    rf"\b(?:answer|reply|respond|speak|talk|write|explain|continue|go on)(?: (?:to )?(?:me"
    rf"|us))?(?: only)? in ({_NAME})\b"
    rf"|\b(?:switch|change|go back|back)(?: the language)? to ({_NAME})\b"
    rf"|^\s*(?:in )?({_NAME})(?:,? (?:please|pls|plz))?\s*[.!]*\s*$|\b({_NAME}) (?:answers?|replies) (?:please"
    rf"|from now on)\b"
    rf"|\bspeak ({_NAME})\b"
    rf"|(?:请|都|以后|改|就|只|,|，|^)?\s*(?:用|说|讲|换成|改用|切换到|换到|换|回到)\s*({_NAME})\s*(?:回答|回复"
    rf"|来?说|讲|吧|跟我说|交流|答|好吗|谢谢|[,，。!！.]|$)",
    re.IGNORECASE,
)
_NOT = re.compile(r"\b(?:don't|do not|not|never)\b|别|不要|不用", re.IGNORECASE)
_TASK = re.compile(
    r"\b(?:translate|write|draft|mail|report|summary|version)\b|翻译|写|邮件|报告|总结|公告", re.IGNORECASE
)
_SESSIONS = 1_000
_MESSAGES = 1_000
_SCRIPTS = (
    ("Japanese", re.compile(r"[\u3040-\u30ff]")), ("Korean", re.compile(r"[\uac00-\ud7af]")),
    ("Russian", re.compile(r"[\u0400-\u04ff]{2}")), ("Arabic", re.compile(r"[\u0600-\u06ff]{2}")),
    ("Greek", re.compile(r"[\u0370-\u03ff]{2}")), ("Thai", re.compile(r"[\u0e00-\u0e7f]{2}")), ("Hindi",
    re.compile(r"[\u0900-\u097f]{2}")),
)  # fmt: skip


def wished_language(text: str) -> str:
    """Return the English name of the language that a message asks to be answered in; empty when it asks for none.

    A text that is to be written or translated in a language is a task, and no wish about the conversation.
    """
    hit = _WISH.search(text)
    if hit is None or _NOT.search(text[: hit.start()]) or (_TASK.search(text[: hit.end()]) and not _is_all(hit, text)):
        return ""
    return LANGUAGE_NAMES[next(filter(None, hit.groups())).lower()]


def is_only_a_wish(text: str) -> bool:
    """Whether a message says nothing besides its wish for a language."""
    hit = _WISH.search(text)
    return hit is not None and _is_all(hit, text)


def _is_all(hit: re.Match[str], text: str) -> bool:
    rest = f"{text[: hit.start()]} {text[hit.end() :]}"
    rest = re.sub(
        r"\b(?:please|pls|plz|from now on|now|only|can|could|would|you|me|always|ok|hey|thanks|lets|let's|again"
        r"|i|want|to)\b"
        r"|以后|请|都|我|吧|回答|回复|谢谢|现在|你|能|可以|吗|一律|全部|开始|从|来|就|好",
        " ", rest, flags=re.IGNORECASE,
    )  # fmt: skip
    return not re.search(r"\w", rest)


def script_language(text: str) -> str:
    """Return the language that a script other than Latin and Chinese tells; empty for those two."""
    return next((name for name, letters in _SCRIPTS if letters.search(text)), "")


class SessionLanguages:
    """Remembers what language each session asked for; after a restart its messages tell."""

    def __init__(self, sessions: SessionStore) -> None:
        self._sessions = sessions
        self._wishes: OrderedDict[str, str] = OrderedDict()

    async def wished(self, caller: Caller, session_id: str, text: str) -> str:
        """Return the language to answer this message in; empty: the message's own."""
        if wish := wished_language(text):
            self._remember(session_id, wish)
        elif session_id not in self._wishes:
            earlier = await self._sessions.messages(caller.tenant, caller.user, session_id, limit=_MESSAGES)
            self._remember(session_id, _last_wish(earlier))
        return self._wishes[session_id]

    def _remember(self, session_id: str, wish: str) -> None:
        self._wishes[session_id] = wish
        self._wishes.move_to_end(session_id)
        if len(self._wishes) > _SESSIONS:
            self._wishes.popitem(last=False)


def _last_wish(messages: list[Message]) -> str:
    said = (wished_language(one.content) for one in reversed(messages) if one.role == "user")
    return next(filter(None, said), "")
