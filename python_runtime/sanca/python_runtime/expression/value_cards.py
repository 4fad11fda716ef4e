"""Shows a run's values as cards where their shape asks for one and nobody chose any; at most a few a run."""

from __future__ import annotations

import ast
import re
import uuid
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import anyio.to_thread
import structlog
from sanca.core.errors import ConversionError
from sanca.core.syntax import tree_of
from sanca.python_runtime.expression.cards_by_data import Spec, card_for, card_for_frame, read_json
from sanca.python_runtime.language import sentence
from sanca.python_runtime.rounds import Round, RunState
from sanca.python_runtime.sandbox.ports import ActionResult

log = structlog.get_logger()

_BESIDE_WORDS = {"table", "line_chart", "diff", "links"}
"""A model that answers in words has said the little ones itself."""
_LEAST_ROWS = 3
_MARKDOWN_TABLE = re.compile(r"^\s*\|.*\|\s*$\n\s*\|[ :|-]+\|", re.MULTILINE)


class ValueCards:
    """Asks the shape of values; `most` cards a run."""

    def __init__(self, most: int) -> None:
        self._most = most

    async def instead_of_text(self, state: RunState) -> bool:
        """Show this round's value as a card; returns whether it did, so that its text need not be said."""
        if self._is_chosen(state) or (spec := spec_of(state.round, state.language)) is None:
            return False
        return await self._show(state, spec)

    async def beside(self, state: RunState, claim: str) -> None:
        """Show what the claim rests on: the value of the last action, or of each sub-goal's last action."""
        if self._is_chosen(state) or _MARKDOWN_TABLE.search(claim) or "```" in claim:
            return
        specs = (spec_of(round_, state.language) for round_ in _last_rounds(state.rounds[:-1]))
        for spec in [one for one in specs if one is not None and _says_more_than_words(one)][: self._most]:
            await self._show(state, spec)

    def _is_chosen(self, state: RunState) -> bool:
        """Whether the actions have shown cards or charts by themselves."""
        drawn = any(round_.result is not None and round_.result.images for round_ in state.rounds)
        return not self._most or bool(state.cards) or drawn

    async def _show(self, state: RunState, spec: Spec) -> bool:
        surface_id = f"value_{uuid.uuid4().hex[:12]}"
        try:
            operations = await operations_of({**spec, "surface_id": surface_id}, state.language)
        except ConversionError as error:
            log.info("value_card_left_out", reason=str(error), kind=spec["kind"])
            return False
        state.reporter.activity("a2ui-surface", f"card-{surface_id}", {"a2ui_operations": operations})
        state.cards.append({"surface_id": surface_id, "a2ui_operations": operations})
        return True


async def operations_of(card: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    """Return a card's A2UI messages.

    Raises:
        ConversionError: It cannot be shown; says why.
    """
    return await anyio.to_thread.run_sync(partial(_operations, card, language))


def _operations(card: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    from sanca.python_runtime.cards import card_messages  # half a second of imports: in this thread, when a card comes

    return card_messages(card, language)


def spec_of(round_: Round, language: str) -> Spec | None:
    """Return the card for what a round's action gave; None when it gave nothing that asks for one."""
    result = round_.result
    if round_.status != "ok" or result is None:
        return None
    told = read_json(result.value_table)
    found = card_for_frame(told, "") if isinstance(told, Mapping) else card_for(_value(result), "")
    if found is None:
        return None
    return {**found, "title": found["title"] or _title(round_, language)}


def _value(result: ActionResult) -> object:
    return result.value if result.value_is_text else read_json(result.value_json)


def _title(round_: Round, language: str) -> str:
    """Return the name that the action gave the value, else what the round was for."""
    tree = tree_of(round_.code)
    last = tree.body[-1:] if tree else []
    if last and isinstance(last[0], ast.Expr) and isinstance(last[0].value, ast.Name):
        return last[0].value.id.replace("_", " ").strip().capitalize()
    return round_.sub_goal.splitlines()[0][:120] if round_.sub_goal.strip() else sentence("result", language)


def _last_rounds(rounds: Iterable[Round]) -> list[Round]:
    """Return the last round that ran an action, of each sub-goal."""
    return list({round_.sub_goal_id: round_ for round_ in rounds if round_.code and round_.status == "ok"}.values())


def _says_more_than_words(spec: Spec) -> bool:
    return spec["kind"] in _BESIDE_WORDS and (spec["kind"] != "table" or len(spec["rows"]) >= _LEAST_ROWS)
