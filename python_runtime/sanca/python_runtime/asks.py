"""What a run may ask a person, and what comes back: approvals, forms and questions.

Data only; waiting is live_run.py's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ag_ui.core import Interrupt

AskKind = Literal["approval", "form", "question"]


@dataclass(frozen=True)
class Ask:
    """Something a run needs from a person before it can go on. `id` is the waiting call's id, or the question's own."""

    id: str
    run_id: str
    kind: AskKind
    message: str
    toolkit: str = ""
    tool: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    arguments_json: str = "{}"
    """The exact text that the call will carry: the host compares it byte for byte with what was approved."""
    effect: str = ""
    description: str = ""
    undo: str | None = None
    card: Sequence[Mapping[str, Any]] | None = None
    """A2UI operations of a form."""
    response_schema: Mapping[str, Any] = field(default_factory=dict)

    def interrupt(self) -> Interrupt:
        """Return the AG-UI interrupt that ends the AG-UI run."""
        metadata = {
            "toolkit": self.toolkit,
            "tool": self.tool,
            "argumentsJson": self.arguments_json,
            "effect": self.effect,
            "undo": self.undo,
            "runId": self.run_id,
        }
        schema = dict(self.response_schema) or _APPROVAL_SCHEMA
        return Interrupt(
            id=self.id,
            reason=self.kind,
            message=self.message,
            tool_call_id=self.id if self.tool else None,
            response_schema=schema,
            metadata=metadata,
        )

    def activity(self, state: str, *, answered_by: str = "", reason: str = "") -> dict[str, Any]:
        """Return the content of its `sanca-approval` activity."""
        return {
            "call_id": self.id,
            "run_id": self.run_id,
            "toolkit": self.toolkit,
            "tool": self.tool,
            "arguments": dict(self.arguments),
            "arguments_json": self.arguments_json,
            "effect": self.effect,
            "description": self.description or self.message,
            "undo": self.undo,
            "state": state,
            "answered_by": answered_by,
            "reason": reason,
            "kind": self.kind,
            "card": list(self.card) if self.card else None,
        }


@dataclass(frozen=True)
class Answer:
    """A person's answer to an ask."""

    approved: bool
    """For forms and questions: answered (true) or dismissed (false)."""
    reason: str = ""
    value: Any = None
    by: str = ""


def question(ask_id: str, run_id: str, text: str, *, choices: Sequence[str] = (), is_free: bool = False) -> Ask:
    """Return a question of the engine's own, with choices when there are any; `is_free`: others may be answered too."""
    value: dict[str, Any] = {"type": "string", "title": text}
    if choices:
        value["examples" if is_free else "enum"] = list(choices)
    schema = {"type": "object", "properties": {"value": value}, "required": ["value"]}
    return Ask(id=ask_id, run_id=run_id, kind="question", message=text, response_schema=schema)


_APPROVAL_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"approved": {"type": "boolean"}, "reason": {"type": "string"}},
    "required": ["approved"],
}
