"""Personal data: addresses, telephone numbers, numbers of papers, cards and accounts; check digits decide."""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Callable, Iterator
from types import ModuleType

from sanca.memory.care.findings import Finding, Kind, pattern

_EMAIL = r"([A-Za-z0-9._%+-]{1,64})@((?:[A-Za-z0-9-]{1,63}\.){1,5}([A-Za-z]{2,24}))"
_NO_DOMAIN = frozenset(
    b"png jpg jpeg gif svg webp js ts py md yaml yml json service socket timer target local localdomain".split()
)
_NO_PERSON = frozenset((b"git", b"svn", b"hg", b"root", b"noreply", b"no-reply"))
_LOGIN_BEFORE = rb"ssh|scp|rsync|sftp|mosh|git|autossh|ssh-copy-id"

_PLUS = r"\+[1-9][0-9 ().\-]{6,22}[0-9]"
_CHINESE_MOBILE = r"(?:^|[^0-9A-Za-z_.+\-/:=#])((?:86[ -]?)?1[3-9][0-9](?:[0-9]{8}|[ -][0-9]{4}[ -][0-9]{4}))"
_CHINESE_LANDLINE = r"(?:^|[^0-9A-Za-z_.+\-/])(0[1-9][0-9]{1,2}-[2-9][0-9]{6,7})"
_AMERICAN = r"(?:^|[^0-9A-Za-z_.+\-/])(\([2-9][0-9]{2}\) ?[2-9][0-9]{2}-[0-9]{4}|[2-9][0-9]{2}-[2-9][0-9]{2}-[0-9]{4})"
_SAID_PHONE = (
    r"(?i)(?:\b(?:phone|mobile|tel|telephone|cell phone|call me (?:at|on)|whatsapp)|电话|手机|座机|联系方式|微信)"
    r"(?: (?:no|number|is|at|on)|号码?|[是为])*\.?[\s:：=\"']{0,6}([0-9(][0-9 ().\-]{5,20}[0-9])"
)
_UNIT_AFTER = rb"^\s{0,2}(?:bytes?|[kmgt]i?b|b|ns|us|ms|s|sec|seconds?|rows?|lines?|req|records?)\b"

_CARD = (
    r"(?:^|[^0-9A-Za-z_.\-/])((?:3[47]|[45][0-9]|2[2-7]|35|6[0-9])[0-9]{2}"
    r"(?:[0-9]{9,15}|[ -][0-9]{4}[ -][0-9]{4}[ -][0-9]{1,7}|[ -][0-9]{6}[ -][0-9]{5}))"
)
_IBAN = r"\b([A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?)\b"
_PASSPORT = (
    r"(?i)(?:\bpassport|护照)(?: ?(?:no|nr|number|num|is)|号码?|[是为])*\.?"
    r"[\s:：=#\"']{0,6}([A-Z]{0,2}[0-9]{6,9}[A-Z]?)\b"
)
_PAPERS: tuple[tuple[str, str], ...] = (
    (r"(?:^|[^0-9A-Za-z_.\-/])([1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9Xx])", "stdnum.cn.ric"),
    (r"(?:^|[^0-9A-Za-z_.\-/])([0-9]{3}-[0-9]{2}-[0-9]{4})", "stdnum.us.ssn"),
    (
        r"\b([A-Z]{6}[0-9LMNPQRSTUV]{2}[A-EHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z])\b",
        "stdnum.it.codicefiscale",
    ),
    (r"(?:^|[^0-9A-Za-z_.\-/])([0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2})", "stdnum.br.cpf"),
    (r"(?:^|[^0-9A-Za-z_.\-/])([2-9][0-9]{3} [0-9]{4} [0-9]{4})", "stdnum.in_.aadhaar"),
    (r"(?i)(?:dni|nie|nif|documento)[\s:#nº°.]{0,6}([0-9]{8}-?[A-Z])\b", "stdnum.es.dni"),
)
_LOOKS = 2_000
"""So many candidates of a text are looked at closely; in a text with more of them shape alone decides."""


