"""Secrets that show by their shape: keys and tokens of known services, private keys, web tokens.

Most shapes are those of detect-secrets; the table here adds services that it does not know.
"""

from __future__ import annotations

import bisect
import functools
import importlib
from collections.abc import Iterator

from sanca.memory.care.findings import Finding, Kind, Pattern, pattern

_FROM_LIBRARY = (
    ("aws", "AWSKeyDetector", "api key"),
    ("discord", "DiscordBotTokenDetector", "token"),
    ("github_token", "GitHubTokenDetector", "token"),
    ("jwt", "JwtTokenDetector", "token"),
    ("mailchimp", "MailchimpDetector", "api key"),
    ("npm", "NpmDetector", "token"),
    ("sendgrid", "SendGridDetector", "api key"),
    ("slack", "SlackDetector", "token"),
    ("square_oauth", "SquareOAuthDetector", "secret"),
    ("stripe", "StripeDetector", "api key"),
    ("twilio", "TwilioKeyDetector", "api key"),
)
"""Module, class and what its finds are called here. Left out: detectors that fit what is none (addresses, any word)."""

_OWN: tuple[tuple[Kind, str], ...] = (
    ("private key", r"\bAGE-SECRET-KEY-1[0-9A-Z]{50,64}\b"),
    ("api key", r"\bsk-(?:ant-|proj-|or-|svcacct-)?[A-Za-z0-9_-]{0,200}[0-9][A-Za-z0-9_-]{19,200}"),
    ("api key", r"\bsk-(?:ant-|proj-|or-|svcacct-)?[A-Za-z0-9_-]{19,200}[0-9][A-Za-z0-9_-]{0,200}"),
    ("api key", r"\bAIza[0-9A-Za-z_-]{35}"),
    ("token", r"\bya29\.[0-9A-Za-z_-]{20,1000}"),
    ("secret", r"\bGOCSPX-[0-9A-Za-z_-]{20,60}"),
    ("token", r"\bgithub_pat_[0-9A-Za-z_]{22,255}"),
    ("token", r"\bgh[pousr]_[0-9A-Za-z]{30,255}"),
    ("token", r"\bgl(?:pat|ptt|dt|rt|cbt|agent|oas|soat|ft|imt)-[0-9A-Za-z_-]{20,100}"),
    ("token", r"\bxapp-[0-9]-[A-Z0-9]{8,20}-[0-9]{8,20}-[0-9a-f]{32,128}"),
    ("token", r"\bxox[abeoprs]-[0-9A-Za-z-]{20,250}"),
    ("token", r"\bhf_[0-9A-Za-z]{30,60}\b"),
    ("token", r"\bAKCp[0-9A-Za-z]{60,80}\b"),
    ("token", r"\bnpm_[0-9A-Za-z]{36}\b"),
    ("token", r"\bpypi-[0-9A-Za-z_-]{40,400}"),
    ("token", r"\bdop_v1_[0-9a-f]{64}\b"),
    ("token", r"\bdckr_pat_[0-9A-Za-z_-]{20,60}"),
    ("token", r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b"),
    ("token", r"\bdapi[0-9a-f]{32}\b"),
    ("token", r"\bhvs\.[0-9A-Za-z_-]{24,200}"),
    ("token", r"\bATATT3[0-9A-Za-z_=-]{50,250}"),
    ("token", r"\b(?:glsa|glc)_[0-9A-Za-z_+/=]{30,250}"),
    ("token", r"\b(?:sntrys|sntryu)_[0-9A-Za-z_+/=]{30,300}"),
    ("token", r"\blin_(?:api|oauth)_[0-9A-Za-z]{32,64}\b"),
    ("token", r"\b[0-9A-Za-z]{14}\.atlasv1\.[0-9A-Za-z_-]{60,90}"),
    ("token", r"\b[0-9]{8,10}:AA[0-9A-Za-z_-]{33}\b"),
    ("api key", r"\bNRAK-[0-9A-Z]{27}\b"),
    ("api key", r"\b(?:rk|sk|pk)_(?:live|test)_[0-9A-Za-z]{16,250}"),
    ("secret", r"\bwhsec_[0-9A-Za-z+/=]{24,100}"),
    ("api key", r"\bLTAI[0-9A-Za-z]{12,26}\b"),
    ("api key", r"\bAKID[0-9A-Za-z]{28,40}\b"),
    ("secret", r"\bSEC[0-9a-f]{64}\b"),
    ("token", r"/open-apis/bot/v2/hook/([0-9a-f-]{36})"),
    ("token", r"/cgi-bin/webhook/send\?key=([0-9a-f-]{36})"),
    ("token", r"/services/(T[0-9A-Z]{8,12}/B[0-9A-Z]{8,12}/[0-9A-Za-z]{20,30})"),
    ("token", r"/api/webhooks/([0-9]{17,20}/[0-9A-Za-z_-]{60,80})"),
)

_KEY_BEGINS = r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----"
_KEY_LINES = r"(?:(?:\s|\\[nr])*[A-Za-z0-9+/=]{16,})*(?:\s|\\[nr])*"
_KEY_ENDS = r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----"
_KEY_BYTES = 20_000
"""A key whose end is not so near was cut off: then only the lines that look like one are taken."""
_GROUP_BYTES = 16
_AROUND = b" \t\r\n\"'"


def find(text: bytes) -> Iterator[Finding]:
    """Yield what has the shape of a secret."""
    yield from _private_keys(text)
    for kind, compiled in _patterns():
        for match in compiled.finditer(text):
            # Some patterns name the secret by a group, some have a group for a prefix, which is never so long.
            start, end = match.span(1) if len(match.groups()) == 1 else (-1, -1)
            start, end = (start, end) if end - start >= _GROUP_BYTES else match.span()
            yield _trimmed(text, start, end, kind)


def _private_keys(text: bytes) -> Iterator[Finding]:
    ends = [match.span()[1] for match in pattern(_KEY_ENDS).finditer(text)]
    begins = [match.span() for match in pattern(_KEY_BEGINS + _KEY_LINES).finditer(text)]
    for number, (start, stop) in enumerate(begins):
        at = bisect.bisect_left(ends, start)
        following = begins[number + 1][0] if number + 1 < len(begins) else len(text)
        whole = at < len(ends) and ends[at] <= min(start + _KEY_BYTES, following)
        yield Finding(start, ends[at] if whole else stop, "private key")


def _trimmed(text: bytes, start: int, end: int, kind: Kind) -> Finding:
    """Leave to the text the quotes and signs around a find, so that what was JSON stays JSON."""
    found = text[start:end]
    return Finding(start + len(found) - len(found.lstrip(_AROUND + b"=:")), start + len(found.rstrip(_AROUND)), kind)


@functools.cache
def _patterns() -> tuple[tuple[Kind, Pattern], ...]:
    own = [(kind, pattern(expression)) for kind, expression in _OWN]
    return (*own, *_library_patterns())


def _library_patterns() -> Iterator[tuple[Kind, Pattern]]:
    import re

    for module, name, kind in _FROM_LIBRARY:
        detector = getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), name)
        for expression in detector.denylist:
            flags = "(?i)" if expression.flags & re.IGNORECASE else ""
            yield kind, pattern(flags + expression.pattern)
