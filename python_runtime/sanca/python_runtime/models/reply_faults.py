"""What a reply is when it is not what was asked for: calls in other forms, shells, code without a fence.

Each has a reason that a model can act on, with its own call as Python where that can be told.
"""

from __future__ import annotations

import ast
import json
import keyword
import re
from collections.abc import Sequence
from typing import Any

from sanca.python_runtime.models.reply_blocks import Block, tree_of

_SHELLS = frozenset({"bash", "sh", "shell", "zsh", "console", "powershell", "cmd", "bat"})
_RUNNABLE = _SHELLS | frozenset({
    "javascript", "js", "typescript", "ts", "ipython", "repl", "pycon", "tool_code", "tool_call", "code", "java",
    "ruby", "perl", "go", "rust", "c", "cpp", "kotlin", "groovy", "r", "lua", "php", "node", "function_call",
})  # fmt: skip
"""Languages of a block that a model means to be run. Data (json, yaml, diff, log, text …) may stand in an answer."""
_CALL_MARKS = re.compile(
    r"<tool_calls?>|<function_calls?>|<function=|<invoke name=|<\|tool_calls?\|>|\[TOOL_CALLS\]|<\|python_tag\|>|"
    r"<｜tool▁calls?▁begin｜>|<\|tool_calls_section_begin\|>|<\|tool_call_begin\|>|<\|tool▁call|functools\[|<tool_use>|"
    r"<\|channel\|>commentary to=|to=functions\.|<\|action_start\|>|✿FUNCTION✿"
)
"""How model families write a call by JSON when they insist."""
_REACT = re.compile(r"^Action:[ \t]*\S.*\n+Action Input:", re.MULTILINE)
_NAME_KEYS = ("name", "tool", "tool_name", "function", "action", "recipient_name", "api")
_ARGUMENT_KEYS = ("arguments", "parameters", "args", "input", "action_input", "tool_input", "kwargs", "params")
_OTHER_KEYS = frozenset({"id", "type", "thought", "thoughts", "index"})
_PROSE_CHARS = 300
_SHOWN_CHARS = 200
_HOW = "Write the next action as one ```python block"


def foreign_call(body: str, blocks: Sequence[Block], prose: str) -> str:
    """Return the reason when the reply asks for a tool by JSON or tags; empty when it does not."""
    if any(block.is_python for block in blocks):
        return ""
    marked = _CALL_MARKS.search(prose)
    if marked or _REACT.search(prose):
        form = f"calls a tool by {marked[0]!r}" if marked else "calls a tool as 'Action:' and 'Action Input:'"
        call = body[body.find(marked[0]) + len(marked[0]) :] if marked else body
        return f"Your reply {form}, which is not read here. {_HOW}{_as_python(call)}."
    if len(prose.strip()) > _PROSE_CHARS:
        return ""
    for text in [block.code for block in blocks if block.language in {"json", "", "tool_call"}] or [body]:
        if _call_in(_json(text)):
            return f"Your reply is a tool call in JSON, which is not read here. {_HOW}{_as_python(text)}."
        if _code_in(_json(text)):
            return f"Your reply is JSON with code in it, which is not read here. {_HOW} with that code, and no JSON."
    return ""


def foreign_block(blocks: Sequence[Block]) -> str:
    """Return the reason when a block in another language was meant to be run; empty when there is none."""
    foreign = next((block for block in blocks if _is_meant_to_run(block)), None)
    if foreign is None:
        return ""
    label = f"is marked {foreign.language!r}" if foreign.language else "has no language"
    shell = " There is no shell: call the tools or Python's own library." if foreign.language in _SHELLS else ""
    return f"The code block of your reply {label}; only a block marked ```python is run (mark data as ```text).{shell}"


def bare_code(body: str, blocks: Sequence[Block]) -> str:
    """Return the reason when the whole reply is code without a fence; empty when it is words."""
    if blocks or not re.match(r"\n*\S", body):  # an indented text is Markdown's way to show code
        return ""
    tree = tree_of(body.strip())
    if tree is None or not any(_acts(node) for node in tree.body):
        return ""
    return "Your reply is code without a fence; put it between a line ```python and a line ```, or answer in words."


