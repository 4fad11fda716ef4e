"""Scopes and filters as SQL: which spaces may be seen, which rows are meant. Reads no text."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

from sanca.core.memory import RecordFilter, Scope
from sanca.memory.stores.moments import period
from sanca.memory.stores.sqlite.connection import rows


@dataclass
class Where:
    """Conditions that must all hold, with their values."""

    conditions: list[str] = field(default_factory=list)
    values: list[object] = field(default_factory=list)

    def add(self, condition: str, *values: object) -> None:
        """Add a condition."""
        self.conditions.append(condition)
        self.values += values

    def __str__(self) -> str:
        """Return it as SQL."""
        return " AND ".join(self.conditions) or "1"


def visible_spaces(connection: sqlite3.Connection, scope: Scope, which: RecordFilter) -> list[int]:
    """Return the spaces whose records the scope sees: its own and, but for `own_only`, the tenant's."""
    users = {scope.user} if which.own_only else {scope.user, ""}
    return _spaces(connection, scope.tenant, users, which)


def own_spaces(connection: sqlite3.Connection, scope: Scope, which: RecordFilter) -> list[int]:
    """Return the spaces of the scope itself."""
    return _spaces(connection, scope.tenant, {scope.user}, which)


def _spaces(connection: sqlite3.Connection, tenant: str, users: set[str], which: RecordFilter) -> list[int]:
    found = rows(
        connection,
        "SELECT space, layer FROM spaces WHERE tenant = ? AND user IN (SELECT value FROM json_each(?))",
        (tenant, listed(sorted(users))),
    )
    return [int(row["space"]) for row in found if not which.layers or row["layer"] in which.layers]


def listed(values: Sequence[object]) -> str:
    """Return values as the JSON that `json_each` takes apart."""
    return json.dumps(list(values))


def where(which: RecordFilter, *, moment: str) -> Where:
    """Return the conditions of a filter but its layers, for a table `r`; `moment`: the SQL of a row's time."""
    made = Where()
    for column, values in (("session_id", which.session_ids), ("document", which.documents), ("id", which.ids)):
        if values:
            made.add(f"r.{column} IN (SELECT value FROM json_each(?))", listed(values))  # noqa: S608
    if which.not_session_ids:
        made.add("r.session_id NOT IN (SELECT value FROM json_each(?))", listed(which.not_session_ids))
    if which.speakers:
        names = [name.casefold() for name in which.speakers]
        made.add("casefold(r.speaker) IN (SELECT value FROM json_each(?))", listed(names))
    since, until = period(which)
    if since is not None:
        made.add(f"{moment} >= ?", since)
    if until is not None:
        made.add(f"{moment} < ?", until)
    return made
