"""Whether an action wants a session with the heavy libraries loaded. A guess: it may import them either way."""

from __future__ import annotations

import ast

from sanca.core.syntax import tree_of

_HEAVY = frozenset(("numpy", "pandas", "matplotlib"))


def needs_libraries(code: str) -> bool:
    """Return whether the code imports numpy, pandas or matplotlib; False for what is no Python."""
    if not any(name in code for name in _HEAVY):
        return False
    tree = tree_of(code)
    return tree is not None and any(_HEAVY.intersection(_imported(node)) for node in ast.walk(tree))


def _imported(node: ast.AST) -> set[str]:
    """Return the top-level names of an import statement."""
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom) and not node.level:
        return {(node.module or "").partition(".")[0]}
    return set()
