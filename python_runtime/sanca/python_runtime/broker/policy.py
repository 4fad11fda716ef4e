"""What the gate decides before it asks anybody: rights, budget, and whether a person has to agree. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from sanca.core.errors import ToolDeniedError
from sanca.core.tools import Effect, ToolDefinition
from sanca.python_runtime.broker.records import ApprovalRule, Decision, RunBudget, RunContext


def decide(rules: Sequence[ApprovalRule], name: str, definition: ToolDefinition, channel: str) -> Decision:
    """Return what happens to a call of tool `name` (`toolkit.tool`).

    The first rule that fits decides; else the tool's own `approval`. One that ALWAYS wants a person is never just
    allowed.
    """
    for rule in rules:
        if rule.effect in ("*", definition.effect) and rule.channel in ("*", channel) and fnmatchcase(name, rule.tool):
            return "ask" if rule.decision == "allow" and definition.approval == "ALWAYS" else rule.decision
    if definition.approval == "AUTO":
        return "allow" if definition.effect is Effect.READ else "ask"
    return "ask" if definition.approval == "ALWAYS" else "allow"


def check_right(context: RunContext, name: str, right: str) -> None:
    """Refuse a caller who lacks a right.

    Raises:
        ToolDeniedError: Names the right.
    """
    if not right or right in context.rights or "*" in context.rights:
        return
    message = f"{name} needs the right {right!r}, which {context.user} does not have. Someone who has it can do this."
    raise ToolDeniedError(message, tool_name=name)


def check_budget(budget: RunBudget, calls: int, seconds: float, argument_bytes: int) -> None:
    """Refuse a call beyond the run's budget.

    Args:
        budget: The run's.
        calls: How many calls the run has made, this one included.
        seconds: How long the run's tools have run.
        argument_bytes: How long the arguments of its calls were, this one's included.

    Raises:
        ToolDeniedError: Says which budget.
    """
    if calls > budget.calls:
        raise ToolDeniedError(f"This run has used up its budget of {budget.calls:,} tool calls.")
    if seconds > budget.seconds:
        raise ToolDeniedError(f"This run has used up its budget of {budget.seconds:g} seconds in tools.")
    if argument_bytes > budget.argument_bytes:
        raise ToolDeniedError(f"This run has used up its budget of {budget.argument_bytes:,} bytes of arguments.")
