"""Python values → what a frame carries: null, booleans, numbers, text, lists, maps. One way only."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import decimal
import enum
import pathlib
import uuid
from collections.abc import Mapping
from typing import Any

from .errors import ConversionError

_PLAIN = frozenset((str, int, float, bool, type(None)))


def to_wire(value: Any) -> Any:
    """Return `value` in plain types: dates as ISO 8601, Decimal as text, bytes as base64 text, sets as lists.

    Raises:
        ConversionError: It has no such form, or is nested too deep or in itself.
    """
    if type(value) in _PLAIN:
        return value
    try:
        return _convert(value)
    except RecursionError:
        raise ConversionError(
            "A value that is nested too deep, or contains itself, cannot be passed to a tool."
        ) from None


def _convert(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Mapping):
        return {_key(key): _convert(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_convert(item) for item in value]
    return _convert_object(value)


def _key(key: Any) -> str:
    if isinstance(key, str):
        return str(key)
    if isinstance(key, enum.Enum):
        return _key(key.value)
    if key is None or isinstance(key, tuple | frozenset):
        raise ConversionError(f"A dict key must be text, not {key!r}.")
    return str(_convert(key))


def _convert_object(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return _convert(value.value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, decimal.Decimal | uuid.UUID | pathlib.PurePath | str):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, bool | int | float):
        return int(value) if isinstance(value, int) else float(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _convert(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if callable(to_list := getattr(value, "tolist", None)):  # numpy's arrays and scalars
        return _convert(to_list())
    raise ConversionError(
        f"A value of type {type(value).__name__!r} cannot be passed to a tool; pass text, numbers, lists or dicts."
    )
