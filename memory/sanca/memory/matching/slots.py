"""What a message names: services, releases, settings, files, numbers, spans of time, quoted text. Knows no skill.

Found in the order of how sure they are; a stretch of text belongs to one slot only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

from sanca.core.ports import Entities
from sanca.memory.matching.chinese_naming import head_after
from sanca.memory.matching.lexicon import Lexicon, Piece
from sanca.memory.matching.naming import NAME, guess_service, looks_like_a_name, names_service
from sanca.memory.matching.numbers import numbers_in, spans_in
from sanca.memory.text import CJK, normalise

_JSON = re.compile(r"[{\[][^\n]*[}\]]|[{\[].*[}\]]", re.DOTALL)
_QUOTED = re.compile(r'"([^"\n]+)"|`([^`]+)`|(?<![A-Za-z])\'([^\'\n]+)\'(?![A-Za-z])')
_FILE = re.compile(
    r"(?<![\w/])[\w./-]*[\w-]\.(?:csv|tsv|txt|json|md|log|xlsx?|ya?ml|pdf|py|java|xml|html)\b", re.IGNORECASE
)
_RELEASE = re.compile(
    r"(?<![\w.])(?:[A-Za-z][\w-]*[-/@])?v\d+(?:\.\d+)*(?:[-+][A-Za-z0-9][\w.]*)?(?![\w.]*\w)"
    r"|(?<![\w.])\d+\.\d+\.\d+(?:[-+][\w.]+)?(?![\w])"
)
_PREVIOUS = re.compile(
    r"\b(?:previous|prior|preceding|last (?:good|working|stable)|earlier|older)\s+(?:release|version|build|one|tag)\b"
    r"|上一个版本|上个版本|上一版|前一版|前一个版本|之前的版本|旧版本|老版本",
    re.IGNORECASE,
)
_LATEST = re.compile(
    r"\b(?:latest|newest|current|most recent|new|last)\s+(?:release|version|build|tag)\b"
    r"|最新版本?|最新的版本|新版本|当前版本|最近一次发布|刚发的版本|新上的版本",
    re.IGNORECASE,
)
_SETTING = re.compile(
    r"(?<![\w./-])[A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*)+(?![\w/])|(?<![\w.-])[A-Za-z]+(?:_[A-Za-z0-9]+)+(?![\w.-])"
)
_PRONOUN = re.compile(
    r"\b(?:it|its|that service|this service|that one|this one|the service|the same service|the same one|that app)\b"
    r"|它|这个服务|那个服务|该服务|这服务|那服务|刚才那个|这家伙|同一个服务",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\b\d{4}-\d{1,2}-\d{1,2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{4}\b"
    r"|\b\d{1,2}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?(?:,?\s+\d{4})?\b"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+\d{1,2}(?:st|nd|rd|th)?(?:,?\s+\d{4})?\b"
    r"|\d{4}年\d{1,2}月(?:\d{1,2}[日号])?|(?:\d{1,2}|[一二三四五六七八九十]{1,2})月(?:\d{1,2}|[一二三四五六七八九十]{1,3})[日号]",
    re.IGNORECASE,
)
_TABLE_ENDINGS = (".csv", ".tsv", ".xls", ".xlsx")
_TYPO_RATIO = 0.8
_RELEASE_WORDS = ("previous", "latest")


@dataclass(frozen=True)
class Slot:
    """A stretch of the message that names something."""

    kind: str
    """payload, quoted, file, table, date, release, setting, minutes, number or service."""
    start: int
    end: int
    value: Any
    sure: bool = True
    """False: a word that only stands where a name stands."""


@dataclass
class Reading:
    """A message taken apart: its slots, and the pieces of the rest."""

    text: str
    slots: list[Slot] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    refers_back: bool = False
    """It says `it` or `那个服务`, and names no service itself."""

    def first(self, kind: str) -> Slot | None:
        """Return the first slot of a kind."""
        return next((slot for slot in self.slots if slot.kind == kind), None)

    def all(self, kind: str) -> list[Slot]:
        """Return all slots of a kind, in the order of the text."""
        return [slot for slot in self.slots if slot.kind == kind]


def read_message(message: str, lexicon: Lexicon, entities: Entities | None, now: datetime) -> Reading:
    """Take a message apart."""
    reading = Reading(normalise(message))
    taken = _Taken(reading)
    for kind, start, end, value in _literal_slots(reading.text, entities or {}, now):
        taken.add(kind, start, end, value)
    known = (entities or {}).get("service")
    rest = taken.rest()
    reading.pieces = lexicon.read(rest)
    found = _known_service(rest, known, lexicon) if known is not None else guess_service(rest, reading.pieces, lexicon)
    sure = known is not None or (found is not None and looks_like_a_name(found[2], lexicon))
    if known is None and reading.first("service") is None:
        _rename_setting(reading, lexicon, certain=sure)
    if found and reading.first("service") is None:
        taken.add("service", *found, sure=sure)
    for number in numbers_in(taken.rest()):
        if not _is_part_of_a_word(number.start, number.end, lexicon.read(taken.rest())):
            taken.add("number", number.start, number.end, number.value)
    reading.pieces = lexicon.read(taken.rest())
    reading.refers_back = reading.first("service") is None and _PRONOUN.search(reading.text) is not None
    reading.slots.sort(key=lambda slot: slot.start)
    return reading


def _rename_setting(reading: Reading, lexicon: Lexicon, *, certain: bool) -> None:
    """When no service is named, take a snake_case word for one: by its last part or, unless `certain`, its place."""
    alone = len(reading.all("setting")) == 1
    for index, slot in enumerate(reading.slots):
        if slot.kind != "setting" or (certain and str(slot.value).lower().split("_")[-1] not in lexicon.service_nouns):
            continue
        if names_service(reading.text, slot.start, slot.end, lexicon, alone=alone):
            reading.slots[index] = replace(slot, kind="service")
            return


def _is_part_of_a_word(start: int, end: int, pieces: Sequence[Piece]) -> bool:
    """Whether a Chinese numeral is no number: 一 in 看一下 or 一个."""
    return any(
        piece.start <= start and end <= piece.end and (len(piece.text) > end - start or piece.text == "一")
        for piece in pieces
        if CJK.match(piece.text)
    )


class _Taken:
    """Adds slots that do not overlap."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def add(self, kind: str, start: int, end: int, value: Any, *, sure: bool = True) -> None:
        if all(end <= slot.start or start >= slot.end for slot in self._reading.slots):
            self._reading.slots.append(Slot(kind, start, end, value, sure))

    def rest(self) -> str:
        """Return the text with slots blanked, positions kept."""
        text = self._reading.text
        for slot in self._reading.slots:
            if slot.value in _RELEASE_WORDS or (slot.kind == "number" and CJK.match(text[slot.start : slot.end])):
                continue  # `the previous version` names a release and says `roll back` too; 百分之五 says `calculate`
            text = text[: slot.start] + "\x00" * (slot.end - slot.start) + text[slot.end :]
        return text


