"""Messages of the protocols as hypothesis draws them: of the right form, of nearly the right one, and of none."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from a2a.types import a2a_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from hypothesis import strategies as st

Json = Any
Values = st.SearchStrategy[Any]
_DEEPEST = 6
_GIANT = "x" * 200_000


_SPOILED = 6
"""Of ten messages; the others are of the right form throughout, and go as deep as their ids and words lead."""


_NAMED: dict[str, list[Json]] = {
    "tenant": ["", "default"],
    "io.modelcontextprotocol/protocolVersion": ["2026-07-28"],
    "threadId": ["ses_odd", "ses_secret"],
    "messages": [[{"id": "m1", "role": "user", "content": "hello"}]],
    "runId": ["run_odd", "run_x"],
    "acceptedOutputModes": [["text/plain"], []],
    "extensions": [[]],
}
"""What stands in fields where any other word ends the matter at once, so that what lies behind is reached, too."""


@dataclass(frozen=True)
class _Hand:
    """What draws one message."""

    draw: st.DrawFn
    defs: Mapping[str, Any]
    words: list[str]
    spoils: bool

    def slips(self, chance: int) -> bool:
        """Whether something is wrong at this place, once in so many."""
        return self.spoils and self.draw(st.integers(1, chance)) == 1

    def pick(self, choices: Sequence[Any]) -> Any:
        """Return one of several."""
        return self.draw(st.sampled_from(choices))


def _nested(depth: int) -> Json:
    made: Json = {}
    for number in range(depth):
        made = [made] if number % 2 else {"a": made}
    return made


ODD: list[Json] = [
    *(None, True, False, 0, -1, 2**31, 2**63, 2**64, -(10**30), 0.5, 1e308, float("nan"), float("inf")),
    *(
        "",
        " ",
        "\x00",
        "\ud800",
        "\u202eabc",
        "../../etc/passwd",
        "'; DROP TABLE runs; --",
        "${jndi:x}",
        "%00",
        "ses_x",
    ),
    *(
        "run_x",
        "2026-13-45T99:99:99Z",
        "data:text/plain;base64,!!!",
        "http://127.0.0.1:1/",
        "file:///etc/passwd",
        _GIANT,
    ),
    *([], {}, [None], [[]], {"": None}, {"__proto__": {}}, [0] * 2000, {str(n): n for n in range(2000)}, _nested(90)),
]
RAW: list[bytes] = [
    *(b"", b" ", b"{", b"[", b"null", b"0", b'"x"', b"[]", b"{}", b"\xff\xfe", b"\xef\xbb\xbf{}", b"nul", b"{'a':1}"),
    *(
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"a":1e999999}',
        b'{"a":' + b"9" * 5_000 + b"}",
        b'{"a":1,"a":2}',
        b"\x00" * 999,
    ),
    *(
        b'{"jsonrpc":"2.0"}',
        b'[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]',
        b'{"jsonrpc":"2.0","id":{},"method":[]}',
    ),
    *(b'"' + b"a" * 500_000 + b'"', b'{"\\ud800":"\\udfff"}', b'{"jsonrpc":"1.0","id":1,"method":"x","params":[1]}'),
]
"""Bodies that are no message."""


def messages(schema: Mapping[str, Any], words: list[str]) -> Values:
    """Return values that fit a JSON Schema, but for a place here and there.

    Args:
        schema: With its `$defs`.
        words: What texts may be, besides odd ones: names of tools, ids that exist, ids of others.
    """

    @st.composite
    def drawn(draw: st.DrawFn) -> Json:
        return _draw(_Hand(draw, schema.get("$defs", {}), words, draw(st.integers(0, 9)) < _SPOILED), schema, 0)

    return drawn()


def as_body(message: Json) -> bytes:
    """Return a message in JSON, with what JSON does not know (NaN) and what UTF-8 does not know (half characters)."""
    return json.dumps(message).encode()


def a2a_schema(message: str) -> dict[str, Any]:
    """Return the JSON Schema of a message of A2A 1.0, as its protobuf has it."""
    definitions: dict[str, Any] = {}
    _define(a2a_pb2.DESCRIPTOR.message_types_by_name[message], definitions)
    return {"$ref": f"#/$defs/{message}", "$defs": definitions}


def _draw(hand: _Hand, schema: Mapping[str, Any], depth: int) -> Json:
    if hand.slips(25):
        return hand.pick(ODD)
    if "$ref" in schema:
        return _draw(hand, hand.defs[schema["$ref"].rpartition("/")[2]], depth)
    if branches := schema.get("anyOf") or schema.get("oneOf"):
        return _draw(hand, hand.pick(branches), depth)
    if "const" in schema:
        return schema["const"]
    return hand.pick(schema["enum"]) if "enum" in schema else _draw_type(hand, schema, depth)


def _draw_type(hand: _Hand, schema: Mapping[str, Any], depth: int) -> Json:
    kind = schema.get("type")
    match hand.pick(kind) if isinstance(kind, list) else kind:
        case "object":
            return _draw_object(hand, schema, depth + 1)
        case "array":
            count = hand.draw(st.integers(0, 2)) if depth < _DEEPEST else 0
            return [_draw(hand, schema.get("items", {}), depth + 1) for _ in range(count)]
        case "string":
            return hand.pick(hand.words)
        case "integer" | "number":
            return hand.pick([1, 0, 2, 10, 50, -1, 2**31])
        case "boolean":
            return hand.draw(st.booleans())
        case "null":
            return None
    return hand.pick(ODD if hand.spoils else hand.words)


def _draw_object(hand: _Hand, schema: Mapping[str, Any], depth: int) -> Json:
    made: dict[str, Json] = {}
    for name, part in schema.get("properties", {}).items():
        if name in schema.get("required", ()):
            is_there = not hand.slips(30)
        else:
            is_there = depth < _DEEPEST and hand.draw(st.integers(0, 9)) < 3
        if is_there:
            made[name] = hand.pick(_NAMED[name]) if name in _NAMED and not hand.slips(5) else _draw(hand, part, depth)
    if hand.slips(20):
        made[hand.pick(["unknown", "", "\x00", "kind", "id"])] = hand.pick(ODD)
    return made


def _define(descriptor: Descriptor, definitions: dict[str, Any]) -> None:
    if descriptor.name in definitions:
        return
    properties: dict[str, Any] = {}
    definitions[descriptor.name] = {
        "type": "object",
        "properties": properties,
        "required": ["message", "parts", "text"],
    }
    for one in descriptor.fields:
        properties[one.json_name] = _field(one, definitions)


def _field(one: FieldDescriptor, definitions: dict[str, Any]) -> dict[str, Any]:
    plain = _single(one, definitions)
    is_map = one.message_type is not None and one.message_type.GetOptions().map_entry
    return {"type": "object"} if is_map else {"type": "array", "items": plain} if one.is_repeated else plain


def _single(one: FieldDescriptor, definitions: dict[str, Any]) -> dict[str, Any]:
    if one.message_type is not None:
        if one.message_type.file.name.startswith("google/protobuf"):
            return {"Struct": {"type": "object"}, "Timestamp": {"type": "string"}}.get(one.message_type.name, {})
        _define(one.message_type, definitions)
        return {"$ref": f"#/$defs/{one.message_type.name}"}
    if one.enum_type is not None:
        return {"enum": [value.name for value in one.enum_type.values]}
    kinds = {FieldDescriptor.CPPTYPE_STRING: "string", FieldDescriptor.CPPTYPE_BOOL: "boolean"}
    return {"type": kinds.get(one.cpp_type, "integer")}
