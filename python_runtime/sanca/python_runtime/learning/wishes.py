"""What a person says about what was just done: that it is to be remembered, or that it was wrong. Reads words only."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RUN = r"(?P<run>[A-Za-z0-9_.:-]{4,128})"
_THIS = r"this|that|it|(?:the\s+)?(?:last|this|that)\s+(?:action|one|run|code)|what you (?:just )?did"
_REMEMBER = (
    re.compile(
        r"^\s*(?:please\s+|ok(?:ay)?,?\s+|now\s+)?(?:remember|save|keep|learn)\s+"
        rf"(?:(?:{_THIS})|(?:the\s+)?run\s+{_RUN})"
        r"\s+as\s+(?:(?:a|the)\s+)?(?:skill\s*(?:called|named|for|:)?\s*)?(?P<title>.+?)\s*$",
        re.IGNORECASE | re.DOTALL,
    ),
    re.compile(
        r"^\s*(?:请)?(?:把)?(?:(?:这个|刚才的?|上面的?|这段|这次)(?:操作|动作|做法|代码|结果)?"
        rf"|运行\s*{_RUN})?\s*(?:记住|记下来?|记|保存|存)(?:为|成|作|叫|下来,?叫)\s*(?:技能)?\s*[::]?\s*(?P<title>.+?)\s*$",
        re.DOTALL,
    ),
)
_WRONG = re.compile(
    r"^\s*(?:no\b|nope\b|wrong\b|that(?:'s| is| was) (?:not|wrong|incorrect|no)\b|not (?:that|this|what i)\b"
    r"|i (?:did not|didn'?t) (?:mean|ask|want)\b|you (?:misunderstood|got (?:it|that) wrong)\b"
    r"|不对|不是(?:这|那|我)|错了|搞错|弄错|不是这样|你(?:搞|弄|理解)错)",
    re.IGNORECASE,
)
_NO_MORE_THAN_NO = re.compile(
    r"^\s*(?:no|nope)\s*(?:,?\s*(?:thanks?|thank you|need|problem|worries).*)?[.!]?\s*$", re.IGNORECASE
)
_QUOTES = "\"'“”「」『』‘’`"
_TITLE_CHARS = 160


@dataclass(frozen=True)
class RememberWish:
    """A run's action is to be kept as a skill."""

    title: str
    """How it is asked for from now on; names in it become parameters."""
    run_id: str = ""
    """Empty: the last run of the session."""


def remember_wish(message: str) -> RememberWish | None:
    """Return the wish that a message is; None when it is none."""
    for pattern in _REMEMBER:
        if (hit := pattern.match(message)) is not None:
            title = hit["title"].strip().strip(_QUOTES).strip()
            if title and len(title) <= _TITLE_CHARS and "\n" not in title:
                return RememberWish(title, hit["run"] or "")
    return None


def says_it_was_wrong(message: str) -> bool:
    """Whether a message says that what was just done is not what was wanted; a mere "no" answers something else."""
    return _WRONG.match(message) is not None and _NO_MORE_THAN_NO.match(message) is None
