"""What the toolkit `page` offers: commands to the page that the person looks at. The engine carries them out."""

from __future__ import annotations

from typing import Any

from sanca.core.tools import ToolDefinition, ToolkitDefinition

_TIMEOUT_SECONDS = 45.0
"""Above what the engine waits for a page (`SANCA_PAGE_COMMAND_SECONDS`), so that its sentence comes and not ours."""


def _tool(name: str, description: str, parameters: dict[str, str]) -> ToolDefinition:
    properties: dict[str, Any] = {
        each: {"type": "string", "maxLength": 2_000, "description": text} for each, text in parameters.items()
    }
    return ToolDefinition(
        name=name,
        description=description,
        approval="NEVER",
        timeout_seconds=_TIMEOUT_SECONDS,
        input_schema={"type": "object", "properties": properties, "required": list(parameters)},
    )


PAGE_TOOLKIT = ToolkitDefinition(
    name="page",
    description="Lead the person through the page they look at. Each call returns when the page has done it.",
    source="engine",
    tools=(
        _tool(
            "open",
            "Open a part of the portal on the person's page: a service, a panel, an address inside the portal.",
            {"target": "As `fleet/checkout`, `settings`, `/orders/17`."},
        ),
        _tool("highlight", "Show the person where something is on the page.", {"target": "The name of a place."}),
        _tool(
            "fill",
            "Write a value into a field of a form on the page; the person sends the form.",
            {"target": "The name of a field.", "value": "What is to stand in it."},
        ),
    ),
)
"""Reads only: nothing is sent, pressed or run by it."""
