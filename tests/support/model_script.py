"""Short words for scripts of a model server: what a request says, and a reply with an action."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from model_server import FakeModelServer, Reply

Serve = Callable[..., FakeModelServer]
"""Starts a server with a script and makes it the engine's model (a fixture)."""


def asked(body: dict[str, Any]) -> str:
    """Return all that a request says."""
    return json.dumps(body.get("messages") or body.get("prompt") or "", ensure_ascii=False)


def last(body: dict[str, Any]) -> str:
    """Return the last message of a request."""
    return str(body["messages"][-1]["content"])


def act(code: str, words: str = "I look.") -> Reply:
    """Return a reply with an action."""
    return Reply(text=f"{words}\n\n```python\n{code}\n```".lstrip())
