"""Secrets that show by what stands before them: `password=…`, `Authorization: …`, `--token …`, "the password is …"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sanca.memory.care.findings import Finding, Kind, Match, pattern

_NAMES = (
    r"passwords?|passwd|passphrase|pwd|\bpass|[_.-]pass|(?:api|access|secret|account|service|auth|encryption|signing|master"
    r"|shared|storage|subscription)[_. -]?keys?"
    r"|private[_-]?key|secrets?|tokens?|credentials?|密码|口令|密钥|秘钥|令牌"
)
_TAIL = r"[A-Za-z0-9_-]{0,30}"
_VALUE = (
    r"(?:\\*\"([^\"\\\n]+)\\*\"|\\*'([^'\\\n]+)\\*'|`([^`\n]+)`|[“「]([^”」\n]+)[”」]"
    r"|([^\s\"'`,;&|<>(){}\[\]“”「」，。；、！？（）]+))"
)
_ASSIGNED = rf"(?i)({_NAMES})({_TAIL})(\\*[\"'\]]{{0,2}}[ \t]{{0,8}}(?:=>|:=|===?|=|:|：|＝)[ \t]{{0,8}}){_VALUE}"
_SAID = (
    rf"(?i)\b(passwords?|passphrase|pwd|api keys?|access keys?|secret keys?|secrets?|tokens?)"
    rf"((?: [A-Za-z0-9_.-]{{1,24}}){{0,4}}? (?:is|was|are|to|with|=|changed to|set to)[: ]{{1,2}}){_VALUE}"
)
_NAMED = (
    r"(?i)\b(passwords?|passphrase|pwd|api keys?|access keys?|secret keys?|tokens?)( )"
    r"(?:`([^`\n]{4,200})`|\"([^\"\n]{4,200})\")"
)
_SAID_IN_CHINESE = (
    r"(?i)(密码|口令|密钥|秘钥|令牌|api ?key|token)"
    rf"(\p{{Han}}{{0,8}}? ?(?:是|为|叫|改成|改为|设成|设为|设置为|换成)了?[：: ]{{0,2}}){_VALUE}"
)
_NAMED_IN_CHINESE = rf"(密码|口令|密钥|秘钥|令牌)([ \t：:]{{0,3}}){_VALUE}"
_FOLLOWED = r"(?i)\b(passwords?|passphrase|pwd|[a-z]*secret)( )([A-Za-z0-9!@#$%^&*_+.-]{6,64})"
_BESIDE_USER = (
    r"(?i)\b(?:user(?:name)?|login|account)[ \t]{0,3}[:=][ \t]{0,3}[^\s,;]{1,64}[ ,;/]{1,3}"
    r"(pass(?:word|wd)?|pwd|pw)([ \t]{0,3}[:=][ \t]{0,3})([^\s,;\"'<>(){}\[\]]{4,200})"
)
_TAG = rf"(?i)<((?:[a-z_.-]{{0,40}})(?:{_NAMES}))(\s*>)([^<>\s]{{4,500}})</"
_PAIR = (  # name and value of one setting, as XML, YAML and JSON lists have them
    rf"(?i)name\\*[\"']?\s?[:=]\s?\\*[\"']?[A-Za-z0-9_.-]{{0,60}}?({_NAMES}|_pass)(\\*[\"']?\s{{0,20}},?\s{{0,40}}\\*[\"']?value\\*[\"']?\s?[:=]\s?)"
    rf"{_VALUE}"
)
_OPTION = (
    r"(?i)(?:\s|^)--?((?:[a-z]+-){0,3}(?:password|passwd|passphrase|pass|token|secret|(?:api|secret|access)-?key))()(\s+)"
    rf"{_VALUE}"
)
_HEADER = (
    r"(?i)\b(authorization)(\\*[\"']?\s{0,4}[:=]\s{0,4}\\*[\"']?"
    rf"(?:(?:bearer|basic|token|apikey|digest|negotiate|aws4-hmac-sha256)\s+)?){_VALUE}"
)
_BEARER = r"\b([Bb]earer|BEARER)( )([A-Za-z0-9._~+/=-]{8,})"
_COOKIE = (
    r"(?i)\b(?:set-)?(cookie)(\\*[\"']?\s{0,4}:\s{0,4}\\*[\"']?)"
    r"([A-Za-z0-9_.-]+=[^\s\"'\n\\;]+(?:; ?[A-Za-z0-9_.-]+=[^\s\"'\n;\\]*)*)"
)
_IN_URL = r"(://)([^\s/:@\"'<>]{0,200}:)([^\s/\"'<>]{1,300})@[A-Za-z0-9\[_.-]"
_SIGNATURE = (
    r"(?i)[?&;](sig|signature|x-amz-signature|x-amz-security-token|x-goog-signature)(=)([A-Za-z0-9%+/=_.~-]{16,})"
)
_COMMANDS: tuple[str, ...] = (
    r"\b(mysql|mysqldump|mysqladmin|mariadb)((?: [^\n]{0,300}?)? -p)([^\s\"'-][^\s\"']{3,})",
    r"\b(sshpass)( -p ?[\"']?)([^\s\"']+)",
    r"\b(redis-cli)((?: [^\n]{0,200}?)? -a[ =][\"']?)([^\s\"']+)",
    r"\b(curl|wget|http)((?: [^\n]{0,300}?)? (?:-u|--user)[ =]?[\"']?[A-Za-z0-9_.@+-]{1,64}:)([^\s\"']+)",
    r"\b(docker|podman|helm)( (?:[a-z]+ )?login [^\n]{0,200}?-p[ =][\"']?)([^\s\"']+)",
)

_ABOUT = re.compile(  # a name that goes on like this tells of a secret and holds none
    r"(?i)^[_-]?(?:iz\w*|file|path|dir|url|uri|name|id|count|type|len|length|ttl|expir\w*|policy|min|max|size|limit|env|header|field|command|"
    r"prompt|required|enabled|rotation|version|hint|format|bucket|budget|usage|ratio|rate|per|chars|hash(?:er|ing)|"
    r"manager|store|provider|ref|refs|selector|scheme|schema|regex|pattern|label|title|index|endpoint|algorithm|bytes|seconds|days|at|by|in|of|for)"
    r"(?:[_-]\w*)?$|^(?:File|Path|Name|Id|Type|Count|Length|Limit|Url|Ref)\b"
)
_NO_VALUE = re.compile(
    r"(?i)^(?:none|null|nil|true|false|yes|no|on|off|undefined|empty|unset|missing|required|optional|default|redacted|hidden|masked|"
    r"changeme|placeholder|example|todo|tbd|n/?a|str|string|text|bytes|int|integer|bool|boolean|float|object|any|dict|list|map|array|char|varchar|"
    r"secretstr|optional\[?.*|invalid|wrong|expired|valid|revoked|ok|set|not|the|a|an|it|this|that|is|are|was|and|or|for|in|of|to|by|with|from|"
    r"passwords?|passwd|pwd|passphrase|tokens?|secrets?|key|keys|value|values|self|here|bearer|basic|digest|oauth2?|jwt|"
    r"sha-?\d+|md5|base-?\d+|utf-?\d+|https?|rs256|hs256|es256|argon2\w*|pbkdf2|bcrypt|scrypt|ipv[46]|x\.?509|v\d+(?:\.\d+)*|"
    r"your[-_ ]?\w*(?:[-_]\w+)*|my[-_](?:secret|token|password|key)|some[-_ ]?\w+|x{3,}|\.{2,}|…+|\*+|-+|_+|#+|•+|\?+)$"
)
_STANDS_FOR = re.compile(
    r"^[$%@<{(\[*]|^\W*$|^(?:os\.|env[.:\[]|process\.|settings\.|self\.|config\.|vault:|file:|ref:|https?://|secretref)|^(?:\.{0,2}|~)/[\w.~/-]+$|\.\.\.$|…$"
)
_WORDS = re.compile(r"^[A-Za-z_]+(?:[.-][A-Za-z_]+)*[.:!?]?$")
_NUMBER = re.compile(r"^[\d.,:%/_-]+(?:[a-zA-Z]{1,3})?$")
_PASSWORD = re.compile(r"(?i)pass|pwd|密码|口令")
_KEY = re.compile(r"(?i)key|密钥|秘钥")
_TOKEN = re.compile(r"(?i)token|令牌")


def find(text: bytes) -> Iterator[Finding]:
    """Yield what is said to be a secret."""
    for match in pattern(_ASSIGNED).finditer(text):
        yield from _assigned(text, match)
    for expression in (_SAID, _NAMED, _SAID_IN_CHINESE, _NAMED_IN_CHINESE):
        for match in pattern(expression).finditer(text):
            yield from _said(text, match)
    for match in pattern(_FOLLOWED).finditer(text):
        yield from _followed(text, match)
    for expression in (_BESIDE_USER, _TAG, _PAIR):
        for match in pattern(expression).finditer(text):
            yield from _placed(text, match)
    for match in pattern(_OPTION).finditer(text):
        yield from _assigned(text, match)
    for match in pattern(_HEADER).finditer(text):
        yield from _strong(text, match, "token", least=6)
    for match in pattern(_BEARER).finditer(text):
        yield from _strong(text, match, "token", least=8)
    for match in pattern(_IN_URL).finditer(text):
        yield from _in_url(text, match)
    for match in pattern(_COOKIE).finditer(text):
        yield Finding(*match.span(3), "cookie")
    for match in pattern(_SIGNATURE).finditer(text):
        yield Finding(*match.span(3), "token")
    for expression in _COMMANDS:
        for match in pattern(expression).finditer(text):
            start, end = match.span(3)
            value = _words(text, start, end)
            if not _stands_for_one(value) and not _NUMBER.match(value):
                yield Finding(start, end, "password")


def kind_of(name: str) -> Kind:
    """Return what a value under this name is."""
    if _PASSWORD.search(name):
        return "password"
    if _KEY.search(name):
        return "api key"
    return "token" if _TOKEN.search(name) else "secret"


def is_secret(name: str, tail: str, value: str, *, quoted: bool) -> bool:
    """Whether the value under a name is a secret: not a word about one, a place where one lies, or a stand-in."""
    if _ABOUT.search(tail) or _stands_for_one(value):
        return False
    if kind_of(name) == "password":
        if _NUMBER.match(value):
            return len(value) >= 6 or quoted
        return len(value) >= 4 and (quoted or not _WORDS.match(value))
    if _NUMBER.match(value) or _WORDS.match(value) or " " in value:
        return False
    return len(value) >= 8 and _mixed(value)


def _assigned(text: bytes, match: Match) -> Iterator[Finding]:
    start, end, quoted = _value_span(match, first=4)
    name, tail, sign = (_words(text, *match.span(group)) for group in (1, 2, 3))
    value = _words(text, start, end)
    tight = "=" in sign and " " not in sign and '"' not in sign  # DB_PASSWORD=hunter, not password: hunter
    if text[end : end + 1] in (b"(", b"["):
        return  # a call or an index: code that makes one
    if is_secret(name, tail, value, quoted=quoted or (tight and text[end : end + 1] not in (b")", b","))):
        yield Finding(start, end, kind_of(name))


def _said(text: bytes, match: Match) -> Iterator[Finding]:
    start, end, quoted = _value_span(match, first=3)
    name = _words(text, *match.span(1))
    while end > start and text[end - 1 : end] in (b".", b"?", b"!", b":"):
        end -= 1
    value = _words(text, start, end)
    if _stands_for_one(value) or (_WORDS.match(value) and not quoted):
        return
    is_password = kind_of(name) == "password"
    is_number = is_password and len(value) >= 6 and _NUMBER.match(value) is not None
    if is_number or (len(value) >= (5 if is_password else 8) and _mixed(value)):
        yield Finding(start, end, kind_of(name))


def _followed(text: bytes, match: Match) -> Iterator[Finding]:
    """Take what comes right behind the word only where it is made as no word is: letters and digits."""
    start, end = match.span(3)
    value = _words(text, start, end).rstrip(".,;:!?")
    name = _words(text, *match.span(1))
    least = 6 if kind_of(name) == "password" else 12
    if len(value) >= least and _has_both(value) and not _stands_for_one(value) and not _NUMBER.match(value):
        yield Finding(start, start + len(value.encode()), kind_of(name))


def _placed(text: bytes, match: Match) -> Iterator[Finding]:
    """Take what stands where only the secret itself can stand."""
    start, end, quoted = _value_span(match, first=3)
    name, value = _words(text, *match.span(1)), _words(text, start, end)
    is_password = kind_of(name) == "password" or name.lower() in ("pass", "pw", "_pass")
    if _stands_for_one(value) or (not is_password and not is_secret(name, "", value, quoted=quoted)):
        return
    if not (_NUMBER.match(value) and len(value) < 4):
        yield Finding(start, end, "password" if is_password else kind_of(name))


def _strong(text: bytes, match: Match, kind: Kind, *, least: int) -> Iterator[Finding]:
    start, end, _ = _value_span(match, first=3)
    value = _words(text, start, end)
    if len(value) >= least and not _stands_for_one(value) and not _WORDS.match(value) and not _NUMBER.match(value):
        yield Finding(start, end, kind)


def _in_url(text: bytes, match: Match) -> Iterator[Finding]:
    start, end = match.span(3)
    if not _stands_for_one(_words(text, start, end)):
        yield Finding(start, end, "password")


def _value_span(match: Match, *, first: int) -> tuple[int, int, bool]:
    count = len(match.groups())
    for group in range(first, count + 1):
        start, end = match.span(group)
        if start >= 0:
            return start, end, count > first and group < count
    raise AssertionError("a value always stands in one of its groups")


def _words(text: bytes, start: int, end: int) -> str:
    return text[start:end].decode("utf-8", "replace")


def _stands_for_one(value: str) -> bool:
    return bool(_NO_VALUE.match(value[:64]) or _STANDS_FOR.search(value[:256]))


def _mixed(value: str) -> bool:
    """Whether it is made as secrets are: letters with digits, or with capitals in their midst, or with signs."""
    digits = any("0" <= one <= "9" for one in value)
    letters = any(one.isascii() and one.isalpha() for one in value)
    signs = any(one in "!@#$%^&*?~+=/" for one in value)
    capitals = value != value.lower() and value[1:] != value[1:].lower() and value != value.upper()
    return letters and (digits or signs or capitals)


def _has_both(value: str) -> bool:
    return any("0" <= one <= "9" for one in value) and any(one.isascii() and one.isalpha() for one in value)
