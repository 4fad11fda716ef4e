"""Which of a caller's runs are listed, and where a page begins. Text of a query; runs nothing."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection
from dataclasses import dataclass

from sanca.core.messages import Caller
from sanca.python_runtime.refusals import BadRequestError
from sanca.python_runtime.run_record import RunRecord

LIMIT_MOST = 100


@dataclass(frozen=True)
class RunFilter:
    """What is wanted; an empty field wants all."""

    session_id: str = ""
    statuses: Collection[str] = ()
    channel: str = ""
    since: str = ""
    """Changed at or after this time, in ISO 8601 with the offset +00:00."""
    after: tuple[str, str] | None = None
    """Time of change and id of the last run of the page before."""
    limit: int = 50


def page_query(caller: Caller, wanted: RunFilter, *, with_place: bool) -> tuple[str, tuple[object, ...]]:
    """Return the condition and its values; `with_place`: only what comes after the page before."""
    parts, values = ["tenant = ?", "user = ?"], [caller.tenant, caller.user]
    for column, value in (("session_id", wanted.session_id), ("channel", wanted.channel)):
        if value:
            parts.append(f"{column} = ?")
            values.append(value)
    if wanted.since:
        parts.append("updated_at >= ?")
        values.append(wanted.since)
    if wanted.statuses:
        parts.append(f"status IN ({','.join('?' * len(wanted.statuses))})")
        values.extend(sorted(wanted.statuses))
    if with_place and wanted.after:
        parts.append("(updated_at, run_id) < (?, ?)")
        values.extend(wanted.after)
    return f"WHERE {' AND '.join(parts)}", tuple(values)


def place_of(record: RunRecord) -> str:
    """Return the opaque text that says where the page after this record begins."""
    place = json.dumps([record.updated_at or record.started_at, record.run_id], separators=(",", ":"))
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def place_from(text: str) -> tuple[str, str] | None:
    """Return the place that `place_of` wrote down; None for an empty text.

    Raises:
        BadRequestError: It is none of ours.
    """
    if not text:
        return None
    try:
        if len(text) > 1_000:
            raise ValueError("longer than any of ours")
        updated_at, run_id = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, TypeError, binascii.Error) as error:
        raise BadRequestError("The page token is not one that an earlier page gave.") from error
    if not (isinstance(updated_at, str) and isinstance(run_id, str)):
        raise BadRequestError("The page token is not one that an earlier page gave.")
    return updated_at, run_id
