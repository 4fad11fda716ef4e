"""The methods of engine.proto that are about memory. Checks what comes in; the work is the panel's and the rooms'."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sanca.core.memory import Scope
from sanca.memory.stores.outbox.buffered import BufferedStore
from sanca.python_runtime.engine import Engine
from sanca.python_runtime.memory_panel import MemoryPanel, check_may_teach
from sanca.python_runtime.refusals import BadRequestError
from sanca.python_runtime.service import conversions as convert
from sanca.python_runtime.service import engine_pb2 as pb
from sanca.python_runtime.service import memory_conversions as convert_memory
from sanca.python_runtime.service.incoming import read_file

_CHUNK_BYTES = 256 * 1024
_OUTAGE = {
    "en": (
        "The memory store does not answer. This is the copy on this machine; what you change is kept and delivered "
        "later."
    ),
    "zh": "记忆存储没有响应。这里显示的是本机的副本；你的更改会先保留，稍后送达。",
}


class MemoryDoor:
    """One method for each of engine.proto that is about memory, by its name in snake case."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._panel = MemoryPanel(engine.parts.remembering, engine.parts.learning.book)

    async def search_memory(self, request: pb.SearchMemoryRequest) -> pb.SearchMemoryReply:
        """Find or list what is remembered of the caller and of the tenant."""
        caller = convert.caller_from(request.caller)
        found = await self._panel.find(caller, convert_memory.wanted_from(request))
        store = self._engine.parts.sessions
        is_out = isinstance(store, BufferedStore) and store.outage is not None
        notice = _OUTAGE["zh" if caller.language.startswith("zh") else "en"] if is_out else ""
        return convert_memory.found_message(found, store.name, notice)

    async def edit_memory(self, request: pb.EditMemoryRequest) -> pb.MemoryItem:
        """Correct a record, or add a preference."""
        caller = convert.caller_from(request.caller)
        change = convert_memory.change_from(request.item, caller)
        return convert_memory.item_message(await self._panel.edit(caller, change))

    async def forget_memory(self, request: pb.ForgetMemoryRequest) -> pb.ForgetMemoryReply:
        """Forget records, a document of the tenant's knowledge, or all that is kept of the caller."""
        caller = convert.caller_from(request.caller)
        if sum([bool(request.items), request.everything, bool(request.document)]) != 1:
            raise BadRequestError("Say what to forget, and only one: items, a document, or everything.")
        if request.everything:
            return pb.ForgetMemoryReply(forgotten=await self._engine.parts.user_data.forget(caller.scope))
        if request.document:
            check_may_teach(caller)
            scope = Scope(tenant=caller.tenant, user="")
            return pb.ForgetMemoryReply(forgotten=await self._engine.parts.knowledge.forget(scope, request.document))
        keys = [convert_memory.key_from(item, caller) for item in request.items]
        return pb.ForgetMemoryReply(forgotten=await self._panel.forget(caller, keys))

    async def export_memory(self, request: pb.ExportMemoryRequest) -> AsyncIterator[pb.FileChunk]:
        """Stream all that is kept of the caller, as lines of JSON."""
        caller = convert.caller_from(request.caller)
        info = pb.FileInfo(name=convert_memory.export_name(caller), media_type="application/jsonl")
        yield pb.FileChunk(info=info)
        waiting = bytearray()
        async for line in self._engine.parts.user_data.export(caller.scope):
            waiting += line.encode()
            if len(waiting) >= _CHUNK_BYTES:
                yield pb.FileChunk(data=bytes(waiting))
                waiting.clear()
        yield pb.FileChunk(data=bytes(waiting))

    async def add_knowledge(self, chunks: AsyncIterator[pb.FileChunk]) -> pb.AddKnowledgeReply:
        """Add a document to the tenant's knowledge."""
        parts = self._engine.parts
        caller, info, content = await read_file(chunks, parts.settings.file_bytes, check_may_teach)
        scope = Scope(tenant=caller.tenant, user="")
        added = await parts.knowledge.add_document(scope, info.name, content, info.media_type)
        return pb.AddKnowledgeReply(
            document=added.document, pieces=added.pieces, unchanged=added.unchanged, remarks=added.remarks
        )
