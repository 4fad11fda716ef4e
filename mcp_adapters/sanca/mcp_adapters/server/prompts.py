"""Skills as prompts: a sentence that is known to work, which a person may change before it is sent."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import mcp_types as types
from sanca.core.access import ASK
from sanca.core.agent_runner import AgentRunner
from sanca.core.errors import BadRequestError, NotFoundError
from sanca.mcp_adapters.server.who import Context, Presence

_PLACE = re.compile(r"\{(\w+)\}")
_LANGUAGE = types.PromptArgument(name="language", description="en or zh", required=False)


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
        text = fill(_example(found, given.get("language") or "en"), given)
        message = types.PromptMessage(role="user", content=types.TextContent(text=text))
        return types.GetPromptResult(description=found.get("title_en") or None, messages=[message])


def fill(example: str, values: Mapping[str, str]) -> str:
    """Return the sentence with its places filled.

    Raises:
        BadRequestError: Names the places that nothing was given for.
    """
    text, places = _with_names(example)
    missing = [name for name in places if not values.get(name, "").strip()]
    if missing:
        raise BadRequestError(f"The prompt needs {', '.join(repr(name) for name in missing)}.")
    return _PLACE.sub(lambda place: values[place[1]].strip(), text)


def _with_names(example: str) -> tuple[str, list[str]]:
    """Return the sentence and its places; of several that are called alike the further ones are numbered."""
    seen: Counter[str] = Counter()
    names: list[str] = []

    def name(place: re.Match[str]) -> str:
        seen[place[1]] += 1
        names.append(place[1] if seen[place[1]] == 1 else f"{place[1]}_{seen[place[1]]}")
        return f"{{{names[-1]}}}"

    return _PLACE.sub(name, example), names


def _prompt(skill: Mapping[str, str]) -> types.Prompt:
    example, names = _with_names(_example(skill, "en"))
    wanted = [types.PromptArgument(name=name, description=f"The {name}", required=True) for name in names]
    return types.Prompt(
        name=skill["name"],
        title=skill.get("title_en") or None,
        description=f"For example: {example}",
        arguments=[*wanted, _LANGUAGE],
    )


def _example(skill: Mapping[str, str], language: str) -> str:
    wanted = "zh" if language.startswith("zh") else "en"
    return skill.get(f"example_{wanted}") or skill.get("example_en") or skill.get("title_en") or skill["name"]
