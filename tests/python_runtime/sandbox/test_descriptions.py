"""Signatures and texts made from tool definitions, whatever a server outside wrote into them."""

from __future__ import annotations

from typing import Any

import pytest
from sanca.python_runtime.sandbox.guest.descriptions import render_tool, signature_of


def tool(properties: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"name": "t", "input_schema": {"type": "object", "properties": properties, "required": list(required)}}


@pytest.mark.parametrize(
    ("properties", "required", "expected"),
    [
        ({}, (), "()"),
        ({"a": {"type": "string"}, "b": {"type": ["integer", "null"]}}, ("a",), "(a: str, b: int | None = None)"),
        ({"a": {"default": 1}, "b": {"type": "array"}}, ("b",), "(a: Any = 1, *, b: list)"),
        ({"a": {"anyOf": [{"type": "string"}]}, "b": {"type": "odd"}}, ("a", "b"), "(a: str, b: Any)"),
        ({"a": {"enum": ["x", "y"], "default": None}}, (), "(a: Literal['x', 'y'] | None = None)"),
        ({"a": {"type": "array", "items": {"type": "string"}}}, ("a",), "(a: list[str])"),
        ({"a": {"type": "object", "additionalProperties": {"type": "integer"}}}, ("a",), "(a: dict[str, int])"),
        ({"a": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": 1}}, (), "(a: int | None = 1)"),
        (
            {"a": 5, "b": {"enum": [[1]]}, "c": {"$ref": "#/$defs/Gone"}},
            (),
            "(a: Any = None, b: Any = None, c: Any = None)",
        ),
        (
            {"some-key": {"type": "string"}, "class": {}, "ok": {"type": "boolean"}},
            ("ok", "some-key"),
            "(ok: bool, **other)",
        ),
    ],
)
def test_signature_follows_the_schema(properties: dict[str, Any], required: tuple[str, ...], expected: str) -> None:
    assert (
        str(signature_of(tool(properties, required)))
        .replace("typing.", "")
        .replace("Optional[Literal['x', 'y']]", "Literal['x', 'y'] | None")
        == expected
    )


def test_text_tells_choices_and_effect() -> None:
    described = tool({"level": {"type": "string", "enum": ["INFO", "WARN"], "description": "At least."}})
    text = render_tool("system", {**described, "effect": "DESTRUCTIVE", "description": "Does it."})
    assert "system.t(level: Literal['INFO', 'WARN'] | None = None)" in text
    assert "  level: At least. One of 'INFO', 'WARN'." in text
    assert "Effect: DESTRUCTIVE" in text


def test_text_tells_every_overload_an_example_and_the_records_of_the_result() -> None:
    person = {
        "type": "object",
        "title": "Person",
        "properties": {"name": {"type": "string"}, "boss": {"$ref": "#/$defs/Person"}},
    }
    by_name = {
        "input_schema": {"properties": {"name": {"type": "string", "examples": ["Ann"]}}, "required": ["name"]},
        "output_schema": {"$ref": "#/$defs/Person", "$defs": {"Person": person}},
    }
    by_number = {"input_schema": {"properties": {"number": {"type": "integer"}}, "required": ["number"]}}
    text = render_tool("crm", {**tool({}), "overloads": [by_name, by_number], "alternative": "crm.search"})

    assert text.startswith("crm.t(name: str) -> Person\ncrm.t(number: int)\n")
    assert "Example: crm.t(name='Ann')" in text
    assert "  Person: {name: str, boss: Person}" in text
    assert "When it keeps failing: crm.search" in text


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string", "contentEncoding": "base64"}, "bytes"),
        ({"anyOf": [{"type": "string", "contentEncoding": "base64"}, {"type": "null"}]}, "bytes | None"),
        ({"type": "string", "contentEncoding": "base64", "x-pieces": "bytes"}, "BinaryIO"),
        ({"type": "string", "x-pieces": "text"}, "TextIO"),
    ],
)
def test_bytes_are_bytes_and_what_comes_is_a_file(schema: dict[str, Any], expected: str) -> None:
    text = render_tool("system", {**tool({}), "output_schema": schema})

    assert text.startswith(f"system.t() -> {expected}\n")
    assert ("Gives an open file" in text) == ("IO" in expected)


def test_a_stream_is_an_iterator_of_its_items() -> None:
    item = {"type": "object", "title": "log line", "properties": {"text": {"type": "string"}}}
    python = render_tool("system", {**tool({}), "streams": True, "output_schema": item})
    java = render_tool("system", {**tool({}), "output_schema": {"type": "array", "items": item, "x-pieces": "items"}})

    assert "system.t() -> Iterator[LogLine]" in python
    assert "system.t() -> Iterator[LogLine]" in java
