"""Positional and named arguments of a call become named ones and are checked, with errors a model can act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sanca.core.errors import ToolArgumentError
from sanca.core.tools import ToolDefinition
from sanca.toolkit_bridge.checks import Check, compile_check
from sanca.toolkit_bridge.inferred import Inferred, literal_values
from sanca.toolkit_bridge.names import did_you_mean, near_names


class ToolSignature:
    """A tool's parameters, compiled once and used for every call. Immutable; safe for many threads.

    Args:
        definition: The tool.
        toolkit: Its toolkit's name, for messages.
        is_ahead: Whether calls are judged before they are made, with some values only `Inferred`.
    """

    def __init__(self, definition: ToolDefinition, *, toolkit: str = "", is_ahead: bool = False) -> None:
        self.name = f"{toolkit}.{definition.name}" if toolkit else definition.name
        ways = definition.overloads or (definition,)
        self.ways = tuple(_Way(self.name, way.input_schema, is_ahead=is_ahead) for way in ways)
        """One, or one for each overload."""

    def unify(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments by name; those left out stay out, so that the tool's own defaults hold.

        Of a tool with overloads, positional arguments belong to the first one that takes them all.

        Raises:
            ToolArgumentError: Too many, twice, unknown, missing or of the wrong kind; names the argument.
        """
        if len(self.ways) == 1:
            return self.ways[0].unify(args, kwargs)
        errors = []
        for way in self.ways:
            try:
                return way.unify(args, kwargs)
            except ToolArgumentError as error:
                errors.append(error)
        raise self._none_fits(errors, kwargs)

    def __str__(self) -> str:
        """`(service, level=None)`, as in Python; ways to call it are joined by "or"."""
        return " or ".join(map(str, self.ways))

    def _none_fits(self, errors: Sequence[ToolArgumentError], kwargs: Mapping[str, Any]) -> ToolArgumentError:
        """Say what is wrong with every way to call it; of an unknown name, what is near in any of them."""
        names = list(dict.fromkeys(name for way in self.ways for name in way.parameters))
        for name in kwargs:
            if name not in names and not any(way.takes_others for way in self.ways):
                return unknown_argument(self.name, name, names, str(self))
        reasons = [str(error).removeprefix(self.name).lstrip(": ").rstrip(".") for error in errors]
        listed = "; ".join(f"{way}: {reason}" for way, reason in zip(self.ways, reasons, strict=True))
        arguments = {error.argument for error in errors}
        return ToolArgumentError(
            f"{self.name}: the arguments fit none of its {len(self.ways)} forms. {listed[:1_500]}.",
            tool_name=self.name,
            argument=arguments.pop() if len(arguments) == 1 else None,
        )


class _Way:
    """One way to call a tool."""

    def __init__(self, name: str, schema: Mapping[str, Any], *, is_ahead: bool) -> None:
        properties: Mapping[str, Any] = schema.get("properties") or {}
        definitions = schema.get("$defs") or {}
        self._name = name
        self.parameters = tuple(properties)
        self.required = tuple(name for name in schema.get("required") or () if name in properties)
        self.takes_others = bool(schema.get("additionalProperties", False))
        self._properties = properties
        self._checks = {name: _check(each, definitions, is_ahead=is_ahead) for name, each in properties.items()}

    def unify(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Do as `ToolSignature.unify`."""
        named = self.named(args, kwargs) if args else dict(kwargs)
        checks = self._checks
        for name, value in named.items():
            if (check := checks.get(name)) is None:
                if not self.takes_others:
                    raise unknown_argument(self._name, name, self.parameters, str(self))
            elif wrong := check(value):
                raise self._wrong(name, value, wrong)
        for name in self.required:
            if name not in named:
                raise self._error(f"{self._name} needs {name!r}; it takes {self}.", name)
        return named

    def named(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments by name, unchecked.

        Raises:
            ToolArgumentError: There are too many, or one comes twice.
        """
        if len(args) > len(self.parameters):
            raise self._error(
                f"{self._name} takes {len(self.parameters)} arguments at most, got {len(args)}; it takes {self}.", None
            )
        named = dict(zip(self.parameters, args, strict=False))
        for name, value in kwargs.items():
            if name in named:
                raise self._error(f"{self._name} got {name!r} twice, by position and by name.", name)
            named[name] = value
        return named

    def __str__(self) -> str:
        shown = [
            name if name in self.required else f"{name}={self._properties[name].get('default')!r}"
            for name in self.parameters
        ]
        return f"({', '.join(shown)})"

    def _wrong(self, name: str, value: Any, wrong: str) -> ToolArgumentError:
        near = near_names(value, choices(self._properties[name])) if isinstance(value, str) else ()
        message = f"{self._name}: {name!r} {wrong}.{did_you_mean(near)}"
        return ToolArgumentError(message, tool_name=self._name, argument=name, near=near)

    def _error(self, message: str, argument: str | None) -> ToolArgumentError:
        return ToolArgumentError(message, tool_name=self._name, argument=argument)


def _check(schema: Any, definitions: Mapping[str, Any], *, is_ahead: bool) -> Check:
    details = schema if isinstance(schema, Mapping) else {}
    check = compile_check(details, definitions)
    if not is_ahead:
        return check
    return lambda value: _judged(value, details, check) if isinstance(value, Inferred) else check(value)


def _judged(value: Inferred, schema: Mapping[str, Any], check: Check) -> str:
    """Return what is wrong with a value of which the type is known; one that is one of a few is checked with each."""
    if values := literal_values(value.type):
        complaints = [check(each) for each in values]
        return complaints[0] if all(complaints) else ""
    return value.wrong_for(schema)


def choices(schema: Any) -> list[str]:
    """Return the texts that an argument may be, when it may be only some."""
    if not isinstance(schema, Mapping):
        return []
    parts = [schema, *(schema.get("anyOf") or ()), *(schema.get("oneOf") or ())]
    return [
        each for part in parts if isinstance(part, Mapping) for each in part.get("enum") or () if isinstance(each, str)
    ]


def unknown_argument(tool: str, name: str, known: Sequence[str], form: str) -> ToolArgumentError:
    """Return the error of an argument that a tool does not have, with the names near it."""
    near = near_names(str(name), known)
    message = f"{tool} has no argument {str(name)[:80]!r}.{did_you_mean(near)} It takes {form}."
    return ToolArgumentError(message, tool_name=tool, argument=str(name)[:80], near=near)


def unify(
    definition: ToolDefinition, args: Sequence[Any], kwargs: Mapping[str, Any], *, toolkit: str = ""
) -> dict[str, Any]:
    """Unify one call's arguments; for many calls of a tool keep a `ToolSignature`."""
    return ToolSignature(definition, toolkit=toolkit).unify(args, kwargs)
