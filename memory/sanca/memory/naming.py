"""Which word of a message names a service, when nobody says which services there are. Position and shape only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from sanca.memory.lexicon import Lexicon, Piece
from sanca.memory.text import CJK

NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*")
_ENOUGH = 2.0

_BEFORE_WORDS = (
    "of|for|on|in|from|is|are|does|did|has|with|behind|whether|if|the|to|inside|was|were|have|let's|through|"
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
_AFTER = re.compile(rf"^(?:'s\b|\s+(?:{_AFTER_WORDS})\b|[\s,]*[\u3400-\u9fff]|\s*[?.!]?\s*$|\s*[,:])", re.IGNORECASE)
_CALLED_SERVICE = re.compile(
    r"^\s*(?:service|app|application|microservice|backend|component|服务|应用|微服务)(?![a-z])", re.IGNORECASE
)
_SERVICE_CALLED = re.compile(r"(?:(?<![\w-])(?:service|app|application)|服务|应用)[\s:]*$", re.IGNORECASE)
_NAME_SHAPE = re.compile(r"[-_]|[a-z][A-Z]|\d")
_POSSESSIVE = re.compile(r"^'s\s")
_SUFFIX = "微?服务|系统|中心|模块|应用"
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
    enough = [(looks_like_a_name(word.group(), lexicon), points, word) for word, points in rated if points >= _ENOUGH]
    if not enough:
        return _guess_chinese(rest, pieces, lexicon)
    word = max(enough, key=lambda one: one[:2])[2]  # of equals the first
    return word.start(), word.end(), word.group()


def looks_like_a_name(name: str, lexicon: Lexicon) -> bool:
    """Whether a name looks like that of a service wherever it stands."""
    return name.lower() in lexicon.service_nouns or _NAME_SHAPE.search(name) is not None or bool(CJK.search(name))


def _guess_chinese(rest: str, pieces: Sequence[Piece], lexicon: Lexicon) -> tuple[int, int, str] | None:
    """Return a Chinese name with 服务 or the like behind it: 用户服务. The suffix belongs to the name."""
    if hit := re.search(f"(?:{'|'.join(lexicon.service_words)})(?:{_SUFFIX})", rest):
        return hit.start(), hit.end(), hit.group()
    for first, second in pairwise(pieces):
        behind = first.end == second.start and re.fullmatch(_SUFFIX, second.text)
        if behind and first.kind == "unknown" and CJK.fullmatch(first.text) and 2 <= len(first.text) <= 4:
            return first.start, second.end, first.text + second.text
    return None


def _points(word: re.Match[str], rest: str, piece: Piece | None, lexicon: Lexicon) -> float:
    before, after, name = rest[: word.start()], rest[word.end() :], word.group()
    named = _CALLED_SERVICE.match(after) is not None or _SERVICE_CALLED.search(before) is not None
    everyday, usual = lexicon.is_everyday(name), name.lower() in lexicon.service_nouns
    if piece is not None and piece.concepts and piece.end > word.end():
        return 0  # the first word of a longer form: `every service`
    if len(name) < 3 or (everyday and not usual and (not named or piece is None or piece.kind in ("stop", "foreign"))):
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
    points -= 2 if _ARTICLE.search(before) else 0
    points -= 1 if _VERB_OR_ADVERB.search(name) and not usual else 0
    return points - (1 if name[0].isupper() and before.strip() and not named else 0)
