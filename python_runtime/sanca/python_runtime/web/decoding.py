"""From bytes to text: which kind of content a body is, and in which charset it is written. Parses nothing."""

from __future__ import annotations

import codecs
import re
from typing import Literal

Kind = Literal["html", "pdf", "json", "text"]

_TEXT_APPLICATIONS = frozenset(
    {"xml", "yaml", "x-yaml", "toml", "javascript", "ecmascript", "rtf", "sql", "graphql", "x-sh"}
)
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([a-zA-Z0-9_.:-]{1,40})""", re.IGNORECASE)
_XML = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([a-zA-Z0-9_.:-]{1,40})""", re.IGNORECASE)
_META_BYTES = 4_096
_GUESS_BYTES = 200_000
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "iso8859-1": "cp1252", "ascii": "cp1252", "euc_kr": "cp949"}
"""As browsers read them: pages name the smaller charset and use the larger one."""
_CHARSETS = frozenset(
    {"utf-8", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "big5", "big5hkscs", "shift_jis", "cp932", "euc_jp",
     "iso2022_jp", "cp949", "koi8-r", "koi8-u", "mac-cyrillic", "cp866", "cp874", "tis-620", "iso8859-2", "iso8859-5",
     "iso8859-7", "iso8859-8", "iso8859-9", "iso8859-15", *(f"cp{number}" for number in range(1250, 1259))}
)  # fmt: skip
"""What a page may be written in; Python has codecs under further names that are no charsets."""


def kind_of(media_type: str, data: bytes) -> Kind | None:
    """Return what a body is to be read as, by what the server says, and by its begin where that says nothing."""
    name = media_type.partition(";")[0].strip().lower()
    if name in {"", "application/octet-stream", "binary/octet-stream"}:
        return _kind_by_begin(data)
    if name in {"text/html", "application/xhtml+xml"}:
        return "html"
    if name in {"application/pdf", "application/x-pdf"}:
        return "pdf"
    if name == "application/json" or name.endswith(("+json", "/json", "/x-ndjson", "/jsonl")):
        return "json"
    group, _, kind = name.partition("/")
    if group == "text" or name.endswith(("+xml", "+yaml")) or (group == "application" and kind in _TEXT_APPLICATIONS):
        return "text"
    return None


def _kind_by_begin(data: bytes) -> Kind | None:
    begin = data[:1_024].lstrip()
    if begin.startswith(b"%PDF-"):
        return "pdf"
    if begin[:20].lower().startswith((b"<!doctype html", b"<html")):
        return "html"
    return None if b"\0" in data[:1_024] else "text"


def decode(data: bytes, media_type: str) -> str:
    """Return the text: by its mark, what the server says, what the page says, as UTF-8, and last by guessing."""
    for mark, charset in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(charset, "replace")
    if charset := _charset(_parameter(media_type)):
        return data.decode(charset, "replace")
    begin = data[:_META_BYTES]
    for pattern in (_XML, _META):
        if (found := pattern.search(begin)) and (charset := _charset(found[1].decode("ascii"))):
            return data.decode("utf-8" if charset.startswith("utf-16") else charset, "replace")
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(data)  # a page that was cut may end inside a character
    except UnicodeDecodeError:
        return data.decode(_guessed(data), "replace")


def _guessed(data: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_GUESS_BYTES]).best()
    return (best and _charset(best.encoding)) or "utf-8"


def _parameter(media_type: str) -> str:
    found = re.search(r"""charset\s*=\s*["']?\s*([\w.:-]{1,40})""", media_type, re.IGNORECASE | re.ASCII)
    return found[1] if found else ""


def _charset(name: str) -> str:
    """Return Python's name of a charset that pages are written in; empty for any other."""
    if not name:
        return ""
    try:
        known = codecs.lookup(name).name
    except LookupError:
        return ""
    known = _WIDER.get(known, known)
    return known if known in _CHARSETS else ""
