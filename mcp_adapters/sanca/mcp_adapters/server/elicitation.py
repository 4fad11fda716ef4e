"""What a run waits for, as a form of the client, and the client's answer in our words. Sends nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mcp_types as types
from sanca.core.agent_runner import PendingAsk
from sanca.core.untrusted import reveal
from sanca.mcp_adapters.server.who import Context

_ARGUMENT_CHARS = 4_000
_KEPT = ("type", "title", "description", "enum", "default", "format", "minimum", "maximum", "minLength", "maxLength")
_PLAIN = frozenset({"string", "number", "integer", "boolean"})


@dataclass(frozen=True)
class FormAnswer:
    """What somebody answered."""

    approved: bool
    reason: str = ""
    value: Any = None


def can_elicit(ctx: Context) -> bool:
    """Whether the client shows forms to its user."""
    capabilities = ctx.session.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


def form_of(ask: PendingAsk) -> types.ElicitRequestFormParams:
    """Return the form that a client shows."""
    return types.ElicitRequestFormParams(message=_message(ask), requested_schema=_plain_schema(ask.response_schema))


def answer_from(ask: PendingAsk, given: object) -> FormAnswer | None:
    """Return what a client's user answered; None: nothing yet, they put it aside."""
    if not isinstance(given, types.ElicitResult) or given.action == "cancel":
        return None
    content: Mapping[str, Any] = given.content or {}
    reason = str(content.get("reason") or "")
    if given.action == "decline":
        return FormAnswer(approved=False, reason=reason)
    if ask.kind == "approval":
        # Only an explicit yes agrees: an accepted form that does not say so has agreed to nothing.
        return FormAnswer(approved=content.get("approved") is True, reason=reason)
    return FormAnswer(approved=True, value=dict(content))


def _message(ask: PendingAsk) -> str:
    """Return the question; of an approval with the exact call, which no action can word."""
    if ask.kind != "approval":
        return ask.message
    told = ask.metadata
    arguments = reveal(str(told.get("argumentsJson") or "{}"))
    if len(arguments) > _ARGUMENT_CHARS:
        half = _ARGUMENT_CHARS // 2
        arguments = f"{arguments[:half]} … ({len(arguments)} characters) … {arguments[-half:]}"
    lines = [ask.message, f"{told.get('toolkit')}.{told.get('tool')}({arguments})"]
    if told.get("effect"):
        lines.append(f"Effect: {told['effect']}")
    if told.get("undo"):
        lines.append(f"To undo: {told['undo']}")
    return "\n".join(lines)


def _plain_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema with what forms may have: plain fields, no nesting."""
    properties = {str(name): _field(field) for name, field in dict(schema.get("properties") or {}).items()}
    required = [name for name in schema.get("required") or () if name in properties]
    return {"type": "object", "properties": properties, "required": required}


def _field(field: Any) -> dict[str, Any]:  # a JSON Schema of any shape
    if not isinstance(field, Mapping):
        return {"type": "string"}
    kept = {key: field[key] for key in _KEPT if field.get(key) is not None}
    if kept.get("type") not in _PLAIN:
        kept["type"] = "string"
    if examples := field.get("examples"):
        said = ", ".join(str(one) for one in examples)
        kept["description"] = " ".join(filter(None, (kept.get("description"), f"For example: {said}")))
    return kept
