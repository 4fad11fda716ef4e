"""Brings writes that waited to the store they were meant for, each counted once however often it comes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from sanca.core.errors import RecordConflictError, StoreError, StoreUnavailableError
from sanca.core.memory import MemoryRecord, RecordFilter, Scope
from sanca.core.messages import Message

if TYPE_CHECKING:
    from sanca.memory.stores import Store
    from sanca.memory.stores.outbox.waiting_writes import WaitingWrite, WaitingWrites

log = structlog.get_logger()

Value = TypeVar("Value")
Writing = Callable[["Store"], Awaitable[Value]]
"""One call of a store, whichever it is."""


async def deliver(write: WaitingWrite, store: Store, waiting: WaitingWrites) -> None:
    """Do one write and take it out; what the store refuses is set aside with the reason.

    Raises:
        StoreUnavailableError: The store does not answer; the write goes on waiting.
    """
    try:
        await writing_of(write.name, write.body)(store)
    except StoreUnavailableError:
        raise
    except StoreError as error:
        if not await _has_arrived(write, error, store):
            log.warning("memory_write_refused", write=write.name, reason=str(error))
            await waiting.set_aside(write, str(error))
            return
        log.info("memory_write_came_twice", write=write.name)
    await waiting.remove(write)


async def _has_arrived(write: WaitingWrite, error: StoreError, store: Store) -> bool:
    """Whether a write is refused only because it was delivered before."""
    if write.name == "add_file":
        body = write.body
        kept = await store.file(body["tenant"], body["user"], str(body["info"]["file_id"]))
        return kept is not None and all(body["info"].get(name) == value for name, value in kept.items())
    if isinstance(error, RecordConflictError):
        records = [MemoryRecord.model_construct(**each) for each in write.body["records"]]
        return all([await _is_kept_so(record, store) for record in records])
    return False


async def _is_kept_so(record: MemoryRecord, store: Store) -> bool:
    found = await store.get(Scope(tenant=record.tenant, user=record.user), [record.key])
    return bool(found) and (found[0].title, found[0].text) == (record.title, record.text)


def writing_of(name: str, body: Mapping[str, Any]) -> Writing[Any]:
    """Return what does a write that was kept as JSON."""
    given = dict(body)
    if name == "add_message":
        given["message"] = Message.model_validate(given["message"])
    elif name == "put":
        given["records"] = [MemoryRecord.model_construct(**each) for each in given["records"]]
    elif name == "delete":
        given = {"scope": Scope(**given["scope"]), "which": RecordFilter(**given["which"])}
    return partial(_call, name, given)


async def _call(name: str, arguments: Mapping[str, Any], store: Store) -> Any:
    return await getattr(store, name)(**arguments)
