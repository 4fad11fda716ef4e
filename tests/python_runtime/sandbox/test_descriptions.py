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
        ({"a": {"anyOf": [{"type": "string"}]}, "b": {"type": "odd"}}, ("a", "b"), "(a: Any, b: Any)"),
        (
            {"some-key": {"type": "string"}, "class": {}, "ok": {"type": "boolean"}},
            ("ok", "some-key"),
            "(ok: bool, **other)",
        ),
    ],
)
def test_signature_follows_the_schema(properties: dict[str, Any], required: tuple[str, ...], expected: str) -> None:
    assert str(signature_of(tool(properties, required))).replace("typing.", "") == expected


def test_text_tells_choices_and_effect() -> None:
    described = tool({"level": {"type": "string", "enum": ["INFO", "WARN"], "description": "At least."}})
    text = render_tool("system", {**described, "effect": "DESTRUCTIVE", "description": "Does it."})
    assert "system.t(level: str = None)" in text
    assert "  level: At least. One of 'INFO', 'WARN'." in text
    assert "Effect: DESTRUCTIVE" in text
