"""Joins the actions of a run into one: what led nowhere is left out, and its last value is the answer. Runs nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from sanca.core.syntax import tree_of
from sanca.memory.experience.taught import Deed, NotLearnedError

_QUIET = frozenset(
    {"len", "print", "sorted", "list", "dict", "set", "tuple", "str", "repr", "type", "sum", "min", "max"}
)
"""Functions whose call alone changes nothing."""


def join(deeds: Sequence[Deed]) -> ast.Module:
    """Return the action that does what these did together, ending in its answer.

    Raises:
        NotLearnedError: They cannot be joined; says why.
    """
    kept = _kept(deeds)
    body: list[ast.stmt] = []
    for place, (deed, tree) in enumerate(kept):
        is_last = place == len(kept) - 1
        body += tree.body if is_last else [one for one in tree.body if not _only_shows(one, deed)]
    return ast.fix_missing_locations(_ending_in_answer(ast.Module(_unwrapped(body), [])))


def names_bound(tree: ast.AST) -> set[str]:
    """Return every name that a tree binds, in any scope."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.arg(arg=name):
                found.add(name)
            case ast.alias(name=name, asname=other):
                found.add((other or name).partition(".")[0])
            case ast.ExceptHandler(name=str(name)):
                found.add(name)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                found.add(name)
    return found


def names_read(tree: ast.AST) -> set[str]:
    """Return every name that a tree reads."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """Return the name, or one like it that is not taken."""
    held = set(taken)
    choices = (wanted, f"{wanted}_said", *(f"{wanted}_{number}" for number in range(2, 100)))
    return next(name for name in choices if name not in held)


def _kept(deeds: Sequence[Deed]) -> list[tuple[Deed, ast.Module]]:
    """Return the actions that the last good one needs, and those that changed something, oldest first."""
    if any(not deed.ok and any(call.had_effect for call in deed.calls) for deed in deeds):
        raise NotLearnedError("An action of the run broke after it had changed something.")
    good = [(deed, tree) for deed in deeds if deed.ok and (tree := tree_of(deed.code)) is not None and tree.body]
    if not good:
        raise NotLearnedError("No action of the run ended well.")
    kept = [good[-1]]
    needed = names_read(good[-1][1])
    for deed, tree in reversed(good[:-1]):
        if names_bound(tree) & needed or any(call.had_effect for call in deed.calls):
            kept.insert(0, (deed, tree))
            needed |= names_read(tree)
    return kept


def _only_shows(statement: ast.stmt, deed: Deed) -> bool:
    """Whether a statement of an earlier action only let the model see something."""
    if not isinstance(statement, ast.Expr):
        return False
    effects = {call.name for call in deed.calls if call.effect != "READ"}
    reads = {call.name for call in deed.calls} - effects
    called = {ast.unparse(node.func) for node in ast.walk(statement) if isinstance(node, ast.Call)}
    binds = any(isinstance(node, ast.NamedExpr | ast.Await | ast.Yield) for node in ast.walk(statement))
    return not binds and called <= reads | _QUIET


def _unwrapped(body: list[ast.stmt]) -> list[ast.stmt]:
    """Leave out docstrings of actions, and imports that stand there twice."""
    seen: set[str] = set()
    left = []
    for statement in body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            text = ast.unparse(statement)
            if text in seen:
                continue
            seen.add(text)
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)) or statement is body[-1]:
            left.append(statement)
    return left


def _ending_in_answer(tree: ast.Module) -> ast.Module:
    if "final_answer" in names_read(tree):
        return tree
    last = tree.body[-1]
    if isinstance(last, ast.Expr) and not _is_print(last):
        return tree
    if "print" in names_read(tree):
        return _telling_prints(tree)
    if isinstance(last, ast.Assign) and isinstance(last.targets[0], ast.Name):
        return ast.Module([*tree.body, ast.Expr(ast.Name(last.targets[0].id, ast.Load()))], [])
    raise NotLearnedError("The last action of the run gives no answer by itself.")


def _is_print(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"), keywords=[])):
            return True
    return False


def _telling_prints(tree: ast.Module) -> ast.Module:
    """Make what was printed the answer: a skill's printed lines are shown to nobody."""
    lines = free_name("lines", names_bound(tree) | names_read(tree))
    body = [_Printing(lines).visit(one) for one in tree.body]
    first, last = ast.parse(f"{lines} = []").body, ast.parse(f"'\\n'.join({lines})").body
    return ast.Module([*first, *body, *last], [])


class _Printing(ast.NodeTransformer):
    def __init__(self, lines: str) -> None:
        self._lines = lines

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        if not _is_print(node) or not isinstance(node.value, ast.Call):
            return self.generic_visit(node)
        said = ast.unparse(ast.Tuple(node.value.args, ast.Load()))
        return ast.parse(f"{self._lines}.append(' '.join(map(str, {said})))").body[0]
