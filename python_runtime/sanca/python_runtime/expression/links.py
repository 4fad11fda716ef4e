"""Addresses that a card may lead to: the web, mail, and places inside the portal. Anything else is no link."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_SAFE = re.compile(r"(https?://[^\s/]|mailto:[^\s]+@|/(?![/\\])|#/?)", re.IGNORECASE)
_BARRED = re.compile(r"[\x00-\x20\\\u2028\u2029]")
"""A browser reads a backslash as a slash, and leaves out control characters."""
_URL_CHARS = 2_000
_LABELS = ("label", "title", "name", "text")
_URLS = ("url", "href", "link", "where", "address")
_WHATS = ("what", "what_for", "description", "why", "summary")


def is_safe_address(url: str) -> bool:
    """Whether following it runs nothing: http, https, mailto, `/path` or `#/place` of the portal itself."""
    return len(url) <= _URL_CHARS and not _BARRED.search(url) and _SAFE.match(url) is not None


def link_of(value: object) -> dict[str, Any] | None:
    """Return label, address and what it is for of a record that is a link and nothing else; else None."""
    if not isinstance(value, Mapping) or not set(value) <= {*_LABELS, *_URLS, *_WHATS}:
        return None
    label, url = _first(value, _LABELS), _first(value, _URLS)
    if not label or not url or not is_safe_address(url):
        return None
    what = _first(value, _WHATS)
    return {"label": label, "url": url} | ({"what": what} if what else {})


def _first(value: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((value[name] for name in names if isinstance(value.get(name), str) and value[name]), "")
