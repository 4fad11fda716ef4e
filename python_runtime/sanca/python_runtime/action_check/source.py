"""An action's syntax tree, asked what a checker does not tell: whether an error is caught, and a place reached."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from sanca.core.syntax import parse_module

_CATCHES = {
    "BaseException", "Exception", "NameError", "AttributeError", "TypeError", "ToolError", "ToolNotFoundError",
    "ToolArgumentError", "UnboundLocalError", "ConversionError",
}  # fmt: skip
_SUPPRESSES = {"suppress", "raises", "ExitStack", "AsyncExitStack"}
_MAKES_NAMES = {
    "exec", "eval", "globals", "locals", "vars", "setattr", "builtins", "__builtins__", "__import__", "runpy",
}  # fmt: skip
_ASKS = {"hasattr", "dir", "callable", "tools", *_MAKES_NAMES}
_MAKES_NAMES_BY_ATTRIBUTE = {"modules", "__dict__", "__globals__", "f_globals"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
Place = tuple[int, int, int, int]


class Source:
    """The tree of one action, looked through once.

    Raises:
        SyntaxError: The text is no Python. Also ValueError and RecursionError, as `ast.parse`.
    """

    def __init__(self, code: str) -> None:
        self.calls: list[ast.Call] = []
        self.names_bound: set[str] = set()
        """Every name the action binds, in any scope."""
        self.makes_names_unseen = False
        """Whether names may come into being that no checker sees: `exec`, `globals()`, `from x import *`."""
        self._parents: dict[ast.AST, ast.AST] = {}
        self._places: dict[Place, ast.AST] = {}
        self._mentions: dict[str, list[ast.Name]] = defaultdict(list)
        for node in ast.walk(parse_module(code)):  # breadth first: of nodes in one place the outermost comes first
            for child in ast.iter_child_nodes(node):
                self._parents[child] = node
            self._note(node)

    @property
    def names(self) -> set[str]:
        """Every name the action reads or binds."""
        return self.names_bound | set(self._mentions)

    def at(self, place: Place) -> ast.AST | None:
        """Return the outermost expression or argument that stands exactly there (lines from 1, columns in bytes)."""
        return self._places.get(place)

    def parent(self, node: ast.AST) -> ast.AST | None:
        """Return the node around a node."""
        return self._parents.get(node)

    def call_with(self, argument: ast.AST) -> ast.Call | None:
        """Return the call that a node is an argument of."""
        parent = self._parents.get(argument)
        if isinstance(parent, ast.keyword | ast.Starred):
            argument, parent = parent, self._parents.get(parent)
        return parent if isinstance(parent, ast.Call) and argument is not parent.func else None

    def is_certain(self, node: ast.AST, *, ignores_conditions: bool) -> bool:
        """Whether what fails at a node ends the action.

        Nothing catches it, no condition stands before it, and its function, if it is in one, is called in such a place.
        What is in a lambda or a method is nobody's to say.

        Args:
            node: Where it fails.
            ignores_conditions: Whether what stands under an `if` counts too, unless that asks what there is.
        """
        return self._is_certain(node, ignores_conditions, set())

    def _is_certain(self, node: ast.AST, ignores_conditions: bool, seen: set[ast.AST]) -> bool:
        for outer, inner in self._around(node):
            if isinstance(outer, ast.Lambda | ast.ExceptHandler) or _catches(outer, inner):
                return False
            if _is_conditional(outer, inner) and not (ignores_conditions and not _asks_for_names(outer)):
                return False
            if isinstance(outer, Function) and inner in outer.body:
                if outer in seen or isinstance(self._parents.get(outer), ast.ClassDef):
                    return False
                seen.add(outer)
                calls = [use for use in self._mentions[outer.name] if self._is_called(use)]
                return any(self._is_certain(call, ignores_conditions, seen) for call in calls)
        return True

    def _is_called(self, node: ast.AST) -> bool:
        parent = self._parents.get(node)
        return isinstance(parent, ast.Call) and parent.func is node

    def _around(self, node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
        """Yield each node around, from the inside, with its child on the way."""
        while (parent := self._parents.get(node)) is not None:
            yield parent, node
            node = parent

    def _note(self, node: ast.AST) -> None:
        if isinstance(node, ast.expr | ast.keyword):
            place = (node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0)
            self._places.setdefault(place, node)
        if isinstance(node, ast.Call):
            self.calls.append(node)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            self._mentions[node.id].append(node)
            self.makes_names_unseen |= node.id in _MAKES_NAMES
        elif isinstance(node, ast.Attribute):
            self.makes_names_unseen |= node.attr in _MAKES_NAMES_BY_ATTRIBUTE
        elif isinstance(node, ast.alias):
            self.makes_names_unseen |= node.name in {"*", *_MAKES_NAMES}
        self.names_bound.update(_bound_by(node))


def dotted(node: ast.AST) -> str:
    """Return `system.logs` for the expression that says so; empty for any other."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""


def _bound_by(node: ast.AST) -> list[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
            return [name]
        case ast.alias():
            return [(node.asname or node.name).partition(".")[0]]
        case ast.Global() | ast.Nonlocal():
            return list(node.names)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            return [name]
        case ast.MatchMapping(rest=str(name)):
            return [name]
    return []


def _is_conditional(outer: ast.AST, inner: ast.AST) -> bool:
    """Whether a node's child is reached only under a condition. A loop is taken to have something to do."""
    if isinstance(outer, ast.If | ast.IfExp):
        return inner is not outer.test
    if isinstance(outer, ast.BoolOp):
        return inner is not outer.values[0]
    return isinstance(outer, ast.match_case)


def _asks_for_names(outer: ast.AST) -> bool:
    """Whether a condition asks what names or tools there are."""
    asked = outer.test if isinstance(outer, ast.If | ast.IfExp) else outer
    return any(isinstance(node, ast.Name) and node.id in _ASKS for node in ast.walk(asked))


def _catches(outer: ast.AST, inner: ast.AST) -> bool:
    """Whether a node catches what its child raises."""
    if isinstance(outer, ast.Try | ast.TryStar):
        return inner in outer.body and any(map(_takes_errors, outer.handlers))
    if isinstance(outer, ast.With | ast.AsyncWith):
        calls = [one.context_expr for one in outer.items]
        names = [dotted(call.func if isinstance(call, ast.Call) else call) for call in calls]
        return any(name.rpartition(".")[2] in _SUPPRESSES for name in names)
    return False


def _takes_errors(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type
    if kinds is None:
        return True
    listed = kinds.elts if isinstance(kinds, ast.Tuple) else [kinds]
    return any(not isinstance(each, ast.Name) or each.id in _CATCHES for each in listed)
