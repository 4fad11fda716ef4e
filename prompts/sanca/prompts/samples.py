"""Inputs of every shape, to try a configuration on before it is used. Names of people and places are made up."""

from __future__ import annotations

from typing import Any

from sanca.core.messages import Message
from sanca.prompts.inputs import EarlierRound, Experience, FimInputs, Goal, JudgeInputs, Page, PromptInputs, Recalled

_STUBS = "class system:\n    def services() -> list[Record]: ..."
_ROUNDS = (
    EarlierRound(code="system.services()", observation="[Record(name='checkout')]", thought="I look."),
    EarlierRound(code="1 / 0", observation="line 1: 1 / 0\nZeroDivisionError: division by zero"),
    EarlierRound(code="", observation="Your reply was empty."),
)
_FULL = PromptInputs(
    message="结账服务为什么慢？",
    language="zh",
    toolkits=_STUBS,
    is_abridged=True,
    tools="class crm:\n    def merge(a: str, b: str) -> None: ...",
    goal="Find the cause",
    handed_over="The slow service is checkout.",
    goals=(Goal("Find the service", "done", "checkout"), Goal("Find the cause", is_current=True)),
    understood={"meant": "why is checkout slow", "'it' means": "checkout"},
    history=(Message(id="1", role="user", content="hello"), Message(id="2", role="assistant", content="Hello.")),
    preferences=("Never restart payment at night.",),
    knowledge=(Recalled("Raise the pool to 40.", "runbooks/pool.md, lines 3-9", "it was valid until 2025-12-31"),),
    recalled=(Recalled("We set the pool to 40.", "you, 2025-12-01 10:02"),),
    earlier=(Recalled("Checkout was slow at noon.", "summary of this session"),),
    page=Page(url="/fleet", title="Fleet", selection="checkout"),
    files=("trace.csv",),
    environment={"tenant": "default", "user": "ada"},
    now={"time": "2026-01-02T03:04:05+00:00"},
    names={"rows": "list[Record]"},
    past=("Rounds 1 to 3: the services were listed.",),
    rounds=_ROUNDS,
    experience=Experience("List services", "system.services()", "same words"),
    rounds_left=1,
    why_last="the run used all its calls",
)


def sample_inputs(builder: str) -> list[Any]:
    """Return inputs for a builder: nearly empty ones, and such as have everything."""
    if builder == "judge":
        full = JudgeInputs("restart it", "It runs again.", ("system.restart('a') → ok",), ("up",), "zh")
        return [JudgeInputs("restart it", "Done."), full]
    if builder == "fim":
        broken = FimInputs("a = 1\n", "print(b)\n", "a = 1\n", _STUBS, ("x",), "b = a['x']", "TypeError: not that")
        return [FimInputs("a = "), broken]
    last = PromptInputs(message="Why?", rounds=_ROUNDS[:1], rounds_left=2)
    return [PromptInputs(message="Why?"), last, _FULL]
