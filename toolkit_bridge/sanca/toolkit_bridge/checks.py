"""Checks of one argument against its JSON Schema, compiled once: common shapes in Python, the rest by jsonschema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no annotations
from jsonschema.exceptions import SchemaError  # type: ignore[import-untyped]  # the same

Check = Callable[[Any], str]
"""Returns what is wrong with a value, as the end of a sentence ("must be …"); empty when nothing is."""

WORDS = {
    "string": "a text (str)",
    "integer": "a whole number (int)",
    "number": "a number (int or float)",
    "boolean": "True or False",
    "array": "a list",
    "object": "a dict",
    "null": "None",
}
_TESTS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list | tuple),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}
_TYPES: dict[str, type | tuple[type, ...]] = {"string": str, "boolean": bool, "array": (list, tuple), "object": dict}
_SAYS_NOTHING = {
    "title",
    "description",
    "default",
    "examples",
    "format",
    "$comment",
    "deprecated",
    "readOnly",
    "writeOnly",
}
"""`format` too: dates travel as texts, and the tool reads them."""


def compile_check(schema: Mapping[str, Any], definitions: Mapping[str, Any] | None = None) -> Check:
    """Return the check of a property's schema.

    Args:
        schema: The property's own schema.
        definitions: The `$defs` of the whole schema, for references into it.
    """
    check = _compile(schema, definitions or {})
    if "default" in schema and schema["default"] is None:  # a tool that defaults to null takes it when it is said, too
        return lambda value: "" if value is None else check(value)
    return check


def _compile(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Check:
    keys = set(schema) - _SAYS_NOTHING
    if not keys:
        return lambda _: ""
    if keys == {"enum"} or (keys == {"enum", "type"} and isinstance(schema["type"], str)):
        return _one_of(schema["enum"])
    if keys == {"type"}:
        return _of_type(schema["type"])
    if keys == {"type", "items"} and schema["type"] == "array":
        return _list_of(_compile(schema["items"], definitions))
    if keys == {"anyOf"}:
        return _any_of([_compile(part, definitions) for part in schema["anyOf"]])
    return _by_jsonschema(schema, definitions)


def _of_type(name: str | Sequence[str]) -> Check:
    if isinstance(name, str) and name in _TYPES:
        kind, wrong = _TYPES[name], f"must be {WORDS[name]}"
        return lambda value: "" if isinstance(value, kind) else f"{wrong}, got {_show(value)}"
    names = [name] if isinstance(name, str) else list(name)
    tests = [_TESTS[each] for each in names if each in _TESTS]
    words = " or ".join(WORDS[each] for each in names if each in _TESTS)
    return lambda value: (
        "" if not tests or any(test(value) for test in tests) else f"must be {words}, got {_show(value)}"
    )


def _one_of(choices: Sequence[Any]) -> Check:
    listed = ", ".join(repr(choice) for choice in choices)

    def check(value: Any) -> str:
        for choice in choices:
            if choice == value and isinstance(choice, bool) == isinstance(value, bool):
                return ""
        return f"must be one of {listed}, got {_show(value)}"

    return check


def _list_of(item: Check) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, list | tuple):
            return f"must be a list, got {_show(value)}"
        for index, element in enumerate(value):
            if wrong := item(element):
                return f"has a wrong element {index}: it {wrong}"
        return ""

    return check


def _any_of(parts: Sequence[Check]) -> Check:
    def check(value: Any) -> str:
        complaints = [part(value) for part in parts]
        return (
            ""
            if not all(complaints)
            else " or ".join(dict.fromkeys(text.rpartition(", got ")[0] or text for text in complaints))
        )

    return check


def _by_jsonschema(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Check:
    whole = {**schema, **({"$defs": dict(definitions)} if definitions else {})}
    try:
        Draft202012Validator.check_schema(whole)
    except SchemaError:
        return lambda _: ""  # an outside server's broken schema: the server itself has to judge
    validator = Draft202012Validator(whole)

    def check(value: Any) -> str:
        error = next(iter(validator.iter_errors(value)), None)
        if error is None:
            return ""
        place = "".join(f"[{step!r}]" for step in error.absolute_path)
        return f"does not fit{f' at {place}' if place else ''}: {error.message[:200]}"

    return check


def _show(value: Any) -> str:
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:57] + '…'} ({type(value).__name__})"
