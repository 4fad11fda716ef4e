"""What the end of a prompt says to the model of how to go on: words of ours, never of a person or a tool."""

from __future__ import annotations

from collections.abc import Sequence

from sanca.python_runtime.planning.strategy import Way
from sanca.python_runtime.rounds import SubGoal

PLAN_FIRST = (
    "This task has several goals. Begin your reply with a block that opens with ```plan on a line of its own: one "
    "numbered goal a line, two to eight, each one that a single program can reach and whose success can be seen. "
    "Write `(after 1, 2)` behind a goal that needs the result of others, and nothing behind one that does not. Then "
    "write the ```python block for the first goal."
)
_WAYS = {
    "single_tool": "One tool seems to do it{named}: call it, look, and answer.",
    "sequence": "It takes several calls in order{named}: make them in one action where none needs a look in between.",
    "composition": "Data flows from call to call{named}: pass it on in code, inside one action, without printing it.",
    "workflow": "There is experience with this: follow it where it fits.",
    "synthesis": "No tool does this alone{named}: write a function for it in your action, try it on a small case whose "
    "result you know, then use it.",
}


def of_way(way: Way) -> str:
    """Return the line about the query strategy."""
    named = f" ({', '.join(f'`{name}`' for name in way.tools)})" if way.tools else ""
    return _WAYS[way.strategy].format(named=named) if way.strategy else ""


def of_goal(goal: SubGoal, others: Sequence[SubGoal], next_goal: SubGoal | None, taken: Sequence[str]) -> str:
    """Return where the work stands, for a round at a sub-goal.

    Args:
        goal: The one of this round.
        others: Those worked at beside it.
        next_goal: The one after it, when its action may come in the same reply.
        taken: Names that belong to others.
    """
    lines = [
        f"You work at goal {goal.id}: {goal.title}.",
        f"When an observation has shown that it is reached, begin your reply with the line "
        f"`Goal {goal.id}: done - why (evidence: names or tools that show it)`; when it cannot be reached, with "
        f"`Goal {goal.id}: abandon - why`.",
    ]
    if others:
        beside = ", ".join(one.id for one in others)
        lines.append(f"Goals {beside} are worked at beside it: write nothing for them.")
    elif next_goal:
        lines.append(f"Behind that line write the ```python block for goal {next_goal.id}: {next_goal.title}.")
    else:
        lines.append("It is the last open goal: behind that line answer the whole task, with what each goal gave.")
    if taken:
        lines.append(f"These names belong to other goals, bind them to nothing else: {', '.join(taken)}.")
    return "\n".join(lines)


def of_end(outcomes: Sequence[str]) -> str:
    """Return what is said when every sub-goal is closed."""
    told = "\n\n".join(outcomes)
    return f"All goals are closed. Answer the whole task now, and say which of them were not reached.\n\n{told}"


def of_other_approach(failed: int, error: str) -> str:
    """Return what is said after so many failed attempts."""
    return (
        f"{failed} attempts in a row have failed, the last one with: {error}. Do not mend the same action again: take "
        "another approach (other tools, other data, a smaller step that shows why), or give it up and say why."
    )


def of_giving_up(failed: int, error: str) -> str:
    """Return what is said when no approach has worked."""
    return (
        f"{failed} attempts have failed, the last one with: {error}. Act no more: answer in plain text what was tried, "
        "what failed, and what is needed."
    )
