"""Scopes and filters as clauses of a query: nothing is asked without them."""

from __future__ import annotations

from typing import Any

from sanca.core.memory import RecordFilter, Scope
from sanca.memory.stores.moments import period

Clause = dict[str, Any]


def visible(scope: Scope | None, which: RecordFilter) -> Clause:
    """Return the query for what the scope sees and the filter leaves in; None is everything, for upkeep only."""
    wanted = [*_seen_by(scope, own_only=which.own_only), *_wanted(which)]
    unwanted: list[Clause] = [{"term": {"dropped": True}}]
    if which.not_session_ids:
        unwanted.append({"terms": {"session_id": list(which.not_session_ids)}})
    return {"bool": {"filter": wanted, "must_not": unwanted}}


def own(scope: Scope, which: RecordFilter) -> Clause:
    """Return the query for the scope's own records that the filter leaves in, dropped ones too: they are forgotten."""
    unwanted = [{"terms": {"session_id": list(which.not_session_ids)}}] if which.not_session_ids else []
    return {"bool": {"filter": [*_seen_by(scope, own_only=True), *_wanted(which)], "must_not": unwanted}}


def of_session(tenant: str, user: str, session_id: str) -> list[Clause]:
    """Return the clauses that name one session of one user."""
    return [{"term": {"tenant": tenant}}, {"term": {"user": user}}, {"term": {"session_id": session_id}}]


def _seen_by(scope: Scope | None, *, own_only: bool) -> list[Clause]:
    if scope is None:
        return []
    users = [scope.user] if own_only else sorted({"", scope.user})
    return [{"term": {"tenant": scope.tenant}}, {"terms": {"user": users}}]


def _wanted(which: RecordFilter) -> list[Clause]:
    lists = {
        "layer": which.layers,
        "session_id": which.session_ids,
        "speaker": tuple(name.casefold() for name in which.speakers),
        "document": which.documents,
        "id": which.ids,
    }
    clauses: list[Clause] = [{"terms": {name: list(values)}} for name, values in lists.items() if values]
    given = {name: bound for name, bound in zip(("gte", "lt"), period(which), strict=True) if bound is not None}
    return [*clauses, {"range": {"at": given}}] if given else clauses
