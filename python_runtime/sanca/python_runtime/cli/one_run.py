"""`sanca run`: one message, its events as text, and one JSON object at the end for scripts."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import anyio
from sanca.core.errors import ConfigurationError
from sanca.core.ids import new_session_id
from sanca.python_runtime.cli.access import EngineAccess, Event, Summary, open_engine
from sanca.python_runtime.cli.render import EventPrinter, ask_person

SHOWN_STATUS = {"done": "done", "needs_input": "needs_input", "interrupted": "interrupted"}
"""Everything else that can end a run is `failed` to a script."""


def run_message(message: str, *, session: str, approve: str, as_json: bool) -> int:
    """Send the message and print what comes; return 0 only when it was done.

    Raises:
        ConfigurationError: `approve` is not one of ask, all, none; or the message is empty.
    """
    if approve not in {"ask", "all", "none"}:
        raise ConfigurationError(f"--approve takes ask, all or none, not {approve!r}.")
    if not message.strip():
        raise ConfigurationError("The message is empty; say what it should do.")
    return anyio.run(_run_message, message, session or new_session_id(), approve, as_json)


async def _run_message(message: str, session: str, approve: str, as_json: bool) -> int:
    async with open_engine() as engine:
        printer = EventPrinter(quiet=as_json)
        run_id = await follow(engine, engine.ask(message, session), printer, approve)
        summary = await engine.summary(run_id)
    if as_json:
        print(json.dumps(as_object(summary), ensure_ascii=False))  # noqa: T201
    return 0 if summary.status == "done" else 1


async def follow(engine: EngineAccess, events: AsyncIterator[Event], printer: EventPrinter, approve: str) -> str:
    """Print events and answer what is asked until the run is over; return the engine run's id."""
    run_id = ""
    while True:
        last: Event = {}
        async for event in events:
            printer.show(event)
            last = event
            run_id = run_id or run_id_of(event)  # a run that failed tells it at its beginning only
        waiting = interrupts_of(last)
        if not waiting or approve == "none" or (approve == "ask" and not sys.stdin.isatty()):
            return run_id
        verdict = (True, "", None) if approve == "all" else await anyio.to_thread.run_sync(ask_person, waiting[0])
        events = engine.answer(waiting[0]["id"], approved=verdict[0], reason=verdict[1], value=verdict[2])


def interrupts_of(event: Event) -> list[dict[str, Any]]:
    """Return what a terminal event says the run waits for."""
    outcome = event.get("outcome") or {}
    return list(outcome.get("interrupts") or ()) if outcome.get("type") == "interrupt" else []


def run_id_of(event: Event) -> str:
    """Return the engine run's id that an event names; empty where it names none."""
    for interrupt in interrupts_of(event):
        return str(interrupt["metadata"]["runId"])
    return str((event.get("result") or {}).get("run_id") or event.get("runId") or "")


def as_object(summary: Summary) -> dict[str, Any]:
    """Return the object that scripts read."""
    return {
        "run_id": summary.run_id, "session_id": summary.session_id,
        "status": SHOWN_STATUS.get(summary.status, "failed"), "answer": summary.answer or summary.error,
        "cards": summary.cards, "calls": summary.calls, "seconds": round(summary.seconds, 3), "usage": summary.usage,
    }  # fmt: skip
