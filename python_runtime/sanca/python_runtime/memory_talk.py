"""Hears what a message says to memory: keeps wishes, forgets, tells what is known. By rules, with or without a model.

What else a message wants is not its business; recalling conversations is a skill's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import structlog
from sanca.core.errors import SancaError
from sanca.core.memory import MemoryRecord, RecordFilter, Scope
from sanca.core.messages import Caller
from sanca.memory.preferences import Asked, Learned, Said, asked_of_memory, said_for_good
from sanca.python_runtime.memory_parts import MemoryParts
from sanca.python_runtime.memory_sentences import memory_sentence
from sanca.python_runtime.rounds import RunState
from sanca.python_runtime.wish_reader import WishReader

log = structlog.get_logger()

_FRESH_EXCHANGES = 2
"""For so many exchanges "forget that" means the wish that was kept; later it means what was said last."""
_QUOTED_CHARS = 120
_WORD = re.compile(r"[a-z]{3,}")
_DEEDS = {
    "restart": r"restart|reboot|重启", "deploy": r"deploy|release|roll ?out|部署|发布|上线",
    "rollback": r"roll ?back|revert|回滚|回退", "delete": r"delet|remov|drop|clean|删除|删掉|清理",
    "stop": r"stop|kill|shut|停止|停掉|关闭|杀掉", "change": r"chang|edit|set|touch|modif|修改|改动|更改|动|配置",
}  # fmt: skip
"""What a tool's name may say, and how people say it."""
_ANYTHING = re.compile(r"\b(?:any|anything|all|every|everything)\b|任何|所有|一切|什么都|全部", re.IGNORECASE)


_POINTING = re.compile(r"\b(?:it|its|this|that|them|they|there|one)\b|它|这|那|该", re.IGNORECASE)
"""What is left of a message stands alone only without these."""


@dataclass(frozen=True)
class Heard:
    """What memory makes of a message."""

    answer: str = ""
    """Not empty: there is nothing else to do."""
    rest: str = ""
    """Not empty: what is left to do, where the message also said something for good."""


