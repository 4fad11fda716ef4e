"""What the engine does when the broker speaks.

Calls are noted, asks are shown, cards are built, `say` and search are answered.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import structlog
from sanca.core.errors import BudgetExceededError, ConversionError, ToolNotFoundError
from sanca.core.messages import Caller
from sanca.core.ports import AgentReply
from sanca.python_runtime.added_libraries import AddedLibraries
from sanca.python_runtime.asks import Answer, Ask
from sanca.python_runtime.broker import records
from sanca.python_runtime.broker.client import BrokerClient
from sanca.python_runtime.expression.forms import form_schema
from sanca.python_runtime.expression.page_link import Command
from sanca.python_runtime.expression.value_cards import operations_of
from sanca.python_runtime.live_run import LiveRun
from sanca.python_runtime.memory_tools import MemoryTools
from sanca.python_runtime.observed_results import ObservedResults
from sanca.python_runtime.rounds import CallFact
from sanca.python_runtime.tool_finder import ToolFinder

log = structlog.get_logger()

_SAY_CHARS = 50_000
_SAY_ALL_CHARS = 500_000
_CARDS_CHARS = 5_000_000
"""All cards of a run together: each is kept, and sent again whenever the session is opened."""
_CARDS_SHOWN = 500
"""How often a run may show or replace a card."""
_EFFECTS = {"WRITE", "DESTRUCTIVE"}
_ENDED = {"ok", "failed"}


Wishes = Callable[[Caller, str, str], Awaitable[str]]
"""From a caller, a tool's name and its arguments as JSON to what the caller asked for against it; empty: nothing."""


