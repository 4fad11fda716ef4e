"""Skills as prompts: a sentence that is known to work, which a person may change before it is sent."""

from __future__ import annotations

from collections.abc import Mapping

import mcp_types as types
from sanca.core.access import ASK
from sanca.core.agent_runner import AgentRunner
from sanca.core.errors import NotFoundError
from sanca.mcp_adapters.server.who import Context, Presence

_ARGUMENTS = [
    types.PromptArgument(name="request", description="What exactly; empty: the skill's own example", required=False),
    types.PromptArgument(name="language", description="en or zh, of the example", required=False),
]


class Prompts:
    """Lists and fills them."""

    def __init__(self, runner: AgentRunner, presence: Presence) -> None:
        self._runner = runner
        self._presence = presence

    async def list(self, ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
        """Answer `prompts/list`."""
        if not self._presence.identity(ctx).may(ASK):
            return types.ListPromptsResult(prompts=[])
        skills = await self._runner.skills(self._presence.caller(ctx, ASK))
        return types.ListPromptsResult(prompts=[_prompt(one) for one in skills])

    async def get(self, ctx: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        """Answer `prompts/get`.

        Raises:
            NotFoundError: There is no such skill.
        """
        skills = await self._runner.skills(self._presence.caller(ctx, ASK))
        found = next((one for one in skills if one["name"] == params.name), None)
        if found is None:
            raise NotFoundError(f"There is no prompt {params.name!r}.")
        given = params.arguments or {}
        text = (given.get("request") or "").strip() or _example(found, given.get("language") or "en")
        message = types.PromptMessage(role="user", content=types.TextContent(text=text))
        return types.GetPromptResult(description=found.get("title_en") or None, messages=[message])


def _prompt(skill: Mapping[str, str]) -> types.Prompt:
    example = _example(skill, "en")
    description = f"For example: {example}" if example else skill.get("title_en", "")
    return types.Prompt(
        name=skill["name"], title=skill.get("title_en") or None, description=description, arguments=_ARGUMENTS
    )


def _example(skill: Mapping[str, str], language: str) -> str:
    wanted = "zh" if language.startswith("zh") else "en"
    return skill.get(f"example_{wanted}") or skill.get("example_en") or skill.get("title_en") or skill["name"]
