"""What must not be learned: secrets, names that nobody said, and words that came from outside data. Changes nothing."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable, Collection, Iterator

from sanca.memory.experience.joining import names_bound, names_read
from sanca.memory.experience.taught import NotLearnedError, Taught

_GIVEN = frozenset({
    "say", "tools", "final_answer", "Record", "help", "language", "sanca", "card", "page",
    "SancaError", "ToolError", "ToolDeniedError", "ToolNotFoundError", "ToolArgumentError", "ToolFailedError",
    "GatewayError", "GatewayUnavailableError", "ConversionError", "StoreError", "LimitExceededError",
})  # fmt: skip
"""What every action finds besides Python's own names and the toolkits."""
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w])")
_IS_A_WORD = re.compile(r"[A-Za-z_]{1,24}")
_SHORTEST, _LEAST_SEEN = 3, 100
"""Of texts, and of numbers in calls that only read: shorter and smaller ones are everywhere."""


def refuse_dangerous(tree: ast.Module, taught: Taught, given: Collection[str], mask: Callable[[str], str]) -> None:
    """Look through an action whose parameters are in their places.

    Args:
        tree: The action.
        taught: The run it comes from.
        given: Names of the parameters.
        mask: Returns a text with secrets and personal data replaced.

    Raises:
        NotLearnedError: It cannot be kept; says why, without saying the secret.
    """
    _refuse_secrets(tree, mask)
    known = _GIVEN | set(dir(builtins)) | taught.toolkits | {one.partition(".")[0] for one in taught.toolkits}
    if missing := names_read(tree) - names_bound(tree) - known - set(given):
        named = ", ".join(sorted(missing)[:5])
        raise NotLearnedError(f"It needs names that only this session has: {named}.")
    if taught.by == "model":  # what a person wrote by hand means what it says
        _refuse_unsaid_names(tree, taught)
        _refuse_outside_words(tree, taught)


def _refuse_secrets(tree: ast.Module, mask: Callable[[str], str]) -> None:
    for text in _texts(tree):
        if mask(text) != text:
            raise NotLearnedError("Its code holds what looks like a secret or personal data.")


def _refuse_unsaid_names(tree: ast.Module, taught: Taught) -> None:
    """A name that exists now and that the message did not say was found on the way; next time it is another one."""
    said = taught.message.casefold()
    names = {name.casefold() for kind in taught.entities.values() for name in kind}
    for text in _texts(tree):
        small = text.casefold()
        for name in names:
            if name not in said and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", small):
                raise NotLearnedError(f"Its code names {name!r}, which the message did not.")


def _refuse_outside_words(tree: ast.Module, taught: Taught) -> None:
    """What an action took from an observation may be wrong tomorrow, or an instruction that somebody planted."""
    own = f"{taught.message}\n{taught.tool_words}"
    effects = {call.name for deed in taught.deeds for call in deed.calls if call.effect != "READ"}
    selecting = {id(node) for node in _selecting(tree)}
    in_effects = {id(node) for call in _calls(tree, effects) for node in ast.walk(call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in selecting:
            strict = id(node) in in_effects
            if (found := _taken_from(node, _seen_before(node.value, taught), own, strict=strict)) is not None:
                raise NotLearnedError(f"Its code holds {found!r}, which came from what a tool returned.")


def _seen_before(value: object, taught: Taught) -> str:
    """Return what the run had been shown when it first wrote a constant; its own output may repeat it."""
    text = value if isinstance(value, str) else f"{value}"
    first = next((place for place, deed in enumerate(taught.deeds) if text in deed.code), len(taught.deeds) - 1)
    return "\n".join(deed.observation for deed in taught.deeds[:first])


def _taken_from(node: ast.Constant, seen: str, own: str, *, strict: bool) -> str | None:
    """Return what of a constant was seen in data and stands nowhere else; None when nothing was."""
    value = node.value
    if isinstance(value, str):
        is_plain = _IS_A_WORD.fullmatch(value) is not None and not strict
        if len(value) >= _SHORTEST and not is_plain and value in seen and value not in own:
            return value[:40]
        return next((one for one in _NUMBER.findall(value) if _is_seen(one, seen, own) and len(one) > 1), None)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    is_small = abs(value) < (2 if strict else _LEAST_SEEN)
    return None if is_small or not _is_seen(f"{value:g}", seen, own) else f"{value:g}"


def _is_seen(number: str, seen: str, own: str) -> bool:
    pattern = re.compile(rf"(?<![\w.]){re.escape(number)}(?![\w])")
    return pattern.search(seen) is not None and pattern.search(own) is None


def _texts(tree: ast.AST) -> Iterator[str]:
    return (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))


def _selecting(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield constants that only pick something out of data: a key, one side of a comparison."""
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(slice=ast.Constant() as key):
                yield key
            case ast.Compare():
                yield from (one for one in ast.walk(node) if isinstance(one, ast.Constant))
            case ast.Call(func=ast.Attribute(attr="get" | "pop" | "startswith" | "endswith"), args=[first, *_]):
                yield first
            case ast.Dict(keys=keys):
                yield from (key for key in keys if key is not None)


def _calls(tree: ast.AST, names: Collection[str]) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) in names)
