"""Embedders: texts to vectors. The static one is the default; importing this loads no weights."""

from __future__ import annotations

from sanca.core.memory import Embedder
from sanca.memory.embedders.static import StaticEmbedder
from sanca.memory.settings import MemorySettings

__all__ = ["StaticEmbedder", "make_embedder"]


def make_embedder(settings: MemorySettings) -> Embedder:
    """Return the embedder that the settings name; nothing is loaded or asked before its first use."""
    return StaticEmbedder()
