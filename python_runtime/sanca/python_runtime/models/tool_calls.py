"""Tool calls by JSON, for every wire format: names that all providers take, and calls joined from streamed pieces.

Runs nothing; arguments stay the text that the model wrote.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sanca.core.messages import ToolCall, ToolSpec

_NAME_CHARS = 64
_FORBIDDEN = re.compile(r"[^a-zA-Z0-9_-]")
"""OpenAI, DashScope and Anthropic take `[a-zA-Z0-9_-]{1,64}`; ours have dots."""


class WireNames:
    """Tool names as providers take them, and back."""

    def __init__(self, tools: Sequence[ToolSpec]) -> None:
        self._out: dict[str, str] = {}
        self._back: dict[str, str] = {}
        for tool in tools:
            self.out(tool.name)

    def out(self, name: str) -> str:
        """Return the name on the wire; two tools never share one."""
        if name not in self._out:
            wire = _FORBIDDEN.sub("_", name) or "_"
            if wire in self._back or len(wire) > _NAME_CHARS:
                digest = hashlib.sha256(name.encode()).hexdigest()[:8]
                wire = f"{wire[: _NAME_CHARS - 9]}_{digest}"
            self._out[name], self._back[wire] = wire, name
        return self._out[name]

    def back(self, wire: str) -> str:
        """Return our name; one that the model made up stays as it is."""
        return self._back.get(wire, wire)


@dataclass
class _Call:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)


class CallPieces:
    """The calls of one reply while it streams: pieces are joined by their index."""

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._places: dict[int, _Call] = {}

    def add(
        self,
        index: int | None,
        *,
        call_id: str = "",
        name: str = "",
        arguments: str = "",
        extra: dict[str, Any] | None = None,
    ) -> None:
        """Add a piece.

        Args:
            index: Which call it belongs to. Servers that send whole calls give all of them 0 or none: a new id then
                begins a new call.
            call_id: Given with the first piece of a call; some servers repeat it.
            name: The tool; some servers repeat it, some send it in pieces.
            arguments: The next piece of the arguments' JSON.
            extra: What else the server gave with this call and wants back (a signature).
        """
        place = len(self._calls) - 1 if index is None else index
        call = self._places.get(place)
        if call is None or (call_id and call.id and call_id != call.id):
            call = _Call()
            self._calls.append(call)
            self._places[len(self._calls) - 1 if index is None else index] = call
        call.id = call.id or call_id
        if name and name != call.name:
            call.name += name
        if arguments:
            call.arguments.append(arguments)
        call.extra |= extra or {}

    def whole(self, names: WireNames) -> tuple[ToolCall, ...]:
        """Return the calls, with our names; one without an id gets one."""
        return tuple(
            ToolCall(
                id=call.id or f"call_{number}",
                name=names.back(call.name),
                arguments_json="".join(call.arguments) or "{}",
            )
            for number, call in enumerate(self._calls, start=1)
        )

    def extras(self) -> dict[str, dict[str, Any]]:
        """Return what came beyond the format, by the call's id."""
        return {call.id: call.extra for call in self._calls if call.extra and call.id}


def function_out(tool: ToolSpec, names: WireNames) -> dict[str, Any]:
    """Map a tool out as chat completions and DashScope describe it."""
    return {
        "type": "function",
        "function": {"name": names.out(tool.name), "description": tool.description, "parameters": parameters_out(tool)},
    }


def call_out(call: ToolCall, names: WireNames) -> dict[str, Any]:
    """Map an earlier call out as chat completions and DashScope spell it."""
    function = {"name": names.out(call.name), "arguments": call.arguments_json}
    return {"id": call.id, "type": "function", "function": function}


def parameters_out(tool: ToolSpec) -> dict[str, Any]:
    """Return the schema; providers refuse one that is empty."""
    return tool.parameters or {"type": "object", "properties": {}}


def arguments_object(arguments_json: str) -> dict[str, Any]:
    """Return the arguments as an object, for formats that want one; what is none goes under `text`."""
    try:
        value = json.loads(arguments_json or "{}")
    except ValueError:
        return {"text": arguments_json}
    return value if isinstance(value, dict) else {"text": arguments_json}
