"""The toolkits as tools of MCP, as far as the policy offers them: names, schemas, effects. The gate decides calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mcp_types as types
import structlog
from sanca.core.access import CALL_TOOLS
from sanca.core.agent_runner import AgentRunner, RunView
from sanca.core.messages import Caller
from sanca.core.tools import CallOutcome, Effect, ToolDefinition, ToolkitDefinition
from sanca.mcp_adapters.server.following import Following
from sanca.mcp_adapters.server.run_tasks import task_of
from sanca.mcp_adapters.server.settings import McpServerSettings
from sanca.mcp_adapters.server.tasks import knows_tasks
from sanca.mcp_adapters.server.toolkit_results import output_schema_of, result_from_answer, result_from_outcome
from sanca.mcp_adapters.server.who import Context, Presence

log = structlog.get_logger(__name__)

_HEADER_KEY = "x-mcp-header"
_NAME_CHARS = 128


@dataclass(frozen=True)
class OfferedTool:
    """A tool of a toolkit, and how it is told."""

    toolkit: str
    tool: ToolDefinition
    definition: types.Tool


class ToolkitTools:
    """Lists and calls the offered tools."""

    def __init__(
        self, runner: AgentRunner, limits: McpServerSettings, presence: Presence, taken: Sequence[str]
    ) -> None:
        """Begin.

        Args:
            runner: The engine.
            limits: What is offered.
            presence: Who asks.
            taken: Names that no tool may have, because the agent's own have them.
        """
        self._runner = runner
        self._limits = limits
        self._presence = presence
        self._taken = frozenset(taken)
        self._seen: Sequence[ToolkitDefinition] = ()
        self._offered: dict[str, OfferedTool] = {}

    @property
    def is_offered(self) -> bool:
        """Whether the policy offers any at all."""
        return bool(self._limits.patterns)

    async def names(self, caller: Caller) -> frozenset[str]:
        """Return the names offered now, whoever asks."""
        return frozenset(await self._now(caller))

    async def list(self, ctx: Context) -> list[types.Tool]:
        """Return what the caller may call."""
        identity = self._presence.identity(ctx)
        if not self.is_offered or not identity.may(CALL_TOOLS):
            return []
        offered = await self._now(identity.caller)
        return [one.definition for one in offered.values() if not one.tool.right or identity.may(one.tool.right)]

    async def call(
        self, ctx: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult | dict[str, Any] | None:
        """Call one; None: there is no such tool.

        Raises:
            ForbiddenError: The right to call tools is missing.
        """
        if not self.is_offered:
            return None
        found = (await self._now(self._presence.identity(ctx).caller)).get(params.name)
        if found is None:
            return None
        caller = self._presence.caller(ctx, CALL_TOOLS)
        following = Following(self._runner, caller, ctx, self._presence)
        wait = self._limits.wait_seconds
        if params.request_state is not None:
            return _shown(await following.resume(params.request_state, params.input_responses, wait))
        outcome = await self._runner.call_tool(caller, "", found.toolkit, found.tool.name, params.arguments or {})
        if isinstance(outcome, CallOutcome):
            return result_from_outcome(outcome)
        if knows_tasks(ctx):
            return {**task_of(outcome, is_direct=True), "resultType": "task"}
        return _shown(await following.lead(outcome.run_id, outcome.last_seq, wait))

    async def _now(self, caller: Caller) -> Mapping[str, OfferedTool]:
        toolkits = await self._runner.toolkits(caller)
        if toolkits is not self._seen:
            self._offered = self._offer(toolkits)
            self._seen = toolkits
        return self._offered

    def _offer(self, toolkits: Sequence[ToolkitDefinition]) -> dict[str, OfferedTool]:
        offered: dict[str, OfferedTool] = {}
        for toolkit in toolkits:
            for tool in toolkit.tools:
                if not self._limits.offers(toolkit.name, tool.name):
                    continue
                name = f"{toolkit.name.replace('.', '_')}_{tool.name}"
                if name in offered or name in self._taken or len(name) > _NAME_CHARS:
                    log.warning("mcp_tool_name_taken", tool=f"{toolkit.name}.{tool.name}", name=name)
                    continue
                offered[name] = OfferedTool(toolkit.name, tool, _definition(name, tool))
        return offered


def _definition(name: str, tool: ToolDefinition) -> types.Tool:
    is_read = tool.effect is Effect.READ
    return types.Tool(
        name=name,
        description=tool.description,
        input_schema=_without_header_marks({"type": "object", **tool.input_schema}),
        output_schema=output_schema_of(tool),
        annotations=types.ToolAnnotations(
            read_only_hint=is_read,
            destructive_hint=tool.effect is Effect.DESTRUCTIVE,
            idempotent_hint=is_read or tool.idempotent,
        ),
    )


def _without_header_marks(schema: Any) -> Any:  # JSON Schema of any shape
    """Return the schema without another server's wish to have arguments in headers: it is no server of ours."""
    if isinstance(schema, Mapping):
        return {key: _without_header_marks(value) for key, value in schema.items() if key != _HEADER_KEY}
    if isinstance(schema, list):
        return [_without_header_marks(one) for one in schema]
    return schema


def _shown(outcome: RunView | types.InputRequiredResult) -> types.CallToolResult | types.InputRequiredResult:
    return result_from_answer(outcome) if isinstance(outcome, RunView) else outcome
