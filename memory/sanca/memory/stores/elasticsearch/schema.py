"""What the indices look like: names, versions, mappings. Makes none of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sanca.memory.stores.elasticsearch.documents import Document

_KEYWORD, _LONG, _FLAG = {"type": "keyword"}, {"type": "long"}, {"type": "boolean"}
_NAMES = ("tenant", "user", "session_id")


def unchanged(document: Document) -> Document:
    """Take a document of the version before as it is."""
    return document


@dataclass(frozen=True)
class Index:
    """One kind of documents. Its alias is `<prefix>-<name>`, the index behind it `<prefix>-<name>-v<version>`."""

    name: str
    version: int
    properties: Mapping[str, Any]
    upgrade: Callable[[Document], Document] = field(default=unchanged)
    """Makes a document of the version before into one of this version."""

    def mappings(self) -> dict[str, Any]:
        """Return the mapping; what it does not name is kept and not searched."""
        return {"dynamic": False, "properties": dict(self.properties)}


SETTINGS: dict[str, Any] = {
    "number_of_shards": 1,
    "auto_expand_replicas": "0-1",
    "refresh_interval": "1s",
    "translog.durability": "request",
}
"""One shard, so that scores of words count over all; acknowledged means on the disk of every copy."""

RECORDS = Index(
    name="records",
    version=1,
    properties={
        **dict.fromkeys((*_NAMES, "key", "layer", "id", "speaker", "document", "embedded_by"), _KEYWORD),
        **dict.fromkeys(("at", "ends_at", "position", "kept"), _LONG),
        "dropped": _FLAG,
        "terms": {"type": "text", "analyzer": "whitespace", "index_options": "freqs"},
        "vectors": {"type": "object", "dynamic": False},
    },
)

SESSIONS = Index(
    name="sessions",
    version=1,
    properties={
        **dict.fromkeys((*_NAMES, "key", "kind", "run_id"), _KEYWORD),
        **dict.fromkeys(("used", "kept", "next_position"), _LONG),
        "is_deleted": _FLAG,
    },
)


def vector_mapping(dimensions: int) -> dict[str, Any]:
    """Return the mapping of one embedder's vectors: full floats, so that scores are the cosines themselves."""
    return {
        "type": "dense_vector",
        "dims": dimensions,
        "index": True,
        "similarity": "cosine",
        "index_options": {"type": "hnsw", "m": 16, "ef_construction": 100},
    }
