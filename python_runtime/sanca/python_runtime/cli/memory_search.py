"""`sanca memory search`: what answers questions, and why. Works beside a running engine and without one."""

from __future__ import annotations

import getpass
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import anyio
from sanca.core.errors import ConfigurationError
from sanca.core.memory import Hit, Query, RecordFilter, Scope
from sanca.python_runtime.cli.skills import read_queries

_SHOWN_CHARS = 200


@dataclass(frozen=True)
class Asked:
    """Where to look, and how much to show."""

    session: str
    limit: int
    speakers: tuple[str, ...]
    now: str
    tenant: str
    user: str

    @property
    def scope(self) -> Scope:
        """Whose memory is meant."""
        return Scope(tenant=self.tenant, user=self.user or getpass.getuser())

    def query(self, text: str) -> Query:
        """Return a question as the memory takes it."""
        which = RecordFilter(session_ids=(self.session,) if self.session else (), speakers=self.speakers)
        return Query(text=text[:8_000], limit=self.limit, filter=which, now=self.now)


def print_hits(question: str, queries: Path | None, asked: Asked, *, as_json: bool) -> int:
    """Print what answers the question, or each of a file; return the exit code.

    Raises:
        ConfigurationError: There is no question, or the file or the time cannot be read.
    """
    texts = _questions(question, queries)
    _check_now(asked.now)
    anyio.run(partial(_search, texts, asked, as_json=as_json))
    return 0


def _questions(question: str, queries: Path | None) -> list[str]:
    if bool(question.strip()) == (queries is not None):
        raise ConfigurationError("Give one question, or a file of them with --queries FILE.")
    return [question] if queries is None else [query for query, _ in read_queries(queries)]


def _check_now(now: str) -> None:
    try:
        datetime.fromisoformat(now or "2026-01-01")
    except ValueError as error:
        raise ConfigurationError(
            f"The time {now!r} of --now is no ISO 8601 date; write 2026-11-20T14:02:00+00:00."
        ) from error


async def _search(texts: Sequence[str], asked: Asked, *, as_json: bool) -> None:
    from sanca.python_runtime.cli.memory_access import open_memory

    async with open_memory() as (store, memory):
        if asked.session and not await store.owns_session(asked.scope.tenant, asked.scope.user, asked.session):
            raise ConfigurationError(f"You have no session {asked.session!r}; bring one in with `sanca memory import`.")
        for text in texts:
            hits = await memory.recall(asked.scope, asked.query(text))
            print(_as_json(text, hits) if as_json else _as_text(text, hits), flush=True)  # noqa: T201


def _as_json(text: str, hits: Sequence[Hit]) -> str:
    line = {
        "query": text,
        "ids": [hit.record.id for hit in hits],
        "scores": [round(hit.score, 6) for hit in hits],
    }
    return json.dumps(line, ensure_ascii=False)


def _as_text(text: str, hits: Sequence[Hit]) -> str:
    lines = [text]
    for hit in hits:
        why = "; ".join(
            f"{reason.kind} {reason.share:.0%}" + (f": {reason.detail}" if reason.detail else "")
            for reason in hit.reasons
        )
        shown = " ".join(hit.record.text.split())[:_SHOWN_CHARS]
        lines.append(f"  {hit.score:.2f}  [{hit.citation}]  {shown}\n        {why}")
    return "\n".join(lines if hits else [text, "  nothing"])
