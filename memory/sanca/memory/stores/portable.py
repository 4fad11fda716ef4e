"""What moves between stores besides records: kinds of plain rows. Moves nothing itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal, Protocol, get_args

Kind = Literal["sessions", "dropped", "files", "feedback"]
"""dropped: messages that an edit left out, kept for audit."""

KINDS: tuple[Kind, ...] = get_args(Kind)

Row = dict[str, Any]
"""JSON; the same fields in every store."""

NAMES: dict[Kind, tuple[str, ...]] = {
    "sessions": ("session_id",),
    "dropped": ("tenant", "user", "layer", "session_id", "id"),
    "files": ("file_id",),
    "feedback": ("tenant", "user", "run_id"),
}
"""The fields that name a row."""


class Portable(Protocol):
    """A store as plain rows."""

    def rows(self, kind: Kind, *, after: str = "", page: int = 500) -> AsyncIterator[tuple[list[Row], str]]:
        """Yield pages of rows in the order they were made or used, with the mark from which to go on."""

    async def put_rows(self, kind: Kind, given: Sequence[Row]) -> None:
        """Add or replace rows, in order; the same again changes nothing.

        Raises:
            StoreError: A session of that id is another user's here.
        """
