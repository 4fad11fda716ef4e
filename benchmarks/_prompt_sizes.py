"""How many tokens the first prompt of a run has with 20, 200 and 2,000 tools, and how well sizes are estimated.

The tools are those of `_tool_sets.many_tools`, those of a thing in one toolkit, beside the toolkit `card`; a message
asks for one of them. What is counted is the whole request as a model reads it, system message and all.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from _harness import Row
from _tokens import TOKENIZER, count, rendered
from _tool_sets import many_tools
from sanca.core.messages import Caller
from sanca.core.tools import ToolkitDefinition
from sanca.prompts import InferencePromptConfigManager, PromptInputs, estimate_tokens
from sanca.python_runtime.tool_finder import ToolFinder
from sanca.toolkit_bridge.cards import CardToolkit

SIZES = (20, 200, 2_000)
RATIO_MOST = 1.3
_MESSAGES = (
    "Please cancel the invoice with the number 4711.",
    "Which orders were shipped twice since Monday, and who approved them?",
    "把 4711 号发票取消，并告诉我原因",
)


async def prompt_rows() -> list[Row]:
    """Return the figures; medians over the messages."""
    sizes: dict[int, float] = {}
    misses: list[float] = []
    for tools in SIZES:
        counted = [await _prompt(_toolkits(tools), message) for message in _MESSAGES]
        sizes[tools] = statistics.median(count(text) for text in counted)
        misses += [abs(estimate_tokens(text) / count(text) - 1) for text in counted]
    rows = [Row(f"prompt_tokens_{tools}", value, "tokens", note=TOKENIZER) for tools, value in sizes.items()]
    grown = sizes[SIZES[-1]] / sizes[SIZES[0]]
    note = "2,000 tools to 20"
    return [
        *rows,
        Row("prompt_tokens_growth", grown, "times the tokens", limit=RATIO_MOST, note=note),
        Row("token_estimate_miss", max(misses), "of a prompt's tokens", limit=0.15, note="the worst of the prompts"),
    ]


async def _prompt(toolkits: Sequence[ToolkitDefinition], message: str) -> str:
    finder, caller = ToolFinder(lambda: toolkits), Caller()
    inputs = PromptInputs(
        message=message,
        toolkits=finder.shown(caller),
        is_abridged=finder.is_abridged,
        tools=await finder.for_message(message, caller),
    )
    request = InferencePromptConfigManager().builder("cmd").assemble(inputs).request
    return rendered([one.model_dump(include={"role", "content"}) for one in request.messages])


def _toolkits(tools: int) -> tuple[ToolkitDefinition, ...]:
    made: dict[str, list[str]] = {}
    every = many_tools().tools
    for name in list(every)[:tools]:
        place, _, own = name.partition(".")
        made.setdefault(f"{place}_{own.rpartition('_')[2]}", []).append(name)
    kits = [
        ToolkitDefinition(
            name=name,
            description=f"The {name.rpartition('_')[2]}s of the {name.rpartition('_')[0].replace('_', ' ')}.",
            tools=tuple(every[one].model_copy(update={"name": one.partition(".")[2]}) for one in names),
        )
        for name, names in made.items()
    ]
    return (CardToolkit().definition, *kits)