def find(text: bytes) -> Iterator[Finding]:
    """Yield what belongs to a person."""
    yield from _emails(text)
    yield from _checked(text, _PAPERS, "id number")
    yield from _checked(text, ((_CARD, "stdnum.luhn"),), "card number")
    yield from _checked(text, ((_IBAN, "stdnum.iban"),), "bank account")
    for match in pattern(_PASSPORT).finditer(text):
        yield Finding(*match.span(1), "passport number")
    yield from _phones(text)


def _emails(text: bytes) -> Iterator[Finding]:
    for match in pattern(_EMAIL).finditer(text):
        start, end = match.span()
        name, domain, last = (text[slice(*match.span(group))].lower() for group in (1, 2, 3))
        if last in _NO_DOMAIN or name in _NO_PERSON or text[end : end + 2] in (b":/", b":~"):
            continue
        if text[max(0, start - 3) : start].endswith((b"://", b"//", b"\\")) or domain.startswith(b"-"):
            continue
        if re.search(rb"://[^\s/]{0,200}$", text[max(0, start - 204) : start]):  # of an address: a user and a password
            continue
        if re.search(rb"\b(?:" + _LOGIN_BEFORE + rb")\b[^\n]{0,60}$", text[max(0, start - 80) : start]):
            continue
        yield Finding(start, end, "email")


def _checked(text: bytes, shapes: tuple[tuple[str, str], ...], kind: Kind) -> Iterator[Finding]:
    for expression, module in shapes:
        for number, match in enumerate(pattern(expression).finditer(text)):
            start, end = match.span(1)
            if not _ends(text, end):
                continue
            if number >= _LOOKS or _validator(module)(text[start:end].decode("ascii", "replace")):
                yield Finding(start, end, kind)


def _phones(text: bytes) -> Iterator[Finding]:
    looks = 0
    for expression, regions, group in (
        (_PLUS, ("ZZ",), 0),
        (_CHINESE_MOBILE, ("CN",), 1),
        (_CHINESE_LANDLINE, ("CN",), 1),
        (_AMERICAN, ("US",), 1),
        (_SAID_PHONE, ("CN", "US", "GB", "DE", "FR", "IN", "JP"), 1),
    ):
        for match in pattern(expression).finditer(text):
            start, end = match.span(group)
            if not _ends(text, end) or _is_amount(text, start, end):
                continue
            looks += 1
            if looks > _LOOKS or _is_phone(text[start:end].decode("ascii"), regions):
                yield Finding(start, end, "phone number")


def _ends(text: bytes, end: int) -> bool:
    """Whether a number ends here, and is not the first part of a longer word, version or path."""
    after = text[end : end + 2]
    return not (after[:1].isalnum() or after[:1] in (b"_", b"-") or (after[:1] in (b".", b":") and after[1:].isdigit()))


def _is_amount(text: bytes, start: int, end: int) -> bool:
    """Whether it counts something: a unit follows, or it is a whole number of kibibytes."""
    if re.match(_UNIT_AFTER, text[end : end + 12], re.IGNORECASE):
        return True
    digits = text[start:end]
    return digits.isdigit() and int(digits) % 1024 == 0


@functools.lru_cache(maxsize=4_096)
def _is_phone(number: str, regions: tuple[str, ...]) -> bool:
    import phonenumbers

    for region in regions:
        try:
            parsed = phonenumbers.parse(number, None if region == "ZZ" else region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            return True
    return False


@functools.cache
def _validator(module: str) -> Callable[[str], bool]:
    found = importlib.import_module(module)
    if module == "stdnum.luhn":
        return lambda number: bool(found.is_valid(number.replace(" ", "").replace("-", "")))
    if module == "stdnum.cn.ric":
        return functools.partial(_is_resident_id, found)
    valid: Callable[[str], bool] = found.is_valid
    return valid


def _is_resident_id(ric: ModuleType, number: str) -> bool:
    """Date and check digit; not the county, which may be younger than the person."""
    try:
        ric.get_birth_date(number)
    except ValueError:  # the library's own errors are among them
        return False
    return bool(ric.calc_check_digit(number) == number[-1].upper())
