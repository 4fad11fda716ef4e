"""Which kept records a filter leaves in, and which say the same. What stores do is not done again."""

from __future__ import annotations

from collections.abc import Sequence

from sanca.core.memory import MemoryRecord, RecordFilter
from sanca.memory.retrieval.dates import moment_of


def leaves_in(which: RecordFilter, record: MemoryRecord) -> bool:
    """Whether a filter leaves a record in, besides its layers and sessions."""
    if which.speakers and record.speaker.casefold() not in {speaker.casefold() for speaker in which.speakers}:
        return False
    if which.documents and record.document not in which.documents:
        return False
    if which.ids and record.id not in which.ids:
        return False
    if record.session_id in which.not_session_ids:
        return False
    return _in_time(which, record)


def _in_time(which: RecordFilter, record: MemoryRecord) -> bool:
    if not (which.since or which.until):
        return True
    said, since, until = moment_of(record.time), moment_of(which.since), moment_of(which.until)
    return said is not None and not (since and said < since) and not (until and said >= until)


def same_words(record: MemoryRecord, terms: Sequence[str]) -> tuple[str, ...]:
    """Return what a record and its double have in common: who says which words; of few words, all of the text."""
    if len(terms) < 4:
        return (record.layer, record.speaker, "".join(record.text.lower().split()))
    return (record.layer, record.speaker, *terms)
