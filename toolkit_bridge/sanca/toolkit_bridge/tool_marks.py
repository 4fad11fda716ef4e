"""What makes a tool in Python: the `@tool` decorator and the class with a parameter model. Calls none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar, overload

from pydantic import BaseModel, ConfigDict
from sanca.core.tools import CallContext, Effect

Function = TypeVar("Function", bound=Callable[..., Any])
MARK = "__sanca_tool__"
"""The attribute that holds a marked function's `ToolOptions`."""


@dataclass(frozen=True, slots=True)
class ToolOptions:
    """What a decorator or a tool class says about itself beyond its signature."""

    name: str = ""
    description: str = ""
    effect: Effect = Effect.READ
    idempotent: bool = False
    approval: Literal["AUTO", "ALWAYS", "NEVER"] = "AUTO"
    interaction: Literal["none", "form", "approval"] = "none"
    right: str = ""
    timeout_seconds: float = 30.0
    undo: str | None = None
    alternative: str | None = None
    verified_by: str | None = None
    """What shows that it had its effect, as `bed(name).is_wet == True` (docs/guides/self-check.md)."""


@overload
def tool(function: Function, /) -> Function: ...
@overload
def tool(
    *,
    name: str = "",
    description: str = "",
    effect: Effect = Effect.READ,
    idempotent: bool = False,
    approval: Literal["AUTO", "ALWAYS", "NEVER"] = "AUTO",
    interaction: Literal["none", "form", "approval"] = "none",
    right: str = "",
    timeout_seconds: float = 30.0,
    undo: str | None = None,
    alternative: str | None = None,
    verified_by: str | None = None,
) -> Callable[[Function], Function]: ...
def tool(function: Function | None = None, /, **options: Any) -> Function | Callable[[Function], Function]:
    """Make a plain or async function, or a method of a `PythonToolkit`, a tool. One that yields gives a stream.

    The parameters' schema comes from the signature through pydantic (`Annotated[str, Field(description=…)]` describes
    one), the description from the docstring. A parameter annotated `CallContext` is filled in and not shown.

    Args:
        function: The function, when the decorator is used without brackets.
        **options: The fields of `ToolOptions`.
    """

    def mark(marked: Function) -> Function:
        setattr(marked, MARK, ToolOptions(**options))
        return marked

    return mark(function) if function is not None else mark


class PythonTool:
    """One tool as a class: a pydantic model of its parameters and an async `execute`. One object serves all calls."""

    name: ClassVar[str] = ""
    effect: ClassVar[Effect] = Effect.READ
    idempotent: ClassVar[bool] = False
    approval: ClassVar[Literal["AUTO", "ALWAYS", "NEVER"]] = "AUTO"
    interaction: ClassVar[Literal["none", "form", "approval"]] = "none"
    right: ClassVar[str] = ""
    timeout_seconds: ClassVar[float] = 30.0
    undo: ClassVar[str | None] = None
    alternative: ClassVar[str | None] = None
    verified_by: ClassVar[str | None] = None

    class Parameters(BaseModel):
        """What the tool takes; replace it in the subclass."""

        model_config = ConfigDict(extra="forbid")

    async def execute(self, parameters: Any, context: CallContext) -> Any:
        """Do it and return a JSON-like value; one that yields (an async generator) gives a stream.

        Args:
            parameters: A `Parameters` of this class.
            context: Who calls, for which run, under which id.
        """
        raise NotImplementedError


def is_tool(candidate: object) -> bool:
    """Whether this is a marked function or a `PythonTool` (class or object)."""
    if isinstance(candidate, type):
        return issubclass(candidate, PythonTool) and candidate is not PythonTool
    return isinstance(candidate, PythonTool) or hasattr(candidate, MARK)


def own_doc(kind: type) -> str:
    """Return the docstring that a class has of its own, not one that it inherits."""
    return kind.__dict__.get("__doc__") or ""
