"""Which names a session has, and of which type: what the next action may use without binding it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .records import Record

_NAMES_MAX = 500
_ITEMS_SEEN = 20
_PLAIN = {
    id(kind): name
    for kind, name in (
        (str, "str"), (int, "int"), (float, "float"), (bool, "bool"), (bytes, "bytes"), (type(None), "None"),
        (Record, "Record"), (dict, "dict"), (tuple, "tuple"), (set, "set"), (frozenset, "frozenset"),
    )
}  # fmt: skip
_ITEMS = {"str", "int", "float", "bool", "Record"}


def known_names(space: Mapping[str, Any]) -> dict[str, str] | None:
    """Return each name and its type, `Any` where it is none of Python's own; None when there are too many to tell.

    Nothing of an action's is asked: its classes may hash, compare and begin as they like, and its threads bind on.
    """
    given = [(name, value) for name, value in list(space.items()) if type(name) is str]
    pairs = [(name, value) for name, value in given if not name[:2] == "__" == name[-2:]]
    if len(pairs) > _NAMES_MAX:
        return None
    return {name: _type_of(value) for name, value in pairs}


def _type_of(value: Any) -> str:
    kind = type(value)
    if kind is not list:
        return _PLAIN.get(id(kind), "Any")
    kinds = {_PLAIN.get(id(type(item)), "Any") for item in value[:_ITEMS_SEEN]}
    only = kinds.pop() if len(kinds) == 1 and len(value) <= _ITEMS_SEEN else ""
    return f"list[{only}]" if only in _ITEMS else "list"
