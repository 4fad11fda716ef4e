"""JSON Schemas as Python annotations: records become named `TypedDict`s. Renders no stub and checks nothing."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_PLAIN = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
    "object": "Record",
    "array": "list[Any]",
}
_WORDS = re.compile(r"[A-Za-z0-9]+")
_DEPTH_MAX = 5
_FIELDS_MAX = 60
_RECORDS_MAX = 40
"""Of one toolkit: a stub is to be read."""
_TAKEN = frozenset({"Any", "Iterator", "Literal", "NotRequired", "Record", "TypedDict", "overload"})


@dataclass(frozen=True)
class RecordField:
    """One key of a record."""

    key: str
    annotation: str
    is_required: bool = True


@dataclass
class RecordType:
    """A record with a name."""

    name: str
    fields: list[RecordField] = field(default_factory=list)
    schema: Mapping[str, Any] = field(default_factory=dict)


class Annotations:
    """Writes annotations, and collects the records that they name. One for each toolkit.

    Args:
        prefix: What every record's name begins with.
    """

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._records: dict[str, RecordType] = {}
        self._given: int = 0

    def of(self, schema: Mapping[str, Any], hint: str, definitions: Mapping[str, Any] | None = None) -> str:
        """Return the annotation of a schema; `Any` where it says nothing.

        Args:
            schema: JSON Schema.
            hint: What a record without a title is called after, for instance the tool.
            definitions: The `$defs` of the whole schema; by default the schema's own.
        """
        whole = definitions if definitions is not None else schema.get("$defs") or {}
        return self._of(schema, hint, whole, 0)

    def new_records(self) -> list[RecordType]:
        """Return the records that were named since this was last asked."""
        records = list(self._records.values())[self._given :]
        self._given += len(records)
        return records

    def _of(self, schema: Mapping[str, Any], hint: str, definitions: Mapping[str, Any], depth: int) -> str:
        if target := referred(schema, definitions):
            name, found = target
            return self._of({"title": name, **found}, name, definitions, depth)
        for key in ("anyOf", "oneOf"):
            if key in schema:
                return union(self._of(part, hint, definitions, depth) for part in schema[key])
        kind = schema.get("type")
        if isinstance(kind, list):
            return union(self._of({**schema, "type": each}, hint, definitions, depth) for each in kind)
        if kind == "array" and isinstance(schema.get("items"), Mapping) and schema["items"]:
            return f"list[{self._of(schema['items'], f'{hint} item', definitions, depth)}]"
        if schema.get("properties") and kind in ("object", None):
            return self._record(schema, hint, definitions, depth)
        values = schema.get("additionalProperties")
        if kind == "object" and isinstance(values, Mapping) and values:
            return f"dict[str, {self._of(values, f'{hint} value', definitions, depth)}]"
        return plain(schema)

    def _record(self, schema: Mapping[str, Any], hint: str, definitions: Mapping[str, Any], depth: int) -> str:
        bare = self._prefix + camel_case(str(schema.get("title") or hint))
        name, number = bare, 1
        while name in _TAKEN or (name in self._records and not _is_same(self._records[name].schema, schema)):
            number += 1
            name = f"{bare}{number}"
        if name in self._records:
            return name
        if depth >= _DEPTH_MAX or len(self._records) >= _RECORDS_MAX:
            return "Record"
        made = RecordType(name, schema=schema)
        self._records[name] = made  # before its fields: a record may hold records of its own kind
        required = set(schema.get("required") or schema["properties"])
        for key, each in list(schema["properties"].items())[:_FIELDS_MAX]:
            inner = each if isinstance(each, Mapping) else {}
            annotation = self._of(inner, f"{name} {key}", definitions, depth + 1)
            made.fields.append(RecordField(str(key), annotation, key in required))
        return name


def plain(schema: Mapping[str, Any]) -> str:
    """Return the annotation of a schema without naming records: they are `Record`."""
    if not schema:
        return "Any"
    if "const" in schema:
        return f"Literal[{schema['const']!r}]"
    if "enum" in schema:
        return _literal(schema["enum"])
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return union(plain(part) for part in schema[key])
    kind = schema.get("type")
    if isinstance(kind, list):
        return union(plain({**schema, "type": each}) for each in kind)
    if kind == "array" and schema.get("items"):
        return f"list[{plain(schema['items'])}]"
    if kind == "object" and not schema.get("properties") and isinstance(schema.get("additionalProperties"), Mapping):
        return f"dict[str, {plain(schema['additionalProperties'])}]"
    return _PLAIN.get(str(kind), "Record" if "$ref" in schema or "properties" in schema else "Any")


def referred(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """Return name and schema of what a `$ref` into `$defs` means; None when it is none."""
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    found = definitions.get(name) if name else None
    return (name, found) if isinstance(found, Mapping) else None


def union(parts: Iterable[str]) -> str:
    """Return `a | b | None`, each once, `None` last."""
    unique = list(
        dict.fromkeys(one for part in parts for one in ([part[:-7], "None"] if _is_optional(part) else [part]))
    )
    return " | ".join(sorted(unique, key=lambda part: part == "None"))


def camel_case(text: str) -> str:
    """Return a class name made of a text's words."""
    words = _WORDS.findall(text)
    name = "".join(word[:1].upper() + word[1:] for word in words) or "Result"
    return f"_{name}" if name[0].isdigit() or keyword.iskeyword(name) else name


def _is_optional(part: str) -> bool:
    return part.endswith(" | None")


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return one.get("properties") == other.get("properties")


def _literal(values: Iterable[Any]) -> str:
    listed = list(values)
    texts = [value for value in listed if value is not None]
    named = f"Literal[{', '.join(_quoted(value) for value in texts)}]" if texts else "None"
    return f"{named} | None" if None in listed and texts else named


def _quoted(value: Any) -> str:
    is_simple = isinstance(value, str) and value.isprintable() and not set(value) & {'"', "\\"}
    return f'"{value}"' if is_simple else repr(value)
