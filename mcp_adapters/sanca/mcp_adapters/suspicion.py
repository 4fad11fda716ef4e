"""What makes a stranger's description suspect: words meant for the model, hidden characters, others' tools, secrets.

A net with holes, not a proof: it finds the known forms of tool poisoning, in English and Chinese. What it cannot see is
held by the gate, which asks a person before anything changes, whatever a description talked the model into.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import Any

_SCAN_CHARS = 50_000
_JOINERS = frozenset("\u200c\u200d\ufe0f")
"""Part of ordinary writing: emoji, Persian, Indic scripts."""

_OTHER = r"(?:previous|prior|above|earlier|preceding|all|any|other|your|the)"
_TREASURES = (
    r"(?:~/?\.ssh|id_(?:rsa|ed25519)|\.env\b|/etc/(?:passwd|shadow)|\.aws/credentials|mcp\.json|toolkits\.json"
    r"|private\s+keys?|api[ _-]?keys?|access[ _-]?tokens?|passwords?|credentials|environment\s+variables)"
)
_TAKE = r"\b(?:read|open|load|fetch|get|collect|include|send|pass|attach|append|forward|upload|reveal|provide)\b"
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (what, re.compile(pattern, re.IGNORECASE | re.DOTALL))
    for what, pattern in (
        (
            "it tells the model to set aside its instructions",
            rf"\b(?:ignore|disregard|forget|override|bypass)\b.{{0,30}}\b{_OTHER}\b.{{0,30}}"
            r"\b(?:instructions?|rules?|prompts?|guidelines?|policies|policy|directions?)\b",
        ),
        (
            "it speaks as if it were the system",
            r"<\s*/?\s*(?:important|system|instructions?|secret|admin|critical)\s*>|\[/?(?:INST|SYSTEM)\]|<\|(?:im_start|system|endoftext)",
        ),
        (
            "it asks for something to be kept from the person",
            r"\b(?:do\s*n[o']t|don.t|never|without)\b.{0,40}\b(?:tell|telling|mention|mentioning|inform|informing|notify|notifying"
            r"|show|showing|reveal|alert|asking)\b.{0,30}\b(?:user|person|human|operator|anyone|them)\b",
        ),
        ("it asks for secrets", rf"{_TAKE}.{{0,80}}{_TREASURES}"),
        (
            "it wants to be used instead of, or before, every other tool",
            r"\b(?:before|instead\s+of)\b.{0,30}\b(?:any|every|all|each)\b.{0,15}\b(?:other\s+)?(?:tools?|functions?)\b"
            r"|\b(?:all|any|every)\s+other\s+(?:tools?|functions?|servers?)\b",
        ),
        ("it speaks of the system prompt", r"\bsystem\s+prompt\b"),
        (
            "it tells the model to set aside its instructions",
            r"(?:忽略|无视|忘记|不要理会).{0,12}(?:之前|以上|先前|所有|其他|一切).{0,12}(?:指令|指示|规则|提示|要求)",
        ),
        (
            "it asks for something to be kept from the person",
            r"(?:不要|别|切勿|无需).{0,8}(?:告诉|告知|提及|通知|询问).{0,8}(?:用户|使用者|任何人)",
        ),
        ("it asks for secrets", r"(?:读取|发送|附上|提供|上传).{0,20}(?:密钥|私钥|密码|口令|凭证|令牌)"),
        ("it speaks of the system prompt", r"系统提示词?"),
    )
)


def suspect(texts: Iterator[str], strangers: Collection[str] = ()) -> list[str]:
    """Return why texts are suspect, each reason once; empty when nothing was found.

    Args:
        texts: What a server says of itself, of a tool, of its arguments.
        strangers: Names of other toolkits: a description has no business with them.
    """
    found: dict[str, None] = {}
    names = re.compile("|".join(map(_mention, strangers))) if strangers else None
    scanned = 0
    for text in texts:
        scanned += len(text)
        if scanned > _SCAN_CHARS:
            found["it is longer than anybody reads"] = None
            break
        if _hides(text):
            found["it has hidden characters"] = None
        plain = unicodedata.normalize("NFKC", text)
        found |= {what: None for what, pattern in _PATTERNS if pattern.search(plain)}
        if names is not None and (other := names.search(plain)):
            found[f"it speaks of another toolkit ({other.group()[:40]!r})"] = None
    return list(found)


def _mention(name: str) -> str:
    # "The file system. Reads …" is no mention of the toolkit `system`; `system.restart(` is.
    return rf"\b{re.escape(name)}\b" if "." in name else rf"\b{re.escape(name)}\.[a-z_]\w*\s*\("


def texts_of(value: Any) -> Iterator[str]:
    """Yield every text of a JSON value, names of properties too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield str(key)
            yield from texts_of(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts_of(each)


def without_texts(schema: Any) -> Any:  # a JSON value of any shape
    """Return a JSON Schema without what is only said in it: descriptions, titles, examples, comments."""
    if isinstance(schema, dict):
        said = {"description", "title", "examples", "$comment", "default"}
        return {key: without_texts(each) for key, each in schema.items() if key not in said or not _is_said(each)}
    return [without_texts(each) for each in schema] if isinstance(schema, list) else schema


def _is_said(value: Any) -> bool:
    # A property may be called "title": then its value is a schema.
    return not isinstance(value, dict)


def _hides(text: str) -> bool:
    return any(
        unicodedata.category(one) in {"Cf", "Co", "Cs", "Cc"} and one not in _JOINERS and one not in "\n\r\t"
        for one in text
    )
