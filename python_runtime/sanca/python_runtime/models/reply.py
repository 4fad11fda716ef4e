"""Tells what a model's reply is: the next action, the final answer, or neither. Runs nothing, checks no names."""

from __future__ import annotations

import ast
import itertools
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

_PYTHON = frozenset({"python", "python3", "py"})
_RUNNABLE = frozenset({
    "bash", "sh", "shell", "zsh", "console", "powershell", "javascript", "js", "typescript", "ts", "ipython", "repl",
    "pycon", "tool_code", "tool_call", "code", "java", "ruby", "perl", "go", "rust",
})  # fmt: skip
"""Languages of a block that a model means to be run. Data (json, yaml, diff, log, text …) may stand in an answer."""
_THINKING = re.compile(r"\A\s*<think(?:ing)?>(.*?)</think(?:ing)?>", re.DOTALL)
_OPEN_THINKING = re.compile(r"\A\s*<think(?:ing)?>(?!.*</think(?:ing)?>)", re.DOTALL)
_OPENING = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)$")
_INLINE_PYTHON = re.compile(r"`{3,}[ \t]*(?:python3?|py)\b")
_CLOSINGS_TRIED = 20


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


@dataclass(frozen=True)
class _Block:
    language: str
    code: str
    start: int
    """Line of the opening fence."""
    is_closed: bool = True


def extract_action(text: str) -> ModelReply:
    """Tell an action (exactly one ```python block) from a final answer (no block to run) from a malformed reply."""
    if _OPEN_THINKING.match(text):
        return _malformed(
            "Your reply ended inside <think>; think less and answer with one ```python block or plain text."
        )
    thinking = _THINKING.match(text)
    thought = thinking.group(1).strip() if thinking else ""
    body = text[thinking.end() :] if thinking else text
    lines = body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    blocks = list(_blocks(lines))
    actions = [block for block in blocks if block.language in _PYTHON]
    if reason := _fault(body, blocks, actions):
        return _malformed(reason, thought)
    if not actions:
        return ModelReply("answer", thought=thought, answer=body.strip())
    before = "\n".join(lines[: actions[0].start]).strip()
    return ModelReply("action", thought="\n\n".join(part for part in (thought, before) if part), code=actions[0].code)


def _fault(body: str, blocks: Sequence[_Block], actions: Sequence[_Block]) -> str:
    """Return why the reply cannot be used; empty when it can."""
    if not body.strip():
        return (
            "Your reply was empty; answer with one ```python block (the next action) or plain text (the final answer)."
        )
    if len(actions) > 1:
        return f"Your reply has {len(actions)} ```python blocks; put the whole next action into exactly one."
    if actions:
        return _action_fault(actions[0])
    if foreign := next((block for block in blocks if _is_meant_to_run(block)), None):
        label = f"is marked {foreign.language!r}" if foreign.language else "has no language"
        return f"The code block of your reply {label}; only a block marked ```python is run (mark data as ```text)."
    if _INLINE_PYTHON.search(_outside(body, blocks)):
        return "The fence ```python must stand on a line of its own, with the code on the lines after it."
    return ""


def _action_fault(action: _Block) -> str:
    if not action.is_closed:
        return "The ```python block of your reply is not closed, maybe cut off; send a shorter action, closed by ```."
    if _is_empty(action.code):
        return "The ```python block of your reply holds no statement; write the action, or answer in plain text."
    return ""


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    index = 0
    while index < len(lines):
        opening = _OPENING.match(lines[index])
        if opening is None:
            index += 1
            continue
        block, index = _read_block(lines, index, opening)
        yield block


def _read_block(lines: Sequence[str], start: int, opening: re.Match[str]) -> tuple[_Block, int]:
    """Return the block that opens at line `start`, and the line after it."""
    language = _language(opening["info"])
    ends = _closings(lines, start + 1, opening["fence"])
    if not ends:
        return _Block(language, _code(lines[start + 1 :], opening["indent"]), start, is_closed=False), len(lines)
    end = ends[0]
    if language in _PYTHON:
        # A fence inside a string of the code (a card's Markdown) closes nothing: the first end that parses counts.
        end = next((at for at in ends if _parses(_code(lines[start + 1 : at], opening["indent"]))), end)
    return _Block(language, _code(lines[start + 1 : end], opening["indent"]), start), end + 1


def _closings(lines: Sequence[str], start: int, fence: str) -> list[int]:
    closing = re.compile(rf"^[ \t]*{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$")
    return list(itertools.islice((at for at in range(start, len(lines)) if closing.match(lines[at])), _CLOSINGS_TRIED))


def _code(lines: Sequence[str], indent: str) -> str:
    """Return the lines without the fence's own indentation (a block inside a list)."""
    if indent and all(line.startswith(indent) or not line.strip() for line in lines):
        return "\n".join(line[len(indent) :] for line in lines)
    return textwrap.dedent("\n".join(lines))


def _language(info: str) -> str:
    word = info.strip().strip("{}.").split()
    return word[0].strip("{}.,:").lower() if word else ""


def _parses(code: str) -> bool:
    return _tree(code) is not None


def _tree(code: str) -> ast.Module | None:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _is_empty(code: str) -> bool:
    tree = _tree(code)
    return not code.strip() if tree is None else not tree.body


def _is_meant_to_run(block: _Block) -> bool:
    if block.language in _RUNNABLE:
        return True
    if block.language:
        return False
    # No language: a log or a table in an answer is fine, calls and imports in Python are an action gone wrong.
    tree = _tree(block.code)
    return tree is not None and any(isinstance(node, ast.Call | ast.Import | ast.ImportFrom) for node in ast.walk(tree))


def _outside(body: str, blocks: Sequence[_Block]) -> str:
    for block in blocks:
        body = body.replace(block.code, "") if block.code else body
    return body


def _malformed(reason: str, thought: str = "") -> ModelReply:
    return ModelReply("malformed", thought=thought, reason=reason)
