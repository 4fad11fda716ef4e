"""One whole reply of a model, and the model of an evaluation: an address, a name and a key from the environment."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sanca.core.errors import ConfigurationError
from sanca.core.messages import ModelRequest, ToolCall, Usage
from sanca.core.ports import Model
from sanca.python_runtime.models import ModelRegistry

KEY = "OPENAI_API_KEY"
USER_KEY = "SANCA_USER_MODEL_API_KEY"


@dataclass
class WholeReply:
    """A streamed reply put together."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    finish_reason: str = ""
    usage: Usage = field(default_factory=Usage)
    extra: dict[str, Any] = field(default_factory=dict)


async def ask(model: Model, request: ModelRequest) -> WholeReply:
    """Return the model's reply when it is over.

    Raises:
        ModelError: It refused or cannot be reached.
    """
    reply = WholeReply()
    async with aclosing(model.stream(request)) as deltas:  # type: ignore[type-var] # every client is a generator
        async for delta in deltas:
            reply.text += delta.text
            reply.calls += delta.tool_calls
            reply.finish_reason = delta.finish_reason or reply.finish_reason
            reply.usage = delta.usage or reply.usage
            reply.extra |= delta.extra
    return reply


@asynccontextmanager
async def model_at(url: str, name: str, key: str) -> AsyncIterator[Model]:
    """Open the model behind an OpenAI-compatible address, with retries and prices as the engine has them.

    Args:
        url: The base URL, for instance `http://127.0.0.1:11434/v1`.
        name: As the server spells it; empty: the first model it lists.
        key: Empty: none is sent.

    Raises:
        ConfigurationError: The address is none, or the server tells no model's name.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise ConfigurationError(f"{url!r} is no address of a model; give one that begins with http:// or https://.")
    settings = {"OPENAI_BASE_URL": url, "OPENAI_MODEL": name or await _first_listed(url, key), KEY: key}
    kept = {
        each: os.environ[each] for each in ("SANCA_MODEL_PRICES", "SANCA_ALLOW_MODEL_REQUESTS") if each in os.environ
    }
    with tempfile.TemporaryDirectory(prefix="sanca-evaluation-") as home:
        registry = ModelRegistry(Path(home), settings | kept)
        try:
            model = registry.model()
            if model is None:
                raise ConfigurationError(f"There is no model at {url!r}.")
            yield model
        finally:
            await registry.close()


async def _first_listed(url: str, key: str) -> str:
    """Return the name of the server's first model: results are kept under it."""
    from openai import AsyncOpenAI, OpenAIError

    place = urlsplit(url).netloc
    async with AsyncOpenAI(api_key=key or "none", base_url=url, max_retries=0, timeout=10.0) as client:
        try:
            names = [model.id for model in (await client.models.list()).data]
        except OpenAIError as error:
            text = f"The server at {place} does not tell which models it has ({error}); give --model-name."
            raise ConfigurationError(text, setting="--model-name") from error
    if not names:
        raise ConfigurationError(f"The server at {place} lists no model; give --model-name.", setting="--model-name")
    return names[0]


def keys(environ: Mapping[str, str], url: str, user_url: str) -> tuple[str, str]:
    """Return the keys of the model and of the one that plays the person; a key never goes to another server."""
    key = environ.get(KEY, "")
    is_same = urlsplit(url).netloc == urlsplit(user_url).netloc
    return key, environ.get(USER_KEY, "") or (key if is_same else "")