def _literal_slots(text: str, entities: Entities, now: datetime) -> Iterator[tuple[str, int, int, Any]]:
    for hit in _JSON.finditer(text):
        yield "payload", hit.start(), hit.end(), hit.group()
    for kind in ("service", "release", "setting"):
        yield from _exact(kind, text, entities.get(kind, ()))
    for hit in _QUOTED.finditer(text):
        yield "quoted", hit.start(), hit.end(), next(group for group in hit.groups() if group)
    for hit in _FILE.finditer(text):
        table = hit.group().lower().endswith(_TABLE_ENDINGS)
        yield "table" if table else "file", hit.start(), hit.end(), hit.group()
    for hit in _DATE.finditer(text):
        yield "date", hit.start(), hit.end(), hit.group()
    for hit in _RELEASE.finditer(text):
        yield "release", hit.start(), hit.end(), _known_release(hit.group(), entities.get("release", ()))
    for pattern, value in ((_PREVIOUS, "previous"), (_LATEST, "latest")):
        for hit in pattern.finditer(text):
            yield "release", hit.start(), hit.end(), value
    for hit in _SETTING.finditer(text):
        yield "setting", hit.start(), hit.end(), hit.group()
    for span in spans_in(text, now):
        yield "minutes", span.start, span.end, span.value


def _exact(kind: str, text: str, names: Sequence[str]) -> Iterator[tuple[str, int, int, Any]]:
    for name in sorted(names, key=len, reverse=True):
        loose = r"[-_\s]?".join(re.escape(part) for part in re.split(r"[-_]", name))
        for hit in re.finditer(rf"(?<![A-Za-z0-9_.-]){loose}(?![A-Za-z0-9_]|[.-][A-Za-z0-9])", text, re.IGNORECASE):
            yield kind, hit.start(), hit.end(), name


def _known_release(said: str, names: Sequence[str]) -> str:
    bare = said.lower().lstrip("v")
    return next((name for name in names if name.lower().lstrip("v") == bare), said)


def _known_service(rest: str, names: Sequence[str], lexicon: Lexicon) -> tuple[int, int, str] | None:
    """Find one of the known services by a part of its name, a typo, or a Chinese word for it."""
    for word in NAME.finditer(rest):
        if (name := _near_name(word.group().lower(), names, lexicon)) is not None:
            return word.start(), word.end(), name
    for chinese, english in lexicon.service_words.items():
        at = rest.find(chinese)
        fitting = [name for name in names if any(part in name.lower() for part in english)]
        if at >= 0 and len(fitting) == 1:
            return at, head_after(rest, at + len(chinese), lexicon), fitting[0]
    return None


def services_named(text: str, names: Sequence[str], lexicon: Lexicon) -> list[str]:
    """Return every known service that a text names, by its name or a Chinese word for it, in the order of the text."""
    found: list[tuple[int, str]] = []
    for name in names:
        found += [
            (hit.start(), name) for hit in re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text, re.IGNORECASE)
        ]
    for chinese, english in lexicon.service_words.items():
        fitting = [name for name in names if any(part in name.lower() for part in english)]
        if len(fitting) == 1:
            found += [(hit.start(), fitting[0]) for hit in re.finditer(chinese, text)]
    return [name for _, name in sorted(found)]


def _near_name(word: str, names: Sequence[str], lexicon: Lexicon) -> str | None:
    if len(word) < 4 or lexicon.is_everyday(word):
        return None
    parts = [name for name in names if word in re.split(r"[-_.]", name.lower())]
    if len(parts) == 1:
        return parts[0]
    rated = sorted(((SequenceMatcher(None, word, name.lower()).ratio(), name) for name in names), reverse=True)
    best = rated[0] if rated else (0.0, "")
    # A typo keeps the length; two names equally near are no answer.
    unique = len(rated) < 2 or best[0] - rated[1][0] > 0.05
    return best[1] if best[0] >= _TYPO_RATIO and unique and abs(len(best[1]) - len(word)) <= 2 else None
