"""An MCP server of 2025-11-25 without a library, so that it can say what no library would: over stdio, for tests.

Its one tool `say` writes what `kind` names before, or instead of, an answer.
"""

from __future__ import annotations

import json
import sys
from typing import Any

TOOL = {"name": "say", "inputSchema": {"type": "object", "properties": {"kind": {"type": "string"}}}}
RESULTS: dict[str, Any] = {
    "initialize": {
        "protocolVersion": "2025-11-25",
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "raw", "version": "1"},
    },
    "tools/list": {"tools": [TOOL]},
    "ping": {},
}
NOTICE = {
    "jsonrpc": "2.0",
    "method": "notifications/message",
    "params": {"level": "error", "data": "loud " * 50, "logger": "x"},
}
BEFORE: dict[str, bytes] = {
    "line": b"x" * (13 * 1024 * 1024),
    "junk": b"not json\n" * 1000,
    "bytes": b"\xff\xfe{\n\x00\n",
    "nested": b"[" * 200_000 + b"\n",
    "stranger": b'{"jsonrpc":"2.0","id":987654,"result":{}}\n',
    "unknown": b'{"jsonrpc":"2.0","id":"s1","method":"sampling/createMessage","params":{"messages":[]}}\n',
    "flood": (json.dumps(NOTICE).encode() + b"\n") * 20_000,
    "plain": b"",
}
ANSWERS: dict[str, Any] = {
    "wrong": {"content": "no list"},
    "huge": {"content": [{"type": "text", "text": "z" * (9 * 1024 * 1024)}]},
    "surrogate": {"content": [{"type": "text", "text": "\ud800"}]},
}


def answer(request: dict[str, Any]) -> Any:
    """Return the result of a request."""
    if request["method"] != "tools/call":
        return RESULTS.get(request["method"])
    kind = request["params"]["arguments"]["kind"]
    sys.stdout.buffer.write(BEFORE.get(kind, b""))
    sys.stdout.buffer.flush()
    return ANSWERS.get(kind, {"content": [{"type": "text", "text": kind}]})


def main() -> None:
    """Answer until the input ends."""
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if "id" not in request or "method" not in request:
            continue
        result = answer(request)
        reply = {"jsonrpc": "2.0", "id": request["id"]}
        reply |= {"error": {"code": -32601, "message": "unknown"}} if result is None else {"result": result}
        sys.stdout.buffer.write(json.dumps(reply).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
