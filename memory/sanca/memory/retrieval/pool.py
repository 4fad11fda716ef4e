"""Records made ready to be compared with questions: a session's, or a store's candidates. Not how they are ranked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from sanca.core.memory import MemoryRecord
from sanca.memory.retrieval.dates import Span, moment_of, spans_in
from sanca.memory.retrieval.postings import Bm25, Cosine
from sanca.memory.retrieval.words import pieces, terms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PAUSE_SECONDS = 4 * 3600
_WITHOUT_TIME = 24
_FEW_TERMS = 4
_TRAITS = {
    "question": re.compile(r"[?？]\s*\W*$|[吗呢]\W*$"),
    "time": re.compile(
        r"\b(yesterday|today|tonight|tomorrow|last|next|ago|weekend|week|month|year|january|february|march|april|may|june"
        r"|july|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|since"
        r"|recently|just|morning|evening|afternoon|night)\b|\d{4}"
        r"|昨天|今天|明天|前天|上周|下周|上个月|下个月|去年|今年|明年|周末|月|号|年|刚|最近",
        re.IGNORECASE,
    ),
    "number": re.compile(
        r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|twelve|couple|few|several|once|twice|hundred|dozen)\b"
        r"|[一二三四五六七八九十两]",
        re.IGNORECASE,
    ),
    "place": re.compile(r"\b(in|at|to|from|near|around)\s+(the\s+)?[A-Z]|在|去|到"),
    "reason": re.compile(
        r"\b(because|since|so that|wanted|reason|inspired|made me|helps?|to be)\b|因为|所以|为了|想", re.IGNORECASE
    ),
    "self": re.compile(r"\b(i|my|we|our|me|mine|i'm|i've)\b|我|咱", re.IGNORECASE),
}


class Pool:
    """Records in the order of their places, with everything that does not depend on the question."""

    def __init__(self, records: Sequence[MemoryRecord]) -> None:
        self.records = tuple(records)
        self.texts = [f"{record.title} {record.text}" if record.title else record.text for record in self.records]
        self.terms = [terms(text) for text in self.texts]
        self.words = Bm25(self.terms)
        self.pieces = Cosine(pieces(text) for text in self.texts)
        self.sitting_of = self._sittings()
        self._traits: dict[str, NDArray[np.float64]] = {}

    def __len__(self) -> int:
        return len(self.records)

    @cached_property
    def sittings(self) -> Bm25[str]:
        """Each sitting as one text."""
        count = int(self.sitting_of.max()) + 1 if len(self) else 0
        joined: list[list[str]] = [[] for _ in range(count)]
        for sitting, found in zip(self.sitting_of, self.terms, strict=True):
            joined[sitting] += found
        return Bm25(joined)

    def trait(self, name: str) -> NDArray[np.float64]:
        """Return which of the texts have a trait, or how much of it; shape (records,).

        Args:
            name: question, time, number, place, reason or self (of the text's form), length, short (of its terms).
        """
        import numpy as np

        if name not in self._traits:
            if name == "length":
                found = np.minimum(np.log1p([len(one) for one in self.terms]) / np.log(40), 1.5)
            elif name == "short":
                found = np.array([len(set(one)) < _FEW_TERMS for one in self.terms], float)
            else:
                found = np.array([bool(_TRAITS[name].search(text)) for text in self.texts], float)
            self._traits[name] = found
        return self._traits[name]

    @cached_property
    def speakers(self) -> list[str]:
        """Who speaks."""
        return sorted({record.speaker for record in self.records if record.speaker})

    @cached_property
    def days(self) -> list[tuple[date | None, list[Span]]]:
        """The day on which each was said, and the days that it tells of, counted from then ("yesterday")."""
        found: list[tuple[date | None, list[Span]]] = []
        for record, text in zip(self.records, self.texts, strict=True):
            moment = moment_of(record.time)
            said = moment.date() if moment else None
            found.append((said, spans_in(text, said) if said else []))
        return found

    def _sittings(self) -> NDArray[np.int32]:
        """Number the sittings: another session or document, or a pause of hours, begins a new one."""
        import numpy as np

        found, number, since = [], -1, 0
        before: MemoryRecord | None = None
        for record in self.records:
            since += 1
            if before is None or _begins_anew(before, record, since):
                number, since = number + 1, 0
            found.append(number)
            before = record
        return np.array(found, np.int32)


def _begins_anew(before: MemoryRecord, record: MemoryRecord, since: int) -> bool:
    if (before.session_id, before.document, before.layer) != (record.session_id, record.document, record.layer):
        return True
    first, second = moment_of(before.time), moment_of(record.time)
    if first is None or second is None:
        return since >= _WITHOUT_TIME
    return abs((second - first).total_seconds()) > _PAUSE_SECONDS
