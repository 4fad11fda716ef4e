"""Text that a stranger wrote, for a model or a person to see: made plain and short. It is still a stranger's."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

_KEPT_CONTROLS = "\n\t"
# Cc, Cf: control and invisible formatting characters (bidi overrides, zero width, tags); Co, Cs: private and surrogate.
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs"})
_NAME = re.compile(r"\W+", re.ASCII)
_SCHEMA_DEPTH = 8
_SCHEMA_ENTRIES = 100


def plain_text(text: object, limit_chars: int) -> str:
    """Return the text without hidden characters, cut at `limit_chars` with an ellipsis."""
    shown = str(text or "")[: limit_chars * 4]
    kept = "".join(one for one in shown if one in _KEPT_CONTROLS or unicodedata.category(one) not in _HIDDEN).strip()
    return kept if len(kept) <= limit_chars else kept[: limit_chars - 1].rstrip() + "…"


def reveal(text: str) -> str:
    """Return the text with hidden characters spelled out, as Python spells them: what is agreed to must be seen."""
    return "".join(
        one
        if one in _KEPT_CONTROLS or unicodedata.category(one) not in _HIDDEN
        else one.encode("unicode_escape", "surrogatepass").decode("ascii")
        for one in text
    )


def plain_name(name: str, limit_chars: int = 64) -> str:
    """Return a Python identifier that looks like the name; empty when nothing of it remains."""
    made = _NAME.sub("_", name).strip("_")[:limit_chars]
    return f"_{made}" if made[:1].isdigit() else made


def plain_schema(schema: Any, limit_chars: int = 300, depth: int = 0) -> Any:  # a JSON value of any shape
    """Return a JSON Schema whose texts are plain and short, and whose size is bounded in depth and breadth."""
    if isinstance(schema, str):
        return plain_text(schema, limit_chars)
    if depth >= _SCHEMA_DEPTH:
        return {} if isinstance(schema, dict | list) else schema
    if isinstance(schema, dict):
        pairs = list(schema.items())[:_SCHEMA_ENTRIES]
        return {plain_text(key, limit_chars): plain_schema(value, limit_chars, depth + 1) for key, value in pairs}
    if isinstance(schema, list):
        return [plain_schema(value, limit_chars, depth + 1) for value in schema[:_SCHEMA_ENTRIES]]
    return schema
