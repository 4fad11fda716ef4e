"""Which word of a message names a service, when nobody says which services there are. Position and shape only."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sanca.memory.matching.chinese_naming import chinese_name
from sanca.memory.matching.lexicon import Lexicon, Piece
from sanca.memory.text import CJK

NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*")
_ENOUGH = 2.0

_BEFORE_WORDS = (
    "of|for|on|in|says|because|over|against|by|into|via|than|and|called|named|from|is|are|does|did|has|with|behind|whether|if|the|to|inside|was|were|have|let's|through|"
    "newest|latest|last|at|about|when|get|give|make|let|bring|take|switch|put|turn|should|would|will"
)
_AFTER_WORDS = (
    "is|was|has|keeps|kept|are|does|doesn't|isn't|can't|won't|need|needs|went|goes|get|gets|got|started|"
    "stopped|dies|died|seem|seems|feel|feels|look|looks|take|takes|again|been|hang|hangs|crash|crashes|"
    "crashed|crashing|fail|fails|throw|throws|want|wants|use|uses|runs|running|service|process|app|so|since|"
    "please|should|must|will|would|could|can|act|acts|behave|behaves|answer|answers|logged|wrote|had|be|a|the|complains|says|reports|keeps|lean|leans|live|running|"
    "for|back|and|release|version|log|logs|port|disk|config|change|deploy|deploys|deployed|deployment|to|up"
)
_BEFORE = re.compile(
    rf"(?:\b(?:{_BEFORE_WORDS}|(?:service|app|application)s?(?: called| named)?)|[\u3400-\u9fff])[\s:,]*$",
    re.IGNORECASE,
)
_AFTER = re.compile(
    rf"^(?:'s\b|\s*\x00|\s+(?:{_AFTER_WORDS})\b|[\s,]*[\u3400-\u9fff]|\s*[?.!]?\s*$|\s*[,:])", re.IGNORECASE
)
_CALLED_SERVICE = re.compile(
    r"^\s*(?:service|app|application|microservice|backend|component|服务|应用|微服务)(?![a-z])", re.IGNORECASE
)
_SERVICE_CALLED = re.compile(r"(?:(?<![\w-])(?:service|app|application)|服务|应用)[\s:]*$", re.IGNORECASE)
_NAME_SHAPE = re.compile(r"[-_]|[a-z][A-Z]|\d")
_SET_BEFORE = re.compile(
    r"\b(?:set|change|changed|adjust|raise|lower|bump|increase|decrease|reduce|tune|modify|value|setting|"
    r"parameter|key|option|flag|property|edit|edited|touched|switch|enable|disable|double|halve)\s+(?:the\s+|of\s+|on\s+|off\s+)*$"
    r"|(?:设置|修改|调整|改|调|参数|配置项|选项)\s*$",
    re.IGNORECASE,
)
_SET_AFTER = re.compile(
    r"^\s*(?:=|(?:to|at|from)\s+\S|(?:set|stand|setting|parameter|key|option|flag|property|value)\b"
    r"|[^,.;,。]{0,4}(?:改|设|调|换成|提到|降到|加到|值|参数|多少))",
    re.IGNORECASE,
)
_OWNED_BEFORE = re.compile(r"\b(?:of|for|in|on|from)\s+(?:the\s+|our\s+)?$", re.IGNORECASE)
_OWNER_AFTER = re.compile(r"'s\b|\s*的")
_SERVICE_PARTS = frozenset(
    ["api", "svc", "service", "srv", "app", "engine", "hub", "server", "proxy", "sync", "manager"]
)
_FAULT = re.compile(r"(?:Exception|Error|Pointer|Timeout|Failure)s?$")
_POSSESSIVE = re.compile(r"^'s\s")
_ARTICLE = re.compile(
    r"\b(?:an?|my|your|our|this|some|any|these|those|all|every|each|more|new|another|other|no)\s+$", re.IGNORECASE
)
_USED_AS_A_VERB = re.compile(r"^\s+(?:the|an?|our|my|me|us|this|that|all|some|any|in|docs)\b", re.IGNORECASE)
_VERB_OR_ADVERB = re.compile(r"(?:ly|ed|ize|ise|ful|ous|est|able|ing)$")
_OPERATED_ON = frozenset(
    [
        "restart",
        "rollback",
        "fix",
        "deploy",
        "probe",
        "cause",
        "review",
        "checkup",
        "free",
        "change",
        "dependency",
        "metrics",
        "logs",
        "difference",
        "who",
        "status",
    ]
)


def guess_service(rest: str, pieces: Sequence[Piece], lexicon: Lexicon) -> tuple[int, int, str] | None:
    """Return start, end and text of the word that stands where a service's name stands, or None.

    Args:
        rest: The message, what is known to be something else blanked.
        pieces: What the lexicon reads in it.
        lexicon: Tells everyday words, which are no names unless "service" stands beside them.
    """
    kinds = {piece.start: piece for piece in pieces}
    rated = [(word, _points(word, rest, kinds.get(word.start()), lexicon)) for word in NAME.finditer(rest)]
    enough = [(_shape(word.group(), lexicon), points, word) for word, points in rated if points >= _ENOUGH]
    word = max(enough, key=lambda one: one[:2])[2] if enough else None  # of equals the first
    chinese = chinese_name(rest, lexicon) if word is None or not looks_like_a_name(word.group(), lexicon) else None
    if chinese is not None and (word is None or chinese.headed):
        return chinese.start, chinese.end, chinese.text
    if word is None:
        return None
    return word.start(), word.end(), word.group()


def looks_like_a_name(name: str, lexicon: Lexicon) -> bool:
    """Whether a name looks like that of a service wherever it stands."""
    if CJK.search(name):
        return lexicon.has_head(name)
    return name.lower() in lexicon.service_nouns or _NAME_SHAPE.search(name) is not None


def _shape(name: str, lexicon: Lexicon) -> int:
    """How much a word looks like a name: 2 with a part that services have, 1 by its shape, 0 as a mere word."""
    parts = re.split(r"[-_]", name.lower())
    if len(parts) > 1 and any(part in lexicon.service_nouns or part in _SERVICE_PARTS for part in parts):
        return 2
    if len(parts) > 1 and all(lexicon.is_everyday(part) for part in parts):
        return 0
    return int(looks_like_a_name(name, lexicon) or (name[0].isupper() and not lexicon.is_everyday(name)))


def names_service(text: str, start: int, end: int, lexicon: Lexicon, *, alone: bool) -> bool:
    """Whether a snake_case word is a service rather than a setting: by its last part, and by what stands around it.

    Args:
        text: The message.
        start: Where the word starts.
        end: Where it ends.
        lexicon: Knows what settings and services are often called.
        alone: It is the only word of its shape; of two, `a_b of c_d`, one owns the other.
    """
    parts = text[start:end].lower().split("_")
    if "." in text[start:end] or parts[-1] in lexicon.setting_nouns:
        return False
    if parts[-1] in lexicon.service_nouns:
        return True
    if not alone and (_OWNED_BEFORE.search(text[:start]) or _OWNER_AFTER.match(text[end:])):
        return True
    return not _SET_BEFORE.search(text[:start]) and not _SET_AFTER.search(text[end:])


def _points(word: re.Match[str], rest: str, piece: Piece | None, lexicon: Lexicon) -> float:
    before, after, name = rest[: word.start()], rest[word.end() :], word.group()
    named = _CALLED_SERVICE.match(after) is not None or _SERVICE_CALLED.search(before) is not None
    everyday, usual = lexicon.is_everyday(name), name.lower() in lexicon.service_nouns
    if piece is not None and piece.concepts and piece.end > word.end():
        return 0  # the first word of a longer form: `every service`
    if (
        len(name) < 3
        or _FAULT.search(name)
        or (everyday and not usual and (not named or piece is None or piece.kind in ("stop", "foreign")))
    ):
        return 0
    points = (3.0 if named else 0.0) + (0.0 if everyday else 1.5)
    points += (1.0 if everyday else 1.5) if usual else 0
    points -= 2 if everyday and _USED_AS_A_VERB.match(after) else 0
    points += 0.5 if _POSSESSIVE.match(after) else 0
    points += 2.5 if _NAME_SHAPE.search(name) else 0
    points += 1.5 if CJK.search(rest) else 0
    points += 1 if _BEFORE.search(before) else 0
    points += 1 if _AFTER.match(after) else 0
    points += 1 if any(set(done.concepts) & _OPERATED_ON for done in lexicon.read(before)[-2:]) else 0
    points += 0.5 if not before.strip() else 0
    proper = name[0].isupper() and bool(before.strip()) and not everyday
    points -= 2 if _ARTICLE.search(before) and not proper else 0
    points -= 1 if _VERB_OR_ADVERB.search(name) and not usual else 0
    return points + (0.5 if proper else 0)
