"""What looks like a secret or a person's own, and what stands in its place. Hides rather too much than too little."""

from __future__ import annotations

import itertools
import re
from typing import Any

HIDDEN = "(hidden)"
_SECRET_KEY = re.compile(
    r"pass|secret|token|credential|api_?key|private|(?:^|_)key$|auth|cookie|session|signature|salt|hash|otp|(?:^|_)pin$"
    r"|iban|bic$|account_?n|card_?n|cvv|ssn|social|tax_?id|passport|birth|salary|phone|mobile|e_?mail|address|密码|口令|密钥",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    r"-----BEGIN|\b(?:bearer|basic)\s+\S{8}|\b(?:sk|pk|rk|gh[opsu]|glpat|xox[abp]|AKIA|ASIA|eyJ|SG|hf)[-_.A-Za-z0-9]{12}"
    r"|://[^/\s:@]+:[^/\s@]+@|(?:password|passwd|pwd|secret|token|api[-_]?key)\s*[=:]|[\w.+-]+@[\w-]+\.\w",
    re.IGNORECASE,
)
_LONG_WORD = re.compile(r"[A-Za-z0-9+/=_\-]{16,}")
_DIGITS = re.compile(r"(?:\d[ -]?){9,}")
"""Numbers of cards, accounts and telephones."""


def masked(value: Any, key: str = "") -> Any:
    """Return the value, or `(hidden)` when it, or the key it stands under, looks like a secret."""
    if _SECRET_KEY.search(key):
        return HIDDEN
    return HIDDEN if isinstance(value, str) and looks_secret(value) else value


def looks_secret(text: str) -> bool:
    """Whether a text looks like a key, a token, a password, an address of a person, or holds one."""
    if _SECRET_TEXT.search(text) or _DIGITS.search(text):
        return True
    return any(_is_random(word) for word in _LONG_WORD.findall(text))


def _is_random(word: str) -> bool:
    """Whether a long word mixes letters and digits as no name does: `3f9a…`, not `payment-service-orders`."""
    digits = sum(letter.isdigit() for letter in word)
    changes = sum(one.isdigit() != other.isdigit() for one, other in itertools.pairwise(word))
    mixes_case = any(letter.isupper() for letter in word[1:]) and any(letter.islower() for letter in word)
    return changes >= 4 or (digits >= 2 and mixes_case) or len(word) >= 40
