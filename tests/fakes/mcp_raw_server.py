"""An MCP server of 2025-11-25 without a library, so that it can say what no library would: over stdio, for tests.

Its tool `say` writes what `kind` names before, or instead of, an answer; its tool `long` runs only as a task, which is
over at the second look, or never, when it is called with `forever`. A cancelled task leaves the file `RAW_MARK`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

TOOL = {"name": "say", "inputSchema": {"type": "object", "properties": {"kind": {"type": "string"}}}}
LONG = {"name": "long", "inputSchema": {"type": "object"}, "execution": {"taskSupport": "required"}}
TIME = "2026-01-01T00:00:00Z"
LOOKS: dict[str, int] = {}
"""Task → how often it was looked at."""
RESULTS: dict[str, Any] = {
    "initialize": {
        "protocolVersion": "2025-11-25",
        "capabilities": {"tools": {}, "tasks": {"cancel": {}, "requests": {"tools": {"call": {}}}}},
        "serverInfo": {"name": "raw", "version": "1"},
    },
    "tools/list": {"tools": [TOOL, LONG]},
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
    if request["method"].startswith("tasks/") or "task" in request.get("params", {}):
        return task_answer(request["method"], request["params"])
    if request["method"] != "tools/call":
        return RESULTS.get(request["method"])
    kind = request["params"]["arguments"]["kind"]
    sys.stdout.buffer.write(BEFORE.get(kind, b""))
    sys.stdout.buffer.flush()
    return ANSWERS.get(kind, {"content": [{"type": "text", "text": kind}]})


def task_answer(method: str, params: dict[str, Any]) -> Any:
    """Return the result of a request about a task."""
    if method == "tools/call":
        name = "forever" if params["arguments"].get("forever") else "short"
        LOOKS[name] = 0
        return {"task": task(name, "working")}
    name = params["taskId"]
    if method == "tasks/cancel":
        Path(os.environ["RAW_MARK"]).write_text(name, encoding="utf-8")
        return task(name, "cancelled")
    if method == "tasks/result":
        return {"content": [{"type": "text", "text": f"{name} after {LOOKS[name]} looks"}]}
    LOOKS[name] += 1
    return task(name, "completed" if name == "short" and LOOKS[name] >= 2 else "working")


def task(name: str, status: str) -> dict[str, Any]:
    """Return a task as it stands."""
    return {
        "taskId": name,
        "status": status,
        "createdAt": TIME,
        "lastUpdatedAt": TIME,
        "ttl": 60_000,
        "pollInterval": 50,
    }


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
