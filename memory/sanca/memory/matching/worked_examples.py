"""A skill as a worked example for a model: its action, with the helpers it uses and no others. Runs nothing."""

from __future__ import annotations

import ast

from sanca.core.syntax import parse_module
from sanca.memory.skills import Skill

_LONGEST_CHARS = 5_000
"""A longer one shows its action alone: an example that fills a prompt teaches less than one that is read."""


def worked_example(skill: Skill) -> str:
    """Return the action with those functions of its included files that it uses, as they stand there."""
    given = ", ".join((*(one.name for one in skill.sheet.parameters), "language"))
    action = f"# Given as names: {given}.\n" + (skill.folder / "action.py").read_text(encoding="utf-8").strip()
    included = "\n\n".join((skill.folder / name).read_text(encoding="utf-8") for name in skill.sheet.includes)
    helpers, names = _used(included, action)
    whole = "\n\n\n".join(part for part in (helpers, action) if part)
    if not names or len(whole) <= _LONGEST_CHARS:
        return whole
    told = ", ".join(f"{name}()" for name in names)
    return f"# {told} are helpers of that skill: they are not there for you.\n{action}"


def _used(included: str, action: str) -> tuple[str, list[str]]:
    """Return the statements that the action needs, and the names of its helpers."""
    tree = parse_module(included)
    bound = {name: statement for statement in tree.body for name in _binds(statement)}
    needed: set[ast.stmt] = set()
    waiting: list[ast.AST] = [parse_module(action)]
    helpers: list[str] = []
    while waiting:
        for name in sorted(_loads(waiting.pop())):
            statement = bound.get(name)
            if statement is not None and statement not in needed:
                needed.add(statement)
                waiting.append(statement)
                helpers += [name] if isinstance(statement, ast.FunctionDef | ast.ClassDef) else []
    texts = [ast.get_source_segment(included, one) or "" for one in tree.body if one in needed]
    return "\n\n".join(texts), sorted(helpers)


def _binds(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [(one.asname or one.name).partition(".")[0] for one in statement.names]
    return [node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]


def _loads(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
