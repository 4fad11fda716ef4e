"""The completions format: one prompt goes out exactly as it is (fill in the middle), text comes back. No connection."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from sanca.core.errors import ModelError
from sanca.core.messages import ModelDelta, ModelRequest, Usage
from sanca.python_runtime.models import failures
from sanca.python_runtime.models.entries import Endpoint
from sanca.python_runtime.models.openai_chat import usage_in
from sanca.python_runtime.models.streams import Deadline

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types import Completion


class CompletionWire:
    """`POST /completions`."""

    optional = ("temperature", "stream_options", "stop")

    def body(self, request: ModelRequest, model: str, endpoint: Endpoint, refused: set[str]) -> dict[str, Any]:
        """Map a request out; its one message is the prompt, with every special token in it untouched.

        Raises:
            ModelError: It has not exactly one message, or tools.
        """
        if len(request.messages) != 1 or request.tools:
            raise ModelError("A completion takes one prompt and no tools; use the chat form for more.")
        body: dict[str, Any] = {
            "model": model,
            "prompt": request.messages[0].content,
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": request.temperature,
            "max_tokens": request.max_output_tokens,
        }
        if request.stop:
            body["stop"] = list(request.stop)
        return {name: value for name, value in body.items() if name not in refused}

    def mentions(self, body: dict[str, Any], name: str) -> bool:
        """Whether the request has this field."""
        return name in body

    async def send(self, client: AsyncOpenAI, body: dict[str, Any]) -> AsyncStream[Completion]:
        """Send it."""
        stream: AsyncStream[Completion] = await client.completions.create(**body)
        return stream

    async def read(
        self, response: Any, deadline: Deadline, request: ModelRequest, endpoint: Endpoint, model: str
    ) -> AsyncIterator[ModelDelta]:
        """Map the reply in, streamed or whole."""
        finish_reason, usage, pieces = "", Usage(model=model), 0
        async for chunk in _chunks(response, deadline, endpoint):
            pieces += 1
            usage = usage_in(chunk.usage, model) if chunk.usage else usage
            for choice in chunk.choices or ():
                finish_reason = choice.finish_reason or finish_reason
                if choice.text:
                    yield ModelDelta(text=choice.text)
        if not pieces:
            raise failures.not_a_reply_failure(endpoint)
        yield ModelDelta(finish_reason=finish_reason or "unknown", usage=usage)


async def _chunks(response: Any, deadline: Deadline, endpoint: Endpoint) -> AsyncIterator[Completion]:
    from openai.types import Completion

    if "text/event-stream" in response.response.headers.get("content-type", ""):
        async for chunk in deadline.each(aiter(response)):
            yield chunk
        return
    body = await deadline.wait(response.response.aread())
    try:
        yield Completion.model_validate(json.loads(body))
    except ValueError as error:
        raise failures.not_a_reply_failure(endpoint) from error
