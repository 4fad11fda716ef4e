"""Times as numbers, so that they can be compared across zones. Guesses no date out of words."""

from __future__ import annotations

from datetime import UTC, datetime


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
