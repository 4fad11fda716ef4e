"""Times as numbers, so that they can be compared across zones. Guesses no date out of words."""

from __future__ import annotations

from datetime import UTC, datetime

from sanca.core.errors import StoreError
from sanca.core.memory import RecordFilter


def moment_of(time: str) -> int | None:
    """Return milliseconds since 1970 of an ISO 8601 time (UTC where it names no zone); None: it is none."""
    try:
        parsed = datetime.fromisoformat(time)
        if parsed.tzinfo is None:
            parsed = parsed.replace(tzinfo=UTC)
        return int(parsed.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def now() -> str:
    """Return the time as stores write it: ISO 8601, UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def period(which: RecordFilter) -> tuple[int | None, int | None]:
    """Return since and until as numbers.

    Raises:
        StoreError: One of them is no time.
    """
    return _bound("since", which.since), _bound("until", which.until)


def _bound(name: str, time: str) -> int | None:
    if not time:
        return None
    moment = moment_of(time)
    if moment is None:
        raise StoreError(f"{name!r} is no time: {time!r}; write it like 2026-11-22T14:02:00+00:00.")
    return moment
