"""The errors an action can catch. The same names as in `sanca.core.errors`, which is not in the sandbox.

ToolError
├─ ToolNotFoundError    no such toolkit or tool; `near` holds close names
├─ ToolArgumentError    `argument` names what is missing, unknown or of the wrong kind
├─ ToolDeniedError      a right, a policy or a person said no
└─ ToolFailedError      the tool ran and failed, or cannot be reached (`kind` says which); `alternative` may do instead
ConversionError         a value has no form on the wire
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ToolError(Exception):
    """A tool call did not give a value. `str(error)` is a sentence that says what to do about it."""

    def __init__(
        self,
        message: str = "",
        *,
        kind: str = "failed",
        argument: str | None = None,
        near: tuple[str, ...] = (),
        java_class: str | None = None,
        stack: tuple[str, ...] = (),
        retryable: bool = False,
        alternative: str | None = None,
    ) -> None:
        self.kind = kind
        self.argument = argument
        self.near = near
        self.java_class = java_class
        self.stack = stack
        self.retryable = retryable
        self.alternative = alternative
        super().__init__(message)


class ToolNotFoundError(ToolError):
    """No toolkit or tool of that name."""


class ToolArgumentError(ToolError):
    """An argument is missing, unknown or of the wrong kind."""


class ToolDeniedError(ToolError):
    """A person, a right or a policy refused the call."""


class ToolFailedError(ToolError):
    """The tool ran and failed, or its outcome is not known."""


class ConversionError(ValueError):
    """A value has no form on the wire."""


_CLASSES: dict[str, type[ToolError]] = {
    "argument": ToolArgumentError,
    "not_found": ToolNotFoundError,
    "denied": ToolDeniedError,
    "approval_required": ToolDeniedError,
}
PUBLIC = (ToolError, ToolNotFoundError, ToolArgumentError, ToolDeniedError, ToolFailedError, ConversionError)

for _class in PUBLIC:
    _class.__module__ = "builtins"  # tracebacks then show `ToolError`, the name an action knows it by


def error_from_wire(error: Mapping[str, Any]) -> ToolError:
    """Make the exception for the `error` of a call envelope."""
    kind = str(error.get("kind", "failed"))
    made = _CLASSES.get(kind, ToolFailedError)(
        str(error.get("message", "The tool failed and did not say why.")),
        kind=kind,
        argument=error.get("argument"),
        near=tuple(error.get("near") or ()),
        java_class=error.get("java_class"),
        stack=tuple(error.get("stack") or ()),
        retryable=bool(error.get("retryable", False)),
        alternative=error.get("alternative"),
    )
    if made.java_class and made.stack:
        made.add_note(_java_trace(made.java_class, made.stack))
    return made


def _java_trace(java_class: str, stack: tuple[str, ...]) -> str:
    """Return what a traceback shows below the message: the Java class, its frames, and what caused it."""
    lines = [f"  {line}" if str(line).startswith("Caused by ") else f"    at {line}" for line in stack]
    return "\n".join([f"  {java_class}", *lines])
