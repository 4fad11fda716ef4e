"""Objects with fields in text: dataclasses, pydantic models, named tuples, plain objects. Their own repr when short."""

from __future__ import annotations

import dataclasses
from typing import Any

from .safely import cell, class_name, exact, is_a, is_of

_FIELDS = 40


def fields_of(value: Any) -> dict[str, Any] | None:
    """Return an object's fields by name; None when it has none that are its own to show."""
    kind = type(value)
    if is_a(value, type):
        return None
    if "__dataclass_fields__" in _spaces(kind):
        return {field.name: getattr(value, field.name, "(not set)") for field in dataclasses.fields(value)[:_FIELDS]}
    if is_of(value, "pydantic", "BaseModel"):
        return dict(list(vars(value).items())[:_FIELDS])
    if is_a(value, tuple) and "_fields" in _spaces(kind):
        return dict(zip(map(str, kind._fields[:_FIELDS]), tuple.__iter__(value), strict=False))
    if _has_no_repr(value):
        own: Any = getattr(value, "__dict__", None)
        if is_a(own, dict):
            return {exact(name): one for name, one in list(dict.items(own))[:_FIELDS] if is_a(name, str)}
    return None


def plain_repr(value: Any) -> str | None:
    """Return `<Job with name='a', tries=3>` for an object whose class says nothing of it but where it lies."""
    if not _has_no_repr(value):
        return None
    if not (fields := fields_of(value)):
        return f"<{class_name(value)} object>"
    return f"<{class_name(value)} with {', '.join(f'{name}={cell(one, 40)}' for name, one in fields.items())}>"


def _has_no_repr(value: Any) -> bool:
    ancestors: tuple[type, ...] = type.__dict__["__mro__"].__get__(type(value))
    telling = (ancestor for ancestor in ancestors if "__repr__" in type.__dict__["__dict__"].__get__(ancestor))
    return next(telling, object) is object


def _spaces(kind: type) -> set[str]:
    """Return the names that a class and those above it define."""
    ancestors: tuple[type, ...] = type.__dict__["__mro__"].__get__(kind)
    return {name for ancestor in ancestors for name in type.__dict__["__dict__"].__get__(ancestor)}
