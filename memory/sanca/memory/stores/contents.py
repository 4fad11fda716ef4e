"""What every store makes of a record before it keeps it: its terms and its data as JSON, checked. Keeps nothing."""

from __future__ import annotations

import json

from sanca.core.errors import StoreError
from sanca.core.memory import MemoryRecord
from sanca.memory.text import index_terms

DATA_BYTES = 65_536
"""The most a record's `data` may take as JSON."""


def terms_of(record: MemoryRecord) -> str:
    """Return the terms under which a record is found, by spaces."""
    return " ".join(index_terms(f"{record.title}\n{record.text}" if record.title else record.text))


def data_of(record: MemoryRecord) -> str:
    """Return a record's data as JSON.

    Raises:
        StoreError: They are too many, or no text; says which record.
    """
    data = json.dumps(record.data, ensure_ascii=False, separators=(",", ":")) if record.data else "{}"
    if len(data) > DATA_BYTES or len(data.encode(errors="surrogatepass")) > DATA_BYTES:
        raise StoreError(f"The data of {record.id!r} take more than {DATA_BYTES} bytes; keep less of them.")
    _require_unicode(record, data)  # the other texts were checked when the record was made
    return data


def _require_unicode(record: MemoryRecord, part: str) -> None:
    try:
        part.encode()
    except UnicodeEncodeError as error:
        raise StoreError(
            f"The data of {record.id!r} have half a character (a lone surrogate); send whole Unicode."
        ) from error
