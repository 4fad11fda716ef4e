"""Numbers the messages of each session, so that two engines that append at once never give the same number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import anyio
from sanca.core.errors import StoreUnavailableError
from sanca.memory.stores.elasticsearch.documents import digest_of

if TYPE_CHECKING:
    from sanca.memory.stores.elasticsearch.access import Access, Operation

Session = tuple[str, str, str]
"""Tenant, user, session."""

_TRIES = 200
_PAUSE_SECONDS = 0.02


class Positions:
    """Counters in the sessions' index, one a session; written only if nobody did since they were read."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def reserve(self, wanted: Mapping[Session, tuple[int, int]]) -> dict[Session, int]:
        """Reserve positions and return the first of each session's.

        Args:
            wanted: How many are needed, and the highest position that was given from outside (0: none).
        """
        first: dict[Session, int] = {}
        left = dict(wanted)
        for _ in range(_TRIES):
            kept = await self._access.get([_counter_id(session) for session in left])
            operations: list[Operation] = []
            for session, (count, highest) in left.items():
                answer = kept.get(_counter_id(session))
                begin = max(answer["_source"]["next_position"] if answer else 1, highest + 1)
                first[session] = begin
                operations.append(_step(session, begin + count, answer))
            answers = await self._access.write(operations)
            left = {
                session: left[session] for session, answer in zip(left, answers, strict=True) if answer["status"] == 409
            }
            if not left:
                return first
            await anyio.sleep(_PAUSE_SECONDS)
        raise StoreUnavailableError("Too many write to one session at once; try again in a moment.")


def _counter_id(session: Session) -> str:
    return digest_of("counter", *session)


def _step(session: Session, position: int, answer: Mapping[str, object] | None) -> Operation:
    tenant, user, session_id = session
    document = {
        "kind": "counter", "key": _counter_id(session), "tenant": tenant, "user": user, "session_id": session_id,
        "next_position": position,
    }  # fmt: skip
    if answer is None:
        return {"create": {"_id": _counter_id(session)}}, document
    same = {"if_seq_no": answer["_seq_no"], "if_primary_term": answer["_primary_term"]}
    return {"index": {"_id": _counter_id(session), **same}}, document