class EngineCallbacks:
    """Implements `BrokerCallbacks` for the runs of one engine."""

    def __init__(
        self,
        live: Callable[[str], LiveRun | None],
        broker: Callable[[], BrokerClient],
        *,
        on_effect: Callable[[], None],
        on_lost: Callable[[], Awaitable[None]],
        libraries: AddedLibraries,
        finder: ToolFinder,
        memory: MemoryTools,
        observed: ObservedResults,
        on_misbehaved: Callable[[str, str], None],
        page_seconds: float,
        replies: Callable[[AgentReply], Awaitable[None]],
        wishes: Wishes | None = None,
    ) -> None:
        """Take what it tells.

        Args:
            live: Finds a run in memory.
            broker: The broker in use.
            on_effect: Told when a call changed something.
            on_lost: Told when the broker's process ended.
            libraries: Adds libraries to sessions.
            finder: Searches the tools, and hears how calls ended.
            memory: Recalls, and keeps notes.
            observed: Learns what calls gave.
            on_misbehaved: Told which guest broke the rules of its channel, and how; it is to be killed.
            page_seconds: How long a page may take for a command.
            replies: Keeps an agent's late reply.
            wishes: Tells what of the user's own wishes speaks against a call; None: nobody knows.
        """
        self._live = live
        self._broker = broker
        self._on_effect = on_effect
        self._on_lost = on_lost
        self._libraries = libraries
        self._finder = finder
        self._memory = memory
        self._observed = observed
        self._on_misbehaved = on_misbehaved
        self._page_seconds = page_seconds
        self._replies = replies
        self._wishes = wishes

    async def on_call(self, run_id: str, call: records.CallRecord) -> None:
        """Note a call, or how it stands now."""
        if call.effect in _EFFECTS and call.status == "ok":
            self._on_effect()
        if call.status in _ENDED:
            self._finder.note_call(f"{call.toolkit}.{call.tool}", succeeded=call.status == "ok")
        if live := self._live(run_id):
            if call.status == "ok":
                self._observed.note_call(run_id, live.record.request.caller, f"{call.toolkit}.{call.tool}")
            live.note_call(
                CallFact(
                    call_id=call.call_id,
                    toolkit=call.toolkit,
                    tool=call.tool,
                    arguments=call.arguments,
                    effect=call.effect,
                    status=call.status,
                    seconds=round(call.seconds, 4),
                    summary=call.summary,
                )
            )

    async def on_more_calls(self, run_id: str, name: str, count: int) -> None:
        """Count calls of which no more is told."""
        if live := self._live(run_id):
            live.note_more_calls(name, count)

    async def on_ask(self, run_id: str, ask: records.Ask) -> None:
        """Show what a call needs from a person."""
        live = self._live(run_id)
        if live is None or live.is_over:
            return
        await live.show_ask(await self._ask(ask, live), self._deliver)

    async def on_card(self, run_id: str, call_id: str, card: Mapping[str, Any]) -> None:
        """Show a card of an action."""
        live = self._live(run_id)
        if live is None or live.is_over or live.state is None:
            return
        operations = await self._operations(card, live)
        if operations is None or not _has_room(live, operations):
            return
        surface_id = str(card["surface_id"])
        live.reporter.activity("a2ui-surface", f"card-{surface_id}", {"a2ui_operations": operations})
        live.state.cards = [one for one in live.state.cards if one.get("surface_id") != surface_id]
        live.state.cards.append({"surface_id": surface_id, "a2ui_operations": operations})

    async def on_engine_call(self, run_id: str, tool: str, arguments: Mapping[str, Any]) -> Any:
        """Answer a call of toolkit `sanca`."""
        if tool == "say":
            self._say(run_id, str(arguments.get("text", "")), str(arguments.get("message_id") or ""))
            return None
        if tool.startswith("page.") and (live := self._live(run_id)):
            target, value = str(arguments.get("target", "")), str(arguments.get("value", ""))
            command = cast(Command, tool.removeprefix("page."))
            return await live.page.send(command, target, value, seconds=self._page_seconds)
        if tool == "search_tools":
            return await self._finder.search(str(arguments.get("query", "")))
        if tool in self._memory.names and (live := self._live(run_id)):
            return await self._memory.answer(live, tool, arguments)
        if tool == "add_library" and (live := self._live(run_id)):
            added = await self._libraries.add(live.record.request.session_id, str(arguments.get("name", "")))
            return {"added": list(added.packages), "import": list(added.modules), "from": "the next action on"}
        raise ToolNotFoundError(f"The engine has no tool {tool!r}; it has 'say' and 'search_tools'.", tool_name=tool)

    async def on_agent_reply(self, reply: AgentReply) -> None:
        """Let a late reply begin a run of the session that had asked."""
        await self._replies(reply)

    async def on_toolkits_changed(self) -> None:
        """Read the environment again: the host came, went or changed."""
        self._on_effect()

    async def on_sandbox_misbehaved(self, sandbox_session_id: str, reason: str) -> None:
        """Have the guest killed."""
        self._on_misbehaved(sandbox_session_id, reason)

    async def on_broker_lost(self) -> None:
        """Tell the engine."""
        await self._on_lost()

    def _say(self, run_id: str, text: str, message_id: str) -> None:
        live = self._live(run_id)
        if live is None or live.is_over or live.state is None or not text.strip():
            return
        live.said_chars += len(text)
        if live.said_chars > _SAY_ALL_CHARS:
            raise BudgetExceededError(f"This run has said {_SAY_ALL_CHARS:,} characters, which is all it may say.")
        text = text[:_SAY_CHARS]
        if not message_id:
            live.reporter.say(text)
            live.state.spoken.append(text)
            return
        live.reporter.message(text, message_id)
        place = live.said.setdefault(message_id, len(live.state.spoken))
        live.state.spoken[place : place + 1] = [text]

    async def _ask(self, ask: records.Ask, live: LiveRun) -> Ask:
        operations = await self._operations(ask.card, live) if ask.card else None
        call = f"{ask.toolkit}.{ask.tool}({_in_short(ask.arguments)})"
        title = str((ask.card or {}).get("title", "")) if ask.kind != "approval" else ""
        return Ask(
            id=ask.call_id,
            run_id=ask.run_id,
            kind=ask.kind,
            message=title or call,
            toolkit=ask.toolkit,
            tool=ask.tool,
            arguments=ask.arguments,
            arguments_json=ask.arguments_json,
            effect=ask.effect,
            description=await self._description(ask, live),
            undo=ask.undo,
            card=operations,
            response_schema=form_schema(ask.card) if ask.kind == "form" and ask.card else {},
        )

    async def _description(self, ask: records.Ask, live: LiveRun) -> str:
        """Return what a call does, and which of the person's own wishes speak against it."""
        if self._wishes is None or ask.kind != "approval":
            return ask.description
        against = await self._wishes(live.record.request.caller, ask.tool, ask.arguments_json)
        return "\n\n".join(part for part in (ask.description, against) if part)

    async def _deliver(self, ask: Ask, answer: Answer) -> None:
        await self._broker().answer(
            ask.run_id, ask.id, approved=answer.approved, by=answer.by, reason=answer.reason, value=answer.value
        )

    async def _operations(self, card: Mapping[str, Any], live: LiveRun) -> list[dict[str, Any]] | None:
        try:
            return await operations_of(card, live.state.language if live.state else "en")
        except ConversionError as error:
            log.warning("card_refused", reason=str(error))
            live.reporter.notice(str(error), level="warning", code="card_refused")
            return None


def _has_room(live: LiveRun, operations: list[dict[str, Any]]) -> bool:
    """Whether a run may show one more card; says so once when it may not."""
    if live.cards_shown > _CARDS_SHOWN or live.cards_chars > _CARDS_CHARS:
        return False
    live.cards_shown += 1
    live.cards_chars += len(json.dumps(operations, ensure_ascii=False))
    if live.cards_shown > _CARDS_SHOWN or live.cards_chars > _CARDS_CHARS:
        live.reporter.notice("This run has shown all the cards it may show.", level="warning", code="card_refused")
        return False
    return True


def _in_short(arguments: Mapping[str, Any]) -> str:
    shown = ", ".join(
        f"{name}={json.dumps(value, ensure_ascii=False, default=str)}" for name, value in arguments.items()
    )
    return shown if len(shown) <= 300 else f"{shown[:300]}…"
