"""Values that fit a JSON Schema of the host, drawn by hypothesis, and when two of them mean the same."""

from __future__ import annotations

import base64
import datetime as dt
import json
import struct
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

Values = st.SearchStrategy[Any]

_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40)
_CHARACTER = st.characters(min_codepoint=1, max_codepoint=0xFFFF, exclude_categories=["Cs"])
_DEEPEST = 3

_PLAIN: dict[str, Values] = {
    "boolean": st.booleans(),
    "null": st.none(),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "integer": st.integers(-(2**63), 2**63 - 1),
    "string": _TEXT,
}
_FORMATS: dict[str, Values] = {
    "int32": st.integers(-(2**31), 2**31 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(allow_nan=False, allow_infinity=False, width=32),
    "decimal": st.decimals(allow_nan=False, allow_infinity=False).map(str),
    "big-integer": st.integers(-(10**60), 10**60).map(str),
    "date-time": st.datetimes(timezones=st.just(dt.UTC)).map(lambda value: value.isoformat().replace("+00:00", "Z")),
    "zoned-date-time": st.datetimes(timezones=st.just(dt.UTC)).map(lambda value: value.isoformat()),
    "local-date-time": st.datetimes().map(dt.datetime.isoformat),
    "date": st.dates().map(dt.date.isoformat),
    "local-time": st.times().map(dt.time.isoformat),
    "time": st.times(timezones=st.just(dt.timezone(dt.timedelta(hours=8)))).map(dt.time.isoformat),
    "duration": st.integers(-(10**12), 10**12).map(lambda seconds: f"PT{seconds}S"),
    "period": st.tuples(st.integers(-99, 99), st.integers(1, 99)).map(lambda part: f"P{part[0] or 1}Y{part[1]}D"),
    "year": st.integers(-9999, 9999),
    "year-month": st.dates().map(lambda value: value.isoformat()[:7]),
    "month-day": st.dates().map(lambda value: f"--{value.isoformat()[5:]}"),
    "time-zone": st.sampled_from(["Z", "+08:00", "-03:30"]),
    "uuid": st.uuids().map(str),
    "uri": st.integers(0, 9999).map(lambda number: f"http://127.0.0.1:8080/{number}?q=%E4%BD%A0#f"),
    "locale": st.sampled_from(["zh-CN", "en", "de-CH-1996"]),
    "currency": st.sampled_from(["CNY", "EUR", "USD"]),
    "regex": st.sampled_from(["^a+$", "\\d{3}", "[\\u4e00-\\u9fff]"]),
    "integer": st.integers(-(2**31), 2**31 - 1).map(str),
}
_OF_TOOL: dict[str, Values] = {
    "numbers.int8": st.integers(-128, 127),
    "numbers.boxed_int8": st.integers(-128, 127),
    "numbers.int16": st.integers(-(2**15), 2**15 - 1),
    "numbers.boxed_int16": st.integers(-(2**15), 2**15 - 1),
    "times.date": st.datetimes(timezones=st.just(dt.UTC)).map(lambda value: value.isoformat(timespec="milliseconds")),
    "generics.bounded": st.lists(_TEXT, max_size=5),
}
"""Where the schema does not say enough."""


def values_of(tool: str, schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Values:
    """Return what may be given for an argument of a tool."""
    if tool in _OF_TOOL:
        return _OF_TOOL[tool]
    drawn = _values(schema, definitions, 0)
    return drawn if "type" in schema or "default" in schema else drawn.filter(lambda value: value is not None)


def canonical(tool: str, value: Any, schema: Mapping[str, Any]) -> Any:
    """Return a form in which two values are equal when they mean the same."""
    if tool.endswith("set") and isinstance(value, list):
        return sorted({json.dumps(each) for each in value})
    return _canonical(value, schema)


def _values(schema: Mapping[str, Any], definitions: Mapping[str, Any], depth: int) -> Values:
    if "$ref" in schema:
        return _values(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions, depth + 1)
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        parts = [part for part in schema["anyOf"] if depth < _DEEPEST or "$ref" not in part]
        return st.one_of([_values(part, definitions, depth) for part in parts])
    kinds = schema.get("type", [])
    if isinstance(kinds, list) and "null" in kinds:
        rest = {**schema, "type": [kind for kind in kinds if kind != "null"]}
        return st.none() | _values(rest, definitions, depth)
    if (known := _FORMATS.get(schema.get("format", ""))) is not None:
        return known
    return _of_type(kinds[0] if isinstance(kinds, list) and kinds else kinds, schema, definitions, depth)


def _of_type(kind: Any, schema: Mapping[str, Any], definitions: Mapping[str, Any], depth: int) -> Values:
    if not kind:
        return _anything()
    if schema.get("contentEncoding") == "base64":
        return st.binary(max_size=60).map(lambda data: base64.b64encode(data).decode())
    if schema.get("maxLength") == 1:
        return _CHARACTER
    if kind == "array":
        if depth >= _DEEPEST:
            return st.just([])
        return st.lists(_values(schema.get("items", {}), definitions, depth), max_size=4)
    if kind == "object":
        return _object(schema, definitions, depth)
    return _PLAIN[kind]


def _object(schema: Mapping[str, Any], definitions: Mapping[str, Any], depth: int) -> Values:
    if "additionalProperties" in schema:
        keys = _values(schema.get("propertyNames", {"type": "string"}), definitions, depth)
        return st.dictionaries(keys, _values(schema["additionalProperties"], definitions, depth), max_size=4)
    properties = schema.get("properties", {})
    return st.fixed_dictionaries({name: _values(each, definitions, depth) for name, each in properties.items()})


def _anything() -> Values:
    plain = st.none() | st.booleans() | _PLAIN["integer"] | _PLAIN["number"] | _TEXT
    return st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3))


def _canonical(value: Any, schema: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_canonical(each, schema.get("items", {})) for each in value]
    if isinstance(value, dict):
        inner = schema.get("properties", {})
        other = schema.get("additionalProperties", {})
        return {key: _canonical(each, inner.get(key, other)) for key, each in value.items()}
    return _canonical_plain(value, str(schema.get("format", "")))


def _canonical_plain(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "decimal":
        return Decimal(value).as_tuple() if Decimal(value) else Decimal(value).as_tuple().exponent
    if kind == "float":
        return struct.pack("f", value + 0.0)  # a negative zero is a zero
    if kind in ("date-time", "zoned-date-time", "local-date-time"):
        return dt.datetime.fromisoformat(str(value))
    if kind in ("local-time", "time"):
        return dt.time.fromisoformat(value)
    return _duration_seconds(value) if kind == "duration" else value


def _duration_seconds(text: str) -> Decimal:
    """Return the seconds of `PT1H-2M3S`."""
    seconds, number = Decimal(0), ""
    for letter in text.removeprefix("PT"):
        if letter in "HMS":
            seconds += Decimal(number) * {"H": 3600, "M": 60, "S": 1}[letter]
            number = ""
        else:
            number += letter
    return seconds
