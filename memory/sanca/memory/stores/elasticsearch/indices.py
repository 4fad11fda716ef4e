"""Makes the indices with their templates and aliases, and moves an older version's documents into a new one.

A move copies page by page and notes in the new index how far it came, so that one that was killed goes on there. The
old index takes no writes meanwhile, and is removed when the alias has changed: what is forgotten must be so anywhere.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import structlog
from sanca.core.errors import StoreError
from sanca.memory.stores.elasticsearch.schema import SETTINGS, Index

if TYPE_CHECKING:
    from elasticsearch import AsyncElasticsearch
    from sanca.memory.stores.elasticsearch.connection import Connection

log = structlog.get_logger()

PAGE = 500


class Indices:
    """The indices of one installation, all with one prefix."""

    def __init__(self, connection: Connection, prefix: str) -> None:
        self._connection = connection
        self._prefix = prefix

    @property
    def _client(self) -> AsyncElasticsearch:
        return self._connection.client

    def alias(self, index: Index) -> str:
        """Return the name that is read and written."""
        return f"{self._prefix}-{index.name}"

    async def prepare(self, index: Index) -> None:
        """Make the index, or bring it to this version.

        Raises:
            StoreError: A newer version of sanca made it, or the rights do not suffice.
        """
        with self._connection.errors():
            await self._put_template(index)
            version = await self._version(index)
            if version is None:
                await self._make(index, {self.alias(index): {}})
            elif version > index.version:
                raise StoreError(
                    f"The index of {self.alias(index)!r} has version {version}, this sanca knows up to "
                    f"{index.version}; use the newer sanca that made it."
                )
            elif version < index.version:
                await self._move(index, version)

    async def _put_template(self, index: Index) -> None:
        name = self.alias(index)
        await self._client.indices.put_index_template(
            name=name,
            index_patterns=[f"{name}-v*"],
            priority=200,
            template={"settings": SETTINGS},
            meta={"made_by": "sanca", "version": index.version},
        )

    async def _version(self, index: Index) -> int | None:
        """Return the version the alias leads to; None: there is no such alias yet."""
        import elasticsearch

        try:
            found = await self._client.indices.get_alias(name=self.alias(index))
        except elasticsearch.NotFoundError:
            return None
        versions = [int(match[1]) for name in found if (match := re.search(r"-v(\d+)$", name))]
        return max(versions, default=0)

    async def _make(self, index: Index, aliases: dict[str, Any]) -> None:
        import elasticsearch

        try:
            await self._client.indices.create(
                index=self._named(index, index.version), mappings=index.mappings(), aliases=aliases
            )
        except elasticsearch.BadRequestError as error:
            if "resource_already_exists" not in str(error):  # another engine was quicker, or a killed one came so far
                raise

    async def _move(self, index: Index, version: int) -> None:
        old, new = self._named(index, version), self._named(index, index.version)
        log.warning("memory_index_moves", old=old, new=new)
        await self._make(index, {})
        await self._copy_vector_fields(old, new)
        await self._client.indices.put_settings(index=old, settings={"index.blocks.write": True})
        await self._client.indices.refresh(index=old)
        while await self._copy_page(index, old, new):
            if await self._version(index) == index.version:
                return  # another engine has done it all
        await self._client.indices.refresh(index=new)
        await self._check_counts(old, new)
        await self._client.indices.update_aliases(
            actions=[
                {"remove": {"index": old, "alias": self.alias(index)}},
                {"add": {"index": new, "alias": self.alias(index)}},
            ]
        )
        await self._client.indices.delete(index=old)

    async def _copy_vector_fields(self, old: str, new: str) -> None:
        mapping = (await self._client.indices.get_mapping(index=old))[old]["mappings"]
        fields = mapping.get("properties", {}).get("vectors", {}).get("properties")
        if fields:
            await self._client.indices.put_mapping(index=new, properties={"vectors": {"properties": fields}})

    async def _copy_page(self, index: Index, old: str, new: str) -> bool:
        """Copy the next page and note it in the new index; return whether there was one."""
        after = await self._mark(new)
        found = await self._client.search(
            index=old,
            size=PAGE,
            sort=[{"key": "asc"}],
            source_exclude_vectors=False,
            search_after=after or None,
        )
        hits = found["hits"]["hits"]
        if not hits:
            return False
        await self._connection.bulk(
            new, [({"create": {"_id": hit["_id"]}}, index.upgrade(hit["_source"])) for hit in hits]
        )
        meta = {"filled_after": json.dumps(hits[-1]["sort"])}
        await self._client.indices.put_mapping(index=new, meta=meta)
        return True

    async def _mark(self, new: str) -> list[Any]:
        mapping = (await self._client.indices.get_mapping(index=new))[new]["mappings"]
        return list(json.loads(mapping.get("_meta", {}).get("filled_after", "[]")))

    async def _check_counts(self, old: str, new: str) -> None:
        before = (await self._client.count(index=old))["count"]
        after = (await self._client.count(index=new))["count"]
        if after < before:
            raise StoreError(
                f"Of {before} documents in {old!r} only {after} arrived in {new!r}; both are kept. "
                f"Delete {new!r} and start sanca again."
            )

    def _named(self, index: Index, version: int) -> str:
        return f"{self.alias(index)}-v{version}"
