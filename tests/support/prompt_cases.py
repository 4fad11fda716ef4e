"""Inputs of prompts that several tests build from."""

from __future__ import annotations

from sanca.core.messages import Caller, Message
from sanca.core.tools import ToolDefinition, ToolkitDefinition
from sanca.prompts import EarlierRound, Experience, FimInputs, Goal, Page, PromptInputs, Recalled
from sanca.python_runtime.tool_finder import ToolFinder

STUBS = (
    "class system:\n    def services() -> list[Service]: ...\n    def restart(service: str) -> Outcome: ...  # WRITE"
)
FULL = PromptInputs(
    message="为什么结账很慢？",
    language="zh",
    toolkits=STUBS,
    goal="找出结账慢的原因",
    goals=(Goal("List the services", "done", "checkout is slow"), Goal("Find the cause", is_current=True)),
    understood={"meant": "why is checkout slow since noon", "'它' means": "checkout"},
    history=(Message(id="1", role="user", content="hi"), Message(id="2", role="assistant", content="Hello.")),
    preferences=("Never restart payment at night.",),
    knowledge=(Recalled("The pool holds 40.", "runbooks/pool.md, lines 3-9", "it was valid until 2025-12-31"),),
    recalled=(Recalled("We raised the pool to 40.", "you, 2025-12-01 10:02"),),
    earlier=(Recalled("Checkout was slow.", "this session, in short"),),
    page=Page(url="/fleet", title="Fleet", selection="checkout 2,300 ms"),
    files=("trace.csv",),
    environment={"tenant": "default", "services": "checkout, payment"},
    now={"time": "2026-01-02T03:04:05Z"},
    names={"rows": "list[Record]"},
    experience=Experience("Diagnose a slow service", 'system.services()\n"""\n```\n"""', "same words"),
    rounds_left=9,
)
_ROUNDS = (
    EarlierRound(
        code="services = system.services()",
        observation="[Record(name='checkout', latency_p95_ms=2300)]",
        reply="I look.\n\n```python\nservices = system.services()\n```",
        extra={"openai": {"reasoning_content": "hm"}},
    ),
    EarlierRound(
        code="services[7].name",
        observation="line 1: services[7].name\nIndexError: list index out of range",
        thought="I take the eighth.",
    ),
    EarlierRound(code="", observation="Your reply was empty."),
)


def rounds(count: int, chars: int = 0) -> tuple[EarlierRound, ...]:
    """Return rounds that are over; of so many more characters each."""
    return tuple(
        EarlierRound(
            one.code or "pass",
            f"round {number}: {one.observation}{' more' * (chars // 5)}",
            one.thought,
            one.reply,
            one.extra,
        )
        for number, one in ((number, _ROUNDS[number % len(_ROUNDS)]) for number in range(count))
    )


def history(count: int, chars: int = 10) -> tuple[Message, ...]:
    """Return messages of a session, `m0` first."""
    return tuple(Message(id=str(n), role="user", content=f"m{n} " + "x y " * (chars // 4)) for n in range(count))


def fim_inputs() -> FimInputs:
    """Return an action whose second statement failed."""
    return FimInputs(
        before="import pandas as pd\nsales = pd.read_csv('/input/sales.csv')\n",
        after="by_region.to_dict()\n",
        done="import pandas as pd\nsales = pd.read_csv('/input/sales.csv')\n",
        toolkits=STUBS,
        names=("sales",),
        failing="by_region = sales.groupby('Region')['Revenue'].sum()",
        error="KeyError: 'Revenue'",
    )


def toolkits(count: int) -> tuple[ToolkitDefinition, ...]:
    """Return so many tools, twenty a toolkit."""
    things = ("invoice", "order", "ticket", "meeting", "contract")
    verbs = ("get", "list", "cancel", "approve")
    made = []
    for number in range(count // 20):
        tools = tuple(
            ToolDefinition(
                name=f"{verb}_{thing}",
                description=f"{verb.capitalize()} one {thing} or several of region {number}.",
                input_schema={"type": "object", "properties": {f"{thing}_id": {"type": "string"}}},
            )
            for thing in things
            for verb in verbs
        )
        made.append(ToolkitDefinition(name=f"region_{number}", description=f"Things of region {number}.", tools=tools))
    return tuple(made)


async def many_tools(count: int, message: str) -> PromptInputs:
    """Return the inputs of a message's first prompt with so many tools."""
    finder, caller = ToolFinder(lambda: kits), Caller()
    kits = toolkits(count)
    stubs = await finder.for_message(message, caller)
    return PromptInputs(message, toolkits=finder.shown(caller), is_abridged=finder.is_abridged, tools=stubs)