def announcement(body: str, blocks: Sequence[Block]) -> str:
    """Return the reason when the reply announces something and ends there; empty when it does not."""
    if blocks or len(body) > _PROSE_CHARS or not body.rstrip().endswith((":", "：")):
        return ""
    return "Your reply announces something and ends; send the ```python block it speaks of, or the whole answer."


def shell_line(code: str) -> str:
    """Return the reason when the code has a notebook's shell line; empty when it has none."""
    line = next((one.strip() for one in code.splitlines() if re.match(r"\s*[!%]{1,2}[a-zA-Z]", one)), "")
    if not line or tree_of(code) is not None:
        return ""
    return f"The line {line[:60]!r} is for a notebook's shell, which is not here; use Python and the tools."


def _acts(node: ast.stmt) -> bool:
    """Whether a statement is surely code: an import, a definition, or a call of `a.b(…)`, print or an assigned call."""
    if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.For | ast.With):
        return True
    value = node.value if isinstance(node, ast.Expr | ast.Assign) else None
    if isinstance(value, ast.Await):
        value = value.value
    if not isinstance(value, ast.Call):
        return False
    is_method = isinstance(value.func, ast.Attribute)
    return is_method or isinstance(node, ast.Assign) or (isinstance(value.func, ast.Name) and value.func.id == "print")


def _is_meant_to_run(block: Block) -> bool:
    if block.language in _RUNNABLE:
        return True
    if block.language:
        return False
    # No language: a log or a table in an answer is fine, calls and imports in Python are an action gone wrong.
    tree = tree_of(block.code)
    return tree is not None and any(isinstance(node, ast.Call | ast.Import | ast.ImportFrom) for node in ast.walk(tree))


def _json(text: str) -> Any:
    start = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=-1)
    end = max(text.rfind("}"), text.rfind("]"))
    try:
        return json.loads(text[start : end + 1]) if 0 <= start < end else None
    except (ValueError, RecursionError):
        return None


def _call_in(value: Any) -> tuple[str, dict[str, Any]] | None:
    """Return name and arguments of the first call in a JSON value."""
    if isinstance(value, list):
        return next((call for one in value if (call := _call_in(one))), None)
    if not isinstance(value, dict):
        return None
    if isinstance(function := value.get("function"), dict):
        return _call_in(function)
    if isinstance(calls := value.get("tool_calls") or value.get("tool_uses"), list):
        return _call_in(calls)
    name = next((value[key] for key in _NAME_KEYS if isinstance(value.get(key), str)), "")
    given = next((value[key] for key in _ARGUMENT_KEYS if key in value), None)
    rest = set(value) - set(_NAME_KEYS) - set(_ARGUMENT_KEYS) - _OTHER_KEYS
    if not name or given is None or rest:
        return None
    arguments = given if isinstance(given, dict) else _json(given) if isinstance(given, str) else {}
    return name, arguments if isinstance(arguments, dict) else {}


def _code_in(value: Any) -> bool:
    code = (
        next((value[key] for key in ("code", "python", "script") if key in value), None)
        if isinstance(value, dict)
        else None
    )
    return isinstance(code, str) and tree_of(code) is not None


def _as_python(text: str) -> str:
    """Say the call as Python, when it can be told."""
    call = _call_in(_json(text))
    if call is None:
        return ", calling tools as functions"
    name, arguments = call
    name = name.removeprefix("functions.")
    if not all(part.isidentifier() and not keyword.iskeyword(part) for part in name.split(".")):
        return ", calling tools as functions"
    if not all(key.isidentifier() for key in arguments):
        return ", calling tools as functions"
    code = f"{name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})"
    return f", like: {code}" if len(code) <= _SHOWN_CHARS and "\n" not in code else f", like: {name}(…)"
