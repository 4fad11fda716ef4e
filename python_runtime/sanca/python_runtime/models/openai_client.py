"""Client of the OpenAI chat completions wire format: OpenAI itself and every server that speaks it. One try a call."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sanca.core.errors import ModelError
from sanca.core.messages import ModelDelta, ModelRequest, PromptMessage, Usage
from sanca.python_runtime.models import failures
from sanca.python_runtime.models.entries import OPENAI_BASE_URL, Endpoint
from sanca.python_runtime.models.streams import Deadline, close_shielded, closing, load

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.chat import ChatCompletion, ChatCompletionChunk
    from openai.types.completion_usage import CompletionUsage

_KEPT = ("reasoning_content", "reasoning_details")
"""Fields beyond the format that servers give with a reply and want back."""
_OPTIONAL = ("temperature", "stream_options", "max_tokens", "max_completion_tokens", *_KEPT)
"""What some servers refuse by name; it is then left out, or spelled the other way, from then on."""


class OpenAIModel:
    """A model behind the chat completions format. Opens its connections at the first call; `close` ends them."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._model = endpoint.model
        self._refused: set[str] = set()
        self._client: AsyncOpenAI | None = None

    @property
    def name(self) -> str:
        """The model's name; empty until a local server has told its own."""
        return self._model

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Stream one reply; the last delta carries finish reason, usage and what the server wants back."""
        deadline = Deadline(request.timeout_seconds)
        try:
            response = await self._send(request, deadline)
            try:
                async with closing(read_reply(response, deadline, self._endpoint, self._model)) as deltas:
                    async for delta in deltas:
                        yield delta
            finally:
                await close_shielded(response.close)
        except Exception as error:
            raise self._failure(error, request) from error

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _send(self, request: ModelRequest, deadline: Deadline) -> AsyncStream[ChatCompletionChunk]:
        client = await self._open()
        if not self._model:
            self._model = await self._first_listed(client, deadline)
        for _ in range(len(_OPTIONAL)):
            body = request_body(request, self._model, self._endpoint, self._refused)
            try:
                stream: AsyncStream[ChatCompletionChunk] = await deadline.wait(client.chat.completions.create(**body))
            except Exception as error:
                if not self._learn(error, body):
                    raise
            else:
                return stream
        raise failures.status_failure(400, "it refuses every form of the request we know", self._endpoint)

    def _learn(self, error: Exception, body: dict[str, Any]) -> bool:
        """Note which optional field the server refused by name; False when it refused something else."""
        from openai import BadRequestError, UnprocessableEntityError

        if not isinstance(error, BadRequestError | UnprocessableEntityError):
            return False
        sent = [name for name in _OPTIONAL if name not in self._refused and _mentions(body, name)]
        named = next((name for name in sent if error.param == name), None)
        named = named or next((name for name in reversed(sent) if name in str(error.message)), None)
        if named is None:
            return False
        self._refused.add(named)
        return True

    async def _open(self) -> AsyncOpenAI:
        await load("openai", "openai.resources.chat", "openai.types.chat")
        import httpx
        from openai import AsyncOpenAI

        if self._client is None:  # asked after the wait above: two first calls at once share one client
            # A proxy is never asked for this very machine. Retries are ours (retry.py), for both wire formats alike.
            http_client = httpx.AsyncClient(trust_env=not self._endpoint.is_loopback, follow_redirects=True)
            key = self._endpoint.api_key.get_secret_value() or "none"
            self._client = AsyncOpenAI(
                api_key=key, base_url=self._endpoint.url, max_retries=0, timeout=None, http_client=http_client
            )
        return self._client

    async def _first_listed(self, client: AsyncOpenAI, deadline: Deadline) -> str:
        page = await deadline.wait(client.models.list())
        names = [model.id for model in page.data]
        if not names:
            raise ModelError(
                f"The model server {self._endpoint.place} lists no model; load one, or set the model's name."
            )
        return names[0]

    def _failure(self, error: Exception, request: ModelRequest) -> ModelError:
        if isinstance(error, ModelError):
            return error
        endpoint = self._endpoint.model_copy(update={"model": self._model})
        return map_failure(error, endpoint, request.timeout_seconds)


def request_body(request: ModelRequest, model: str, endpoint: Endpoint, refused: set[str]) -> dict[str, Any]:
    """Map a request out, without the optional fields that this server refused before."""
    limit = "max_completion_tokens" if endpoint.url == OPENAI_BASE_URL else "max_tokens"
    if limit in refused:
        limit = "max_tokens" if limit == "max_completion_tokens" else "max_completion_tokens"
    body: dict[str, Any] = {
        "model": model,
        "messages": [_message_out(message, refused) for message in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": request.temperature,
        limit: request.max_output_tokens,
    }
    return {name: value for name, value in body.items() if name not in refused}


def _message_out(message: PromptMessage, refused: set[str]) -> dict[str, Any]:
    kept = message.extra.get("openai", {})
    return {
        "role": message.role,
        "content": message.content,
        **{name: kept[name] for name in _KEPT if name in kept and name not in refused},
    }


def _mentions(body: dict[str, Any], name: str) -> bool:
    return name in body or any(name in message for message in body["messages"])


@dataclass
class _Reply:
    """What has been read of one reply."""

    finish_reason: str = ""
    usage: Usage | None = None
    reasoning: list[str] = field(default_factory=list)
    details: list[Any] = field(default_factory=list)
    chunks: int = 0

    def last_delta(self, model: str) -> ModelDelta:
        kept: dict[str, Any] = {}
        if self.reasoning:
            kept["reasoning_content"] = "".join(self.reasoning)
        if self.details:
            kept["reasoning_details"] = self.details
        return ModelDelta(
            finish_reason=self.finish_reason or "unknown",
            usage=self.usage or Usage(model=model),
            extra={"openai": kept} if kept else {},
        )


async def read_reply(
    response: AsyncStream[ChatCompletionChunk], deadline: Deadline, endpoint: Endpoint, model: str
) -> AsyncIterator[ModelDelta]:
    """Map a streamed reply in; also a whole one, from a server that does not stream."""
    reply = _Reply()
    content_type = response.response.headers.get("content-type", "")
    if "text/event-stream" in content_type:
        async for chunk in deadline.each(aiter(response)):
            reply.chunks += 1
            delta = read_chunk(chunk, reply, model)
            if delta.text or delta.reasoning:
                yield delta
    else:
        body = await deadline.wait(response.response.aread())
        yield _read_whole(body, reply, endpoint, model)
    if not reply.chunks:
        raise failures.not_a_reply_failure(endpoint)
    yield reply.last_delta(model)


def read_chunk(chunk: ChatCompletionChunk, reply: _Reply, model: str) -> ModelDelta:
    """Map one chunk in. The usage chunk of the format has no choice."""
    if chunk.usage:
        reply.usage = _usage_in(chunk.usage, model)
    if not chunk.choices:
        return ModelDelta()
    choice = chunk.choices[0]
    reply.finish_reason = choice.finish_reason or reply.finish_reason
    if choice.delta is None:  # some servers end with a choice that has none
        return ModelDelta()
    return _text_in(choice.delta.content, choice.delta.model_extra or {}, reply)


def _read_whole(body: bytes, reply: _Reply, endpoint: Endpoint, model: str) -> ModelDelta:
    from openai.types.chat import ChatCompletion

    try:
        whole: ChatCompletion = ChatCompletion.model_validate(json.loads(body))
    except ValueError as error:
        raise failures.not_a_reply_failure(endpoint) from error
    reply.chunks = 1
    reply.usage = _usage_in(whole.usage, model) if whole.usage else None
    if not whole.choices:
        raise failures.not_a_reply_failure(endpoint, "no choice in it")
    reply.finish_reason = whole.choices[0].finish_reason
    message = whole.choices[0].message
    return _text_in(message.content, message.model_extra or {}, reply)


def _text_in(content: str | None, extra: dict[str, Any], reply: _Reply) -> ModelDelta:
    # DeepSeek, Qwen and vLLM say reasoning_content; OpenRouter and newer vLLM say reasoning.
    reasoning = extra.get("reasoning_content") or extra.get("reasoning") or ""
    reasoning = reasoning if isinstance(reasoning, str) else ""
    if reasoning:
        reply.reasoning.append(reasoning)
    details = extra.get("reasoning_details")
    reply.details.extend(details if isinstance(details, list) else [])
    return ModelDelta(text=content or "", reasoning=reasoning)


def _usage_in(usage: CompletionUsage, model: str) -> Usage:
    output_details, input_details = usage.completion_tokens_details, usage.prompt_tokens_details
    return Usage(
        model=model,
        input_tokens=usage.prompt_tokens or 0,
        output_tokens=usage.completion_tokens or 0,
        reasoning_tokens=(output_details.reasoning_tokens or 0) if output_details else 0,
        cached_tokens=(input_details.cached_tokens or 0) if input_details else 0,
    )


def map_failure(error: Exception, endpoint: Endpoint, timeout_seconds: float) -> ModelError:
    """Return what went wrong as one of our errors; anything unforeseen is raised again as it is."""
    import httpx
    import openai

    if isinstance(error, TimeoutError | openai.APITimeoutError | httpx.TimeoutException):
        return failures.timeout_failure(endpoint, timeout_seconds)
    if isinstance(error, openai.APIStatusError):
        detail = error.body.get("message") if isinstance(error.body, dict) else ""
        return failures.status_failure(
            error.status_code,
            detail or error.response.text,
            endpoint,
            code=str(error.code or ""),
            headers=error.response.headers,
        )
    if isinstance(error, openai.APIConnectionError):
        return failures.connection_failure(error.__cause__ or "", endpoint)
    if isinstance(error, openai.APIResponseValidationError | ValueError):
        return failures.not_a_reply_failure(endpoint)
    if isinstance(error, openai.APIError):  # an error event inside the stream
        return failures.status_failure(_stream_status(error), error.message, endpoint, code=str(error.code or ""))
    if isinstance(error, httpx.HTTPError | httpx.StreamError):
        return failures.broken_stream_failure(endpoint)
    raise error


def _stream_status(error: Any) -> int:
    return int(error.code) if str(error.code or "").isdigit() else 500
