"""Reads the world again after effects, by what their tools say verifies them. Reads only, each by the gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import anyio
import structlog
from sanca.core.errors import ConfigurationError, SancaError
from sanca.core.tools import CallOutcome, Effect, ToolDefinition, ToolkitDefinition
from sanca.python_runtime.self_check.evidence import Call
from sanca.python_runtime.self_check.expectation import Expectation, UnknownValueError

log = structlog.get_logger()

_MOST = 12
"""Effects that are read again at most; of more, the newest."""
_AGAIN_SECONDS = 0.4
"""The world may need a moment: what disagrees is read once more after so long."""


class Caller(Protocol):
    """Calls tools for the engine itself."""

    async def call(self, run_id: str, toolkit: str, tool: str, arguments: Mapping[str, Any]) -> CallOutcome:
        """Call through the gate."""


@dataclass
class Looked:
    """What reading again came to, by effect."""

    agrees: list[tuple[Call, str]] = field(default_factory=list)
    disagrees: list[tuple[Call, str]] = field(default_factory=list)
    """With what was found instead."""
    untold: list[Call] = field(default_factory=list)
    """Effects that cannot be read again, or could not now."""


class World:
    """Verifies effects."""

    def __init__(
        self, caller: Callable[[], Caller], toolkits: Callable[[], Sequence[ToolkitDefinition]], *, limit_seconds: float
    ) -> None:
        self._caller = caller
        self._toolkits = toolkits
        self._limit_seconds = limit_seconds
        self._parsed: dict[str, Expectation | None] = {}

    async def look(self, run_id: str, effects: Sequence[Call]) -> Looked:
        """Read again what these effects should have left behind, within the time there is."""
        looked = Looked(untold=list(effects[:-_MOST]))
        left = list(effects[-_MOST:])
        if self._limit_seconds:
            with anyio.move_on_after(self._limit_seconds):
                while left:
                    await self._look_at(run_id, left[0], looked)
                    left.pop(0)
        looked.untold += left
        return looked

    async def read(self, run_id: str, toolkit: str, tool: str, arguments: Mapping[str, Any]) -> CallOutcome | None:
        """Make one call that only reads and asks nobody; None when it would not be one.

        Bounded by the caller's scope.
        """
        definition = self._definition(toolkit, tool)
        if definition is None or not _only_reads(definition):
            return None
        return await self._caller().call(run_id, toolkit, tool, arguments)

    async def _look_at(self, run_id: str, call: Call, looked: Looked) -> None:
        definition = self._definition(call.toolkit, call.tool)
        expectation = self._expectation(definition) if definition else None
        if definition is None or expectation is None:
            looked.untold.append(call)
            return
        arguments = {**_defaults(definition), **call.arguments}
        try:
            found = await self._disagreement(run_id, call, expectation, arguments)
            if found:
                await anyio.sleep(_AGAIN_SECONDS)
                found = await self._disagreement(run_id, call, expectation, arguments)
        except (UnknownValueError, SancaError) as error:
            log.info("effect_not_verified", tool=call.name, call_id=call.call_id, reason=str(error))
            looked.untold.append(call)
            return
        if found:
            looked.disagrees.append((call, found))
        else:
            looked.agrees.append((call, expectation.text))

    async def _disagreement(
        self, run_id: str, call: Call, expectation: Expectation, arguments: Mapping[str, Any]
    ) -> str:
        async def read(name: str, positional: Sequence[Any], named: Mapping[str, Any]) -> Any:
            toolkit, _, tool = name.rpartition(".")
            toolkit = toolkit or call.toolkit
            definition = self._definition(toolkit, tool)
            given = (
                dict(zip(definition.input_schema.get("properties", {}), positional, strict=False)) if definition else {}
            )
            outcome = await self.read(run_id, toolkit, tool, {**given, **named})
            if outcome is None or not outcome.ok:
                why = outcome.error.message if outcome and outcome.error else "it is no tool that only reads"
                raise UnknownValueError(f"{toolkit}.{tool}: {why}")
            return outcome.value

        return await expectation.disagreement(arguments, call.value, read)

    def _definition(self, toolkit: str, tool: str) -> ToolDefinition | None:
        kits = (kit for kit in self._toolkits() if kit.name == toolkit)
        return next((one for kit in kits for one in kit.tools if one.name == tool), None)

    def _expectation(self, definition: ToolDefinition) -> Expectation | None:
        text = definition.verified_by
        if not text:
            return None
        if text not in self._parsed:
            try:
                self._parsed[text] = Expectation(text)
            except ConfigurationError as error:
                log.warning("verified_by_not_understood", tool=definition.name, reason=str(error))
                self._parsed[text] = None
        return self._parsed[text]


def _only_reads(definition: ToolDefinition) -> bool:
    return definition.effect is Effect.READ and definition.approval != "ALWAYS" and definition.interaction == "none"


def _defaults(definition: ToolDefinition) -> dict[str, Any]:
    properties = definition.input_schema.get("properties", {})
    return {name: schema.get("default") for name, schema in properties.items() if isinstance(schema, dict)}
