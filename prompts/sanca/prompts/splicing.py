"""Puts a model's middle into its gap, and cuts gaps into actions that failed. Asks nothing; reads replies of fim.py."""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import replace

from sanca.core.errors import ModelOutputError
from sanca.core.syntax import parse_module, tree_of
from sanca.prompts.fim import SPECIAL
from sanca.prompts.inputs import FimInputs

_FENCED = re.compile(r"```[a-z0-9]*[ \t]*\n(.*?)\n?[ \t]*```", re.DOTALL)
_OPEN_FENCE = re.compile(r"\A\s*```[a-z0-9]*[ \t]*\n|\n?```\s*\Z")
_THINKING = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_SYNTAX = re.compile(r"line (\d+):.*\n(?:.*\n)*?(?:Syntax|Indentation|Tab)Error: ")
_TRACEBACK = "Traceback (most recent call last):"
_INLINE = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>", "<lambda>"})
"""Frames of the statement itself."""
_FRAME = re.compile(r'^  File "action", line (\d+), in (.+)$', re.MULTILINE)
_INLINE = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
"""Frames of the statement itself."""
_LONGEST_GAP_LINES = 25
"""A longer statement is not mended in its middle but written anew."""
_OVERLAP_CHARS = 400
_REPEATING = (ast.For, ast.While, ast.With, ast.AsyncFor, ast.AsyncWith, ast.Try, ast.TryStar)
"""What had begun when a statement inside it failed: run again it would do its first part twice."""


def complete(inputs: FimInputs, reply: str) -> str:
    """Return the whole action with the model's middle in the gap.

    Fences, special tokens and what the reply repeats of the edges are taken off.

    Raises:
        ModelOutputError: It is no Python then, or nothing was added.
    """
    middle = _middle(inputs, reply)
    if not middle.strip():
        raise ModelOutputError("The model's middle was empty; ask for the whole action again.")
    whole = _joined(inputs, middle)
    if problem := _problem(whole):
        raise ModelOutputError(f"The action is no Python with the model's middle in it ({problem}); ask for the whole.")
    return whole


def repair(inputs: FimInputs, reply: str) -> str:
    """Return what is to be run of the mended action: without what has run already.

    Raises:
        ModelOutputError: It is no Python, or the same that failed.
    """
    whole = complete(inputs, reply)
    if inputs.failing and _same(_middle(inputs, reply), inputs.failing):
        raise ModelOutputError("The model's middle is what failed before; ask for another approach.")
    rest = whole[len(inputs.done) :]
    if problem := _problem(rest):
        raise ModelOutputError(f"The rest of the mended action is no Python ({problem}); ask for the whole.")
    return rest


def cut_for_repair(
    code: str, *, line: int, error: str, has_run: bool = True, toolkits: str = "", names: tuple[str, ...] = ()
) -> FimInputs | None:
    """Return the action around the failing statement; None where mending only its middle is not safe, or no gain.

    An action that does not parse never ran: the gap is its faulty line, and all of it runs afterwards. One that parses
    ran up to the statement: what stands before on the top level is `done`. Inside a loop, `with` or `try` that had
    begun nothing is mended: its first part would happen twice.

    Args:
        code: The action as it ran.
        line: Where it failed, 1 for its first line.
        error: What was said, in a line or a few.
        has_run: False when it was refused before it ran: then all of it runs afterwards.
        toolkits: Stubs for the model.
        names: Names held.
    """
    lines = code.splitlines(keepends=True)
    if not 1 <= line <= len(lines) or len(lines) < 3:  # as short is as quickly written anew
        return None
    tree = tree_of(code)
    if tree is None:
        start, end, done = line - 1, line, 0
    else:
        top = next((one for one in tree.body if _first(one) <= line <= (one.end_lineno or one.lineno)), None)
        if top is None or (has_run and isinstance(top, _REPEATING)):
            return None
        start, end = _first(top) - 1, top.end_lineno or top.lineno
        done = start if has_run else 0
    if end - start > _LONGEST_GAP_LINES or _shares_line(tree, start, end):
        return None
    gap = "".join(lines[start:end])
    made = FimInputs(before="".join(lines[:start]), after="".join(lines[end:]), toolkits=toolkits, names=names)
    return replace(made, done="".join(lines[:done]), failing=gap.rstrip("\n"), error=error)


def failing_line(observation: str) -> int | None:
    """Return the line of the action at which an observation says it failed, at the top level of the action.

    None when it says nothing of that kind, when the action was refused before it ran, and when the error came from
    inside a function of the action: what is to be mended is then seldom the line that called it.
    """
    if found := _SYNTAX.match(observation):
        return int(found[1])
    before, traceback, told = observation.rpartition(_TRACEBACK)
    frames: list[tuple[str, str]] = _FRAME.findall(told) if traceback else []
    is_on_top = frames[:1] and frames[0][1] == "<module>" and all(name in _INLINE for _, name in frames[1:])
    if not is_on_top or (before and "Error (" not in before):
        return None
    return int(frames[0][0])


def _middle(inputs: FimInputs, reply: str) -> str:
    """Return what the model wrote for the gap, free of what it wrote around it."""
    middle = SPECIAL.sub("", _THINKING.sub("", reply.replace("\r\n", "\n")))
    fenced = _FENCED.search(middle)
    middle = fenced[1] if fenced else _OPEN_FENCE.sub("", middle)
    middle = middle[_repeated(inputs.before, middle) :]
    middle = middle[: len(middle) - _repeated(middle, inputs.after)]
    return _as_indented(inputs, middle)


def _joined(inputs: FimInputs, middle: str) -> str:
    before, after = inputs.before, inputs.after
    if before.endswith("\n"):
        middle = middle.lstrip("\n")
    if inputs.failing:  # the gap is whole lines
        middle = middle.rstrip("\n") + "\n"
    return f"{before}{middle}{after}"


def _as_indented(inputs: FimInputs, middle: str) -> str:
    """Return the middle indented as what it replaces: models in a chat begin at the margin."""
    wanted = re.match(r"[ \t]*", inputs.failing)
    if not inputs.failing or not wanted:
        return middle
    return textwrap.indent(textwrap.dedent(middle), wanted[0])


def _repeated(left: str, right: str) -> int:
    """Return how many characters at the end of `left`, a whole line at least, are the start of `right` again."""
    for size in range(min(len(left), len(right)), 0, -1):
        part = right[:size]
        if not left.endswith(part) or not part.strip():
            continue
        is_line = size == len(left) or left[-size - 1] == "\n" or part.startswith("\n")
        if is_line and ("\n" in part or size in {len(left), len(right)} or right[size] == "\n"):
            return size
    return 0


def _same(one: str, other: str) -> bool:
    first, second = tree_of(textwrap.dedent(one)), tree_of(textwrap.dedent(other))
    if first is None or second is None:
        return one.strip() == other.strip()
    return ast.dump(first) == ast.dump(second)


def _shares_line(tree: ast.Module | None, start: int, end: int) -> bool:
    """Whether another statement stands on the gap's lines (`a = 1; b = 2`)."""
    if tree is None:
        return False
    inside = [one for one in tree.body if _first(one) - 1 < end and (one.end_lineno or one.lineno) > start]
    return len(inside) > 1


def _first(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(one.lineno for one in decorators)])


def _problem(code: str) -> str:
    try:
        parse_module(code)
    except SyntaxError as error:
        return f"line {error.lineno}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return str(error)
    return ""
