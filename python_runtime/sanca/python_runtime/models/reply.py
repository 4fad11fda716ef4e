"""Tells what a model's reply is: the next action, the final answer, or neither. Runs nothing, checks no names.

What can only be meant in one way is mended (`reply_repair.py`), and said; all else goes back with a reason that the
model can act on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from sanca.python_runtime.models import reply_faults as faults
from sanca.python_runtime.models.reply_blocks import Block, outside, parses, read_blocks, tree_of
from sanca.python_runtime.models.reply_repair import clean, join_blocks, mend_code

_THINKING = re.compile(r"\A\s*<think(?:ing)?>(.*?)</think(?:ing)?>", re.DOTALL)
_OPEN_THINKING = re.compile(r"\A\s*<think(?:ing)?>(?!.*</think(?:ing)?>)", re.DOTALL)
_HEADLESS_THINKING = re.compile(r"\A((?:(?!<think(?:ing)?>).)*?)</think(?:ing)?>", re.DOTALL)
"""Some servers put the opening tag into the prompt: the reply then has the closing one alone."""
_INLINE_PYTHON = re.compile(r"(?<!`)`{3,}[ \t]*(?:python3?|py)\b")


@dataclass(frozen=True)
class ModelReply:
    """A reply, told apart."""

    kind: Literal["action", "answer", "malformed"]
    thought: str = ""
    """What the model said before its action, or thought aloud before its answer."""
    code: str = ""
    answer: str = ""
    reason: str = ""
    """For a malformed one: what is wrong and what to do instead, for the model."""
    repairs: tuple[str, ...] = ()
    """What was mended in it, for the journal."""
    is_cut: bool = False
    """For a malformed one: it reached the limit of its length, and may be continued."""
    partial: str = ""
    """Of one that was cut off inside its action: the code so far, to be completed."""


def extract_action(text: str, *, finish_reason: str = "") -> ModelReply:
    """Tell an action (one ```python block) from a final answer (no block to run) from a malformed reply.

    Args:
        text: The whole reply.
        finish_reason: Why it ended, as the last delta says; `stop` lets an unclosed block that parses be taken,
            `length` marks what may be continued.
    """
    text, repairs = clean(text.replace("\r\n", "\n").replace("\r", "\n"))
    is_cut = finish_reason == "length"
    if _OPEN_THINKING.match(text):
        reason = "Your reply ended inside <think>; think less and answer with one ```python block or plain text."
        return ModelReply("malformed", reason=reason, repairs=tuple(repairs), is_cut=is_cut)
    thinking = _THINKING.match(text) or _HEADLESS_THINKING.match(text)
    thought = thinking[1].strip() if thinking else ""
    body = text[thinking.end() :] if thinking else text
    return _Reading(body, thought, repairs, finish_reason).reply()


class _Reading:
    """One reply while it is told apart."""

    def __init__(self, body: str, thought: str, repairs: list[str], finish_reason: str) -> None:
        self._body = body
        self._thought = thought
        self._repairs = repairs
        self._finish_reason = finish_reason
        self._lines = body.split("\n")
        self._blocks = read_blocks(self._lines)
        self._actions = [block for block in self._blocks if block.is_python]

    def reply(self) -> ModelReply:
        """Return what it is."""
        if not self._body.strip():
            return self._malformed(
                "Your reply was empty; answer with one ```python block (the next action) or plain text (the final "
                "answer)."
            )
        if self._actions:
            return self._action()
        if reason := self._fault_of_words():
            return self._malformed(reason)
        if self._finish_reason == "length":
            return self._malformed("Your reply was cut off at the limit of its length; say it shorter.")
        return ModelReply("answer", self._thought, answer=self._body.strip(), repairs=tuple(self._repairs))

    def _action(self) -> ModelReply:
        actions = [block for block in self._actions if not (block.is_closed and _is_empty(block.code))] or self._actions
        first = actions[0]
        if len(actions) > 1:
            code = join_blocks(actions, self._blocks, self._lines)
            if not code:
                return self._malformed(_several(len(actions)))
            self._repairs.append(f"took {len(actions)} blocks as one action")
        else:
            code, mend = mend_code(first.code)
            self._repairs += [mend] if mend else []
        if reason := self._fault_of_code(code, actions[-1]):
            is_open = not actions[-1].is_closed
            return self._malformed(reason, partial=actions[-1].code if is_open and len(actions) == 1 else "")
        return ModelReply("action", self._thought_before(first), code=code, repairs=tuple(self._repairs))

    def _fault_of_code(self, code: str, last: Block) -> str:
        if not last.is_closed and not self._is_whole(code):
            why = "was cut off" if self._finish_reason == "length" else "is not closed, maybe cut off"
            return f"The ```python block of your reply {why}; send a shorter action, closed by ```."
        if _is_empty(code):
            return "The ```python block of your reply holds no statement; write the action, or answer in plain text."
        return faults.shell_line(code)

    def _is_whole(self, code: str) -> bool:
        """Whether an unclosed block may be taken: the model itself ended there, and it is Python."""
        if self._finish_reason != "stop" or not parses(code) or _is_empty(code):
            return False
        self._repairs.append("closed the code block")
        return True

    def _fault_of_words(self) -> str:
        body, blocks = self._body, self._blocks
        prose = outside(self._lines, blocks)
        if _INLINE_PYTHON.search(prose):
            return "The fence ```python must stand on a line of its own, with the code on the lines after it."
        return (
            faults.foreign_call(body, blocks, prose)
            or faults.foreign_block(blocks)
            or faults.bare_code(body, blocks)
            or faults.announcement(body, blocks)
        )

    def _thought_before(self, block: Block) -> str:
        before = "\n".join(self._lines[: block.start]).strip()
        return "\n\n".join(part for part in (self._thought, before) if part)

    def _malformed(self, reason: str, *, partial: str = "") -> ModelReply:
        return ModelReply(
            "malformed",
            self._thought,
            reason=reason,
            repairs=tuple(self._repairs),
            is_cut=self._finish_reason == "length",
            partial=partial if self._finish_reason == "length" else "",
        )


def _several(count: int) -> str:
    return f"Your reply has {count} ```python blocks; put the whole next action into exactly one."


def _is_empty(code: str) -> bool:
    tree = tree_of(code)
    return not code.strip() if tree is None else not tree.body
