"""A Python tool ready to be called: its definition made from signature and docstring, its arguments checked."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import anyio.to_thread
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, create_model
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError
from pydantic_core import PydanticSerializationError, to_jsonable_python
from sanca.core.errors import ConfigurationError, ConversionError, ToolArgumentError, ToolError, ToolFailedError
from sanca.core.tools import CallContext, ToolDefinition
from sanca.toolkit_bridge.tool_marks import MARK, PythonTool, ToolOptions, own_doc

_END = object()


@dataclass(frozen=True, slots=True)
class BoundTool:
    """A tool ready to be called: its definition, parameter model and function."""

    definition: ToolDefinition
    model: type[BaseModel]
    function: Callable[[BaseModel, CallContext], Any]
    is_plain: bool = False
    """Whether it is neither asynchronous nor a generator."""

    async def call(self, arguments: Mapping[str, Any], context: CallContext, name: str) -> Any:
        """Check the arguments, run the function (a plain one in a thread) and make its result JSON-like."""
        parameters = self._parameters(arguments, name)
        try:
            result = self.function(parameters, context)
            value = (
                await result
                if inspect.isawaitable(result)
                else await anyio.to_thread.run_sync(result, abandon_on_cancel=True)
            )
        except ToolError:
            raise
        except Exception as error:
            raise ToolFailedError(f"{name} failed: {type(error).__name__}: {error}", tool_name=name) from error
        return _json_like(value, name)

    async def stream(self, arguments: Mapping[str, Any], context: CallContext, name: str) -> AsyncGenerator[Any, None]:
        """Check the arguments, run the generator (a plain one in threads) and yield its items, JSON-like."""
        made = self.function(self._parameters(arguments, name), context)
        items = made if inspect.isasyncgen(made) else _in_threads(made())
        try:
            async with aclosing(items):
                async for item in items:
                    yield _json_like(item, name)
        except (ToolError, ConversionError):
            raise
        except Exception as error:
            raise ToolFailedError(f"{name} failed: {type(error).__name__}: {error}", tool_name=name) from error

    def call_blocking(self, arguments: Mapping[str, Any], context: CallContext, name: str) -> Any:
        """Do as `call` for a plain function, in this thread."""
        parameters = self._parameters(arguments, name)
        try:
            value = self.function(parameters, context)()
        except ToolError:
            raise
        except Exception as error:
            raise ToolFailedError(f"{name} failed: {type(error).__name__}: {error}", tool_name=name) from error
        return _json_like(value, name)

    def _parameters(self, arguments: Mapping[str, Any], name: str) -> BaseModel:
        try:
            return self.model.model_validate(dict(arguments))
        except ValidationError as error:
            raise _argument_error(error, name) from error


def _json_like(value: Any, name: str) -> Any:
    try:
        return to_jsonable_python(value)
    except PydanticSerializationError as error:
        raise ConversionError(f"{name} returned something that has no JSON form: {error}") from error


async def _in_threads(items: Generator[Any, None, None]) -> AsyncGenerator[Any, None]:
    try:
        while (item := await anyio.to_thread.run_sync(next, items, _END)) is not _END:
            yield item
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(items.close)


def bind_tool(candidate: Any) -> BoundTool:
    """Make a tool of a marked function, a `PythonTool` class or an object of one.

    Raises:
        ConfigurationError: It is none of these, or its signature has no schema.
    """
    if isinstance(candidate, type) and issubclass(candidate, PythonTool):
        candidate = candidate()
    if isinstance(candidate, PythonTool):
        return _bind_class(candidate)
    if (options := getattr(candidate, MARK, None)) is None:
        raise ConfigurationError(f"{candidate!r} is no tool; mark it with @tool or make it a PythonTool.")
    try:
        return _bind_function(candidate, options)
    except (PydanticSchemaGenerationError, PydanticUserError, NameError, TypeError) as error:
        raise ConfigurationError(f"The tool {candidate.__name__!r} has parameters without a schema: {error}") from error


def _bind_class(made: PythonTool) -> BoundTool:
    kind = type(made)
    options = ToolOptions(
        name=kind.name or _snake(kind.__name__.removesuffix("Tool")),
        description=inspect.cleandoc(own_doc(kind)),
        effect=kind.effect,
        idempotent=kind.idempotent,
        approval=kind.approval,
        interaction=kind.interaction,
        right=kind.right,
        timeout_seconds=kind.timeout_seconds,
        undo=kind.undo,
        alternative=kind.alternative,
        verified_by=kind.verified_by,
    )
    streams = inspect.isasyncgenfunction(made.execute)
    output = _item_of({"return": _result_of(kind)}) if streams else _result_of(kind)
    return BoundTool(_definition(options, kind.Parameters, output, streams=streams), kind.Parameters, made.execute)


def _result_of(kind: type[PythonTool]) -> Any:
    try:
        return typing.get_type_hints(kind.execute, localns={"Parameters": kind.Parameters}).get("return", Any)
    except NameError:  # a result type only the type checker can see makes the stub say Any
        return Any


def _bind_function(function: Callable[..., Any], options: ToolOptions) -> BoundTool:
    hints = typing.get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {}
    context_name = ""
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise ConfigurationError(f"The tool {function.__name__!r} takes *args or **kwargs; name its parameters.")
        if hints.get(name) is CallContext:
            context_name = name
        else:
            fields[name] = (hints.get(name, Any), ... if parameter.default is parameter.empty else parameter.default)
    model = create_model(f"{function.__name__}_parameters", __config__=ConfigDict(extra="forbid"), **fields)
    described = ToolOptions(
        **{
            **{key: getattr(options, key) for key in options.__slots__},
            "name": options.name or function.__name__,
            "description": options.description or inspect.cleandoc(function.__doc__ or ""),
        }
    )
    streams = inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function)
    definition = _definition(
        described, model, _item_of(hints) if streams else hints.get("return", Any), streams=streams
    )
    is_plain = not streams and not inspect.iscoroutinefunction(function)
    return BoundTool(definition, model, _caller(function, tuple(fields), context_name), is_plain)


def _item_of(hints: Mapping[str, Any]) -> Any:
    """Return what a generator yields: the first parameter of `Iterator[…]`, `AsyncGenerator[…, …]` and the like."""
    return next(iter(typing.get_args(hints.get("return"))), Any)


def _caller(
    function: Callable[..., Any], names: Sequence[str], context_name: str
) -> Callable[[BaseModel, CallContext], Any]:
    is_async = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)

    def call(parameters: BaseModel, context: CallContext) -> Any:
        keywords = {name: getattr(parameters, name) for name in names}
        if context_name:
            keywords[context_name] = context
        return function(**keywords) if is_async else functools.partial(function, **keywords)

    return call


def _definition(options: ToolOptions, model: type[BaseModel], output: Any, *, streams: bool = False) -> ToolDefinition:
    schema = model.model_json_schema()
    schema.pop("title", None)
    schema.pop("description", None)
    schema.setdefault("properties", {})
    for each in schema["properties"].values():
        each.pop("title", None)
    settings = {key: getattr(options, key) for key in options.__slots__}
    return ToolDefinition(input_schema=schema, output_schema=_output_schema(output), streams=streams, **settings)


def _output_schema(output: Any) -> dict[str, Any]:
    if output is Any or output is inspect.Signature.empty:
        return {}
    try:
        return TypeAdapter(output).json_schema(mode="serialization")
    except PydanticUserError:  # a return type without a schema only makes the stub say Any
        return {}


def _argument_error(error: ValidationError, name: str) -> ToolArgumentError:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(step) for step in first["loc"]) or "the arguments"
    return ToolArgumentError(
        f"{name}: {place!r}: {first['msg']}.", tool_name=name, argument=str(first["loc"][0]) if first["loc"] else None
    )


def _snake(name: str) -> str:
    return "".join(
        f"_{letter.lower()}" if letter.isupper() and index else letter.lower() for index, letter in enumerate(name)
    )
