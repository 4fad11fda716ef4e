"""Embedders: texts to vectors. The static one is the default; importing this loads no weights and asks nobody."""

from __future__ import annotations

import os
from collections.abc import Mapping

from sanca.core.errors import ConfigurationError
from sanca.core.memory import Embedder
from sanca.memory.embedders.catching_up import CatchingUp
from sanca.memory.embedders.remote import DashScopeEmbedder, OpenAiEmbedder, RemoteEmbedder
from sanca.memory.embedders.static import StaticEmbedder
from sanca.memory.settings import MemorySettings

__all__ = ["CatchingUp", "DashScopeEmbedder", "OpenAiEmbedder", "StaticEmbedder", "make_embedder"]

_OPENAI = ("https://api.openai.com/v1", "text-embedding-3-small", 64)
_DASHSCOPE = ("https://dashscope.aliyuncs.com/api/v1", "text-embedding-v4", 10)
"""Where, which model and how many texts a call, unless set otherwise."""


def make_embedder(settings: MemorySettings, environment: Mapping[str, str] = os.environ) -> Embedder:
    """Return the embedder that the settings name; nothing is loaded or asked before its first use.

    Args:
        settings: Which one, and where it is.
        environment: Where the key is looked up that the settings do not have: OPENAI_API_KEY, DASHSCOPE_API_KEY.

    Raises:
        ConfigurationError: It needs a key that nobody gave.
    """
    if settings.embedder == "static":
        return StaticEmbedder()
    if settings.embedder == "openai":
        return _remote(OpenAiEmbedder, settings, environment.get("OPENAI_API_KEY", ""), *_OPENAI)
    return _remote(DashScopeEmbedder, settings, environment.get("DASHSCOPE_API_KEY", ""), *_DASHSCOPE)


def _remote(
    kind: type[RemoteEmbedder], settings: MemorySettings, known_key: str, url: str, model: str, batch: int
) -> RemoteEmbedder:
    own_key = settings.embedder_key.get_secret_value()
    # The key of the well-known endpoint is not sent to another one that somebody set.
    key = own_key or ("" if settings.embedder_url else known_key)
    if not key and not settings.embedder_url:
        raise ConfigurationError(
            f"The embedder {settings.embedder!r} needs a key; set SANCA_MEMORY_EMBEDDER_KEY, "
            "or SANCA_MEMORY_EMBEDDER=static.",
            setting="SANCA_MEMORY_EMBEDDER_KEY",
        )
    return kind(
        settings.embedder_url or url,
        key,
        settings.embedder_model or model,
        dimensions=settings.embedder_dimensions,
        batch=min(batch, settings.embedder_batch) if settings.embedder_batch else batch,
        seconds=settings.embedder_seconds,
        tries=settings.embedder_tries,
    )
