"""Tools of a task set as Python toolkits: the same tools for all tasks, each call on the state of its run."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sanca.core.tools import CallContext, Effect
from sanca.toolkit_bridge import PythonToolkit, tool

Call = Callable[[CallContext, str, str, Mapping[str, Any]], Any]
"""Runs a tool: who calls, toolkit, tool, arguments."""

_READING = re.compile(
    r"calculat|cat$|check|compute|convert|count|diff$|display|du$|estimate|find|get|grep|list|ls$|pwd|read|search|sort"
    r"|tail|transcribe|translate|verify|view|wc$",
    re.IGNORECASE,
)
_TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class WorldTool:
    """One tool of a set."""

    name: str
    description: str
    parameters: tuple[inspect.Parameter, ...] = ()
    """With types that pydantic has a schema for."""
    result: Any = Any
    effect: Effect = Effect.READ


@dataclass(frozen=True, slots=True)
class WorldToolkit:
    """A named group of them."""

    name: str
    description: str
    tools: Sequence[WorldTool]


def effect_of(name: str) -> Effect:
    """Return what a tool does, by how its name begins: sets do not say it, so what is unknown changes things."""
    return Effect.READ if _READING.match(name) else Effect.WRITE


def tool_of(function: Callable[..., Any], *, name: str = "", effect: Effect | None = None) -> WorldTool:
    """Return a tool with the signature and docstring of a function or method, `self` left out."""
    signature = inspect.signature(function, eval_str=True)
    own = tuple(each for each in signature.parameters.values() if each.name != "self")
    name = name or function.__name__
    result = Any if signature.return_annotation is signature.empty else signature.return_annotation
    return WorldTool(name, inspect.getdoc(function) or "", own, result, effect or effect_of(name))


def python_toolkit(toolkit: WorldToolkit, call: Call) -> PythonToolkit:
    """Return a toolkit for the broker."""
    tools = [_marked(toolkit.name, each, call) for each in toolkit.tools]
    return PythonToolkit(toolkit.name, description=toolkit.description, tools=tools)


def _marked(toolkit: str, described: WorldTool, call: Call) -> Callable[..., Any]:
    """Return a function with the tool's signature and a parameter for the context, which is filled in."""
    context = inspect.Parameter("sanca_context", inspect.Parameter.KEYWORD_ONLY, annotation=CallContext)

    def run(**arguments: Any) -> Any:
        return call(arguments.pop(context.name), toolkit, described.name, arguments)

    parameters = [each.replace(annotation=_type_of(each)) for each in described.parameters] + [context]
    run.__name__ = described.name
    run.__signature__ = inspect.Signature(parameters, return_annotation=described.result)  # type: ignore[attr-defined] # read by inspect.signature
    run.__annotations__ = {each.name: each.annotation for each in parameters} | {"return": described.result}
    mark = tool(description=described.description, effect=described.effect, timeout_seconds=_TIMEOUT_SECONDS)
    return mark(run)


def _type_of(parameter: inspect.Parameter) -> Any:
    """Return a parameter's type; a number stays whole if it was, as in Python, and a default may be None."""
    annotation = Any if parameter.annotation is parameter.empty else parameter.annotation
    annotation = _whole_or_not(annotation)
    return annotation | None if parameter.default is None and annotation is not Any else annotation


def _whole_or_not(annotation: Any) -> Any:
    if annotation is float:
        return int | float
    if getattr(annotation, "__origin__", None) is list and annotation.__args__ == (float,):
        return list[int | float]
    return annotation
