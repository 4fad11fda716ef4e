"""Positional and named arguments of a call become named ones and are checked, with errors a model can act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sanca.core.errors import ToolArgumentError
from sanca.core.tools import ToolDefinition
from sanca.toolkit_bridge.checks import compile_check
from sanca.toolkit_bridge.names import did_you_mean, near_names


class ToolSignature:
    """A tool's parameters, compiled once and used for every call. Immutable; safe for many threads."""

    def __init__(self, definition: ToolDefinition, *, toolkit: str = "") -> None:
        schema = definition.input_schema
        properties: Mapping[str, Any] = schema.get("properties") or {}
        definitions = schema.get("$defs") or {}
        self.name = f"{toolkit}.{definition.name}" if toolkit else definition.name
        self.parameters = tuple(properties)
        self.required = tuple(name for name in schema.get("required") or () if name in properties)
        self.takes_others = bool(schema.get("additionalProperties", False))
        self._properties = properties
        self._checks = {
            name: compile_check(each if isinstance(each, Mapping) else {}, definitions)
            for name, each in properties.items()
        }

    def unify(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments by name; those left out stay out, so that the tool's own defaults hold.

        Raises:
            ToolArgumentError: Too many, twice, unknown, missing or of the wrong kind; names the argument.
        """
        named = self._named(args, kwargs) if args else dict(kwargs)
        checks = self._checks
        for name, value in named.items():
            if (check := checks.get(name)) is None:
                if not self.takes_others:
                    raise self._unknown(name)
            elif wrong := check(value):
                raise self._error(f"{self.name}: {name!r} {wrong}.", name)
        for name in self.required:
            if name not in named:
                raise self._error(f"{self.name} needs {name!r}; it takes {self}.", name)
        return named

    def __str__(self) -> str:
        """`(service, level=None)`, as in Python."""
        shown = [
            name if name in self.required else f"{name}={self._properties[name].get('default')!r}"
            for name in self.parameters
        ]
        return f"({', '.join(shown)})"

    def _named(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        if len(args) > len(self.parameters):
            raise self._error(
                f"{self.name} takes {len(self.parameters)} arguments at most, got {len(args)}; it takes {self}.", None
            )
        named = dict(zip(self.parameters, args, strict=False))
        for name, value in kwargs.items():
            if name in named:
                raise self._error(f"{self.name} got {name!r} twice, by position and by name.", name)
            named[name] = value
        return named

    def _unknown(self, name: str) -> ToolArgumentError:
        near = near_names(str(name), self.parameters)
        message = f"{self.name} has no argument {str(name)[:80]!r}.{did_you_mean(near)} It takes {self}."
        return ToolArgumentError(message, tool_name=self.name, argument=str(name)[:80], near=near)

    def _error(self, message: str, argument: str | None) -> ToolArgumentError:
        return ToolArgumentError(message, tool_name=self.name, argument=argument)


def unify(
    definition: ToolDefinition, args: Sequence[Any], kwargs: Mapping[str, Any], *, toolkit: str = ""
) -> dict[str, Any]:
    """Unify one call's arguments; for many calls of a tool keep a `ToolSignature`."""
    return ToolSignature(definition, toolkit=toolkit).unify(args, kwargs)
