"""Long texts beside the JSON of a call: to quote and to parse them costs more than all else. Sends nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from sanca.core.errors import GatewayError

Reply = str | bytes | bytearray
"""What the host answered: a text, or a text in UTF-8."""

LONG_CHARS = 65_536
"""From here on a text goes beside the JSON. What a person must agree to is never that long."""

_MOST_TEXTS = 8
_ARGUMENTS = 4
_HEAD = '{"ok":true,"text":true,"replayed":false}\n'
_HEAD_BYTES = _HEAD.encode()


def split(arguments: Mapping[str, Any], arguments_json: str) -> tuple[str, dict[str, str]]:
    """Return the JSON of the arguments without the long texts, and these by name; `arguments_json` has them all."""
    if len(arguments_json) < LONG_CHARS:
        return arguments_json, {}
    long = [name for name, value in arguments.items() if type(value) is str and len(value) >= LONG_CHARS][:_MOST_TEXTS]
    if not long:
        return arguments_json, {}
    rest = {name: value for name, value in arguments.items() if name not in long}
    return orjson.dumps(rest).decode(), {name: arguments[name] for name in long}


def joined(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Return the four arguments of `call` for a host or a wire that takes no texts beside them."""
    if len(arguments) <= _ARGUMENTS:
        return arguments
    toolkit, tool, arguments_json, context_json, *pairs = arguments
    texts = dict(zip(pairs[::2], pairs[1::2], strict=True))
    try:
        whole = orjson.dumps(orjson.loads(arguments_json) | texts).decode()
    except orjson.JSONEncodeError as error:
        raise GatewayError(f"The arguments cannot be sent: {error}.") from error
    return toolkit, tool, whole, context_json


def text_of(answer: Reply) -> str | None:
    """Return the text that an answer consists of; None: it is an envelope with its value inside."""
    if isinstance(answer, str):
        return answer[len(_HEAD) :] if answer.startswith(_HEAD) else None
    if not answer.startswith(_HEAD_BYTES):
        return None
    with memoryview(answer) as view:
        return str(view[len(_HEAD_BYTES) :], "utf-8", "replace")
