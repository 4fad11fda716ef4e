"""Facts that page, clock and environment tell of a message: name → value, for prompts and for a person to read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from sanca.core.untrusted import plain_text
from sanca.python_runtime.perception.surroundings import Named, Surroundings

_SHOWN_CHARS = 400
_PARAMETERS = 8
_RELEASE = r"(?:release|deploy(?:ment)?|version|build|rollout)s?"
_CHINESE_RELEASE = r"(?:发布?的|上线?的|部署的|的)?\s*(?:那个|那次)?(?:版本|发布|release|上线)"


def page_facts(around: Surroundings, named: Named) -> dict[str, str]:
    """Return what the page tells: its address and title, what is selected, and what it is about."""
    page = around.page
    if page is None:
        return {}
    query = parse_qsl(urlsplit(page.url).query)[:_PARAMETERS]
    facts = {
        "page": plain_text(page.url, _SHOWN_CHARS),
        "page title": plain_text(page.title, _SHOWN_CHARS),
        "selected text": plain_text(page.selection, _SHOWN_CHARS),
        "page shows service": next(iter(named.service), ""),
        "page shows release": next(iter(named.release), ""),
        "page parameters": plain_text(", ".join(f"{name}={value}" for name, value in query), _SHOWN_CHARS),
    }
    return {name: value for name, value in facts.items() if value}


def releases_by_date(
    text: str, times: Mapping[str, str], around: Surroundings
) -> tuple[dict[str, str], dict[str, str]]:
    """Return releases that are named by their date ("yesterday's release"): the certain ones, and what is known."""
    certain: dict[str, str] = {}
    told: dict[str, str] = {}
    for words, meant in times.items():
        phrase = rf"{re.escape(words)}(?:'s)?\s+{_RELEASE}\b|{re.escape(words)}{_CHINESE_RELEASE}"
        if (hit := re.search(phrase, text, re.IGNORECASE)) is None or not around.release_dates:
            continue
        tags = [tag for tag, date in around.release_dates.items() if _is_on(date, meant, around.now)]
        if len(tags) == 1:
            certain[hit.group()] = tags[0]
        told[hit.group()] = ", ".join(tags) or "no release of that day is known"
    return certain, told


def _is_on(date: str, meant: str, now: datetime) -> bool:
    try:
        made = datetime.fromisoformat(date)
    except ValueError:
        return False
    day = (made.astimezone(now.tzinfo) if made.tzinfo else made).date().isoformat()
    begin, _, end = meant.partition("/")
    return begin[:10] <= day <= (end or begin)[:10]