class MemoryTalk:
    """What perception asks about each message of a person."""

    def __init__(self, parts: MemoryParts, reader: WishReader | None = None) -> None:
        """Take what is remembered by, and who is asked where rules find no wish; None: nobody."""
        self._parts = parts
        self._reader = reader

    async def hear(self, state: RunState, text: str) -> Heard:
        """Return the answer to a message that is said to memory alone, or what is left to do of another.

        Wishes are kept in any case, and told in a notice where the answer does not. A store that is down changes
        nothing.
        """
        request = state.request
        if request.came_by != "message" or not self._parts.settings.recalls_for(request.caller.tenant):
            return Heard()
        try:
            return await self._hear(state, request.caller.scope, text)
        except SancaError as error:
            log.warning("memory_not_heard", reason=str(error))
            return Heard()

    async def language(self, caller: Caller) -> str:
        """Return the English name of the language a user always wants; empty when they did not say."""
        if not self._parts.settings.recalls_for(caller.tenant):
            return ""
        try:
            return await self._parts.preferences.language(caller.scope)
        except SancaError as error:
            log.warning("language_not_recalled", reason=str(error))
            return ""

    async def wishes_against(self, caller: Caller, tool: str, arguments_json: str) -> str:
        """Return what the user forbade that a call would do, in a sentence; empty when nothing is against it."""
        if not self._parts.settings.recalls_for(caller.tenant):
            return ""
        try:
            wishes = await self._parts.preferences.all(caller.scope)
        except SancaError as error:
            log.warning("wishes_not_recalled", reason=str(error))
            return ""
        against = [
            one.text for one in wishes if one.data.get("kind") == "dont" and forbids(one.text, tool, arguments_json)
        ]
        language: Literal["en", "zh"] = "zh" if caller.language.startswith("zh") else "en"
        return memory_sentence("wish_against", language, what=" ".join(against)) if against else ""

    # -- what is said to memory ---------------------------------------------------------------------------------------

    async def _hear(self, state: RunState, scope: Scope, text: str) -> Heard:
        asked = asked_of_memory(text)
        if asked is not None:
            return Heard(await self._answer(state, scope, asked))
        said = said_for_good(text)
        if not said.wishes and not said.allows and self._reader is not None:
            read, usage = await self._reader.read(text)
            state.usage += [usage] if usage is not None else []
            said = Said(tuple(read), rest=text)
        learned = await self._parts.preferences.keep(scope, said, run_id=state.request.run_id)
        if not learned:
            return Heard()
        told = _told(learned, state.language)
        is_language = any(one.id == "language" for one in learned.kept)
        if learned.is_all and not is_language:
            change = memory_sentence("how_to_change", state.language) if learned.kept else ""
            return Heard("\n\n".join(part for part in (told, change) if part))
        state.reporter.notice(" ".join(told.split()), code="preference_kept")
        return Heard(rest="" if learned.is_all or _POINTING.search(learned.rest) else learned.rest)

    async def _answer(self, state: RunState, scope: Scope, asked: Asked) -> str:
        if asked.wants == "about_me":
            return await self._about(state, scope)
        if asked.wants == "forget_all":
            return memory_sentence("forget_all", state.language)
        if asked.wants == "forget_last":
            return await self._forget_last(state, scope)
        found = await self._parts.preferences.about(scope, asked.words)
        if not found:
            return memory_sentence("nothing_like_it", state.language) if asked.is_own else ""
        await self._parts.preferences.forget(scope, [one.id for one in found])
        return memory_sentence("forgot", state.language, what=_listed(found))

    async def _about(self, state: RunState, scope: Scope) -> str:
        wishes = await self._parts.preferences.all(scope)
        if not wishes:
            return memory_sentence("know_nothing", state.language)
        common = memory_sentence("company_wide", state.language)
        lines = [f"- {one.text}" + ("" if one.user else f" ({common})") for one in wishes]
        end = memory_sentence("how_to_change", state.language)
        return "\n".join([memory_sentence("about_me", state.language), "", *lines, "", end])

    async def _forget_last(self, state: RunState, scope: Scope) -> str:
        """Forget the wish of the last exchanges, or else the last exchange itself."""
        recent = {one.run_id for one in state.history[-2 * _FRESH_EXCHANGES :] if one.run_id}
        wishes = await self._parts.preferences.all(scope)
        learned = [one for one in wishes if one.user == scope.user and one.data.get("run_id") in recent]
        if learned:
            last = [one for one in learned if one.data["run_id"] == learned[-1].data["run_id"]]
            await self._parts.preferences.forget(scope, [one.id for one in last])
            return memory_sentence("forgot", state.language, what=_listed(last))
        return await self._forget_exchange(state, scope)

    async def _forget_exchange(self, state: RunState, scope: Scope) -> str:
        last = next((one.run_id for one in reversed(state.history) if one.run_id and one.role == "user"), "")
        gone = [one for one in state.history if last and one.run_id == last]
        if not gone:
            return memory_sentence("nothing_to_forget", state.language)
        which = RecordFilter(
            layers=("message",),
            ids=tuple(one.id for one in gone),
            session_ids=(state.request.session_id,),
            own_only=True,
        )
        await self._parts.memory.forget(scope, which)
        await self._parts.open_days.note(scope, gone[0].created_at)
        state.history = [one for one in state.history if one.run_id != last]
        quoted = " ".join(gone[0].content.split())
        shown = quoted if len(quoted) <= _QUOTED_CHARS else f"{quoted[:_QUOTED_CHARS]}…"
        return memory_sentence("forgot_exchange", state.language, what=shown)


def forbids(wish: str, tool: str, arguments_json: str) -> bool:
    """Whether a "don't" is about a call: the same deed, and a thing the call names, or any at all."""
    if not said_for_good(wish).wishes:
        return False
    name = tool.lower().replace("_", "")
    deeds = [deed for deed, said in _DEEDS.items() if deed in name and re.search(said, wish, re.IGNORECASE)]
    if not deeds and not any(word in name for word in _WORD.findall(wish.lower()) if len(word) >= 5):
        return False
    values = set(re.findall(r"[\w.-]{3,}", arguments_json.lower()))
    said = wish.lower()
    return bool(_ANYTHING.search(wish)) or any(value in said for value in values)


def _told(learned: Learned, language: str) -> str:
    """Say what was kept and what gave way."""
    parts = []
    if learned.kept:
        parts.append(memory_sentence("kept", language, what=_listed(learned.kept)))
    if learned.replaced:
        key = "replaced" if learned.kept else "no_longer"
        parts.append(memory_sentence(key, language, what=_listed(learned.replaced)))
    return "\n\n".join(parts)


def _listed(records: Sequence[MemoryRecord]) -> str:
    return " ".join(one.text for one in records)
