"""Client of DashScope's own text generation wire format, with its SDK. One try a call.

Completions (fill in the middle) are the one thing that DashScope has only in its OpenAI mode; they go there.
"""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from sanca.core.errors import ModelError
from sanca.core.messages import ModelDelta, ModelRequest, PromptMessage, Usage
from sanca.python_runtime.models import failures
from sanca.python_runtime.models.entries import Endpoint
from sanca.python_runtime.models.openai_client import OpenAIModel
from sanca.python_runtime.models.settings import Patience, deadline_of
from sanca.python_runtime.models.streams import Deadline, close_shielded, closing, load
from sanca.python_runtime.models.tool_calls import CallPieces, WireNames, call_out, function_out

if TYPE_CHECKING:
    import aiohttp

_OWN_PATH = "/api/v1"
_THINKING_SWITCH = "enable_thinking"
_OPENAI_PATH = "/compatible-mode/v1"


class DashScopeModel:
    """A model behind DashScope's native API. Opens its connections at the first call; `close` ends them."""

    def __init__(self, endpoint: Endpoint, patience: Patience | None = None) -> None:
        self._endpoint = endpoint
        self._patience = patience or Patience()
        self._session: aiohttp.ClientSession | None = None
        self._completions: OpenAIModel | None = None
        self._knows_thinking = True

    @property
    def name(self) -> str:
        """The model's name as DashScope spells it."""
        return self._endpoint.model

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Stream one reply; the last delta carries finish reason, usage and what DashScope wants back."""
        deltas = self._complete(request) if request.form == "completion" else self._generate(request)
        async with closing(deltas):
            async for delta in deltas:
                yield delta

    def _complete(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        if self._completions is None:
            if not self._endpoint.url.endswith(_OWN_PATH):
                raise ModelError(
                    f"The server {self._endpoint.place} has no completions beside DashScope's own format; "
                    "ask it in the chat form."
                )
            base_url = self._endpoint.url.removesuffix(_OWN_PATH) + _OPENAI_PATH
            self._completions = OpenAIModel(
                self._endpoint.model_copy(update={"base_url": base_url, "kind": "openai"}), self._patience
            )
        return self._completions.stream(request)

    async def _generate(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Stream a chat reply; a model that refuses the switch for thinking is asked without it from then on."""
        if request.reasoning and self._knows_thinking:
            try:
                async with closing(self._answers(request)) as deltas:
                    async for delta in deltas:
                        yield delta
            except ModelError as error:
                if error.retryable or _THINKING_SWITCH not in str(error):
                    raise
                self._knows_thinking = False
            else:
                return
        async with closing(self._answers(request.model_copy(update={"reasoning": ""}))) as deltas:
            async for delta in deltas:
                yield delta

    async def _answers(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        deadline = deadline_of(request, self._patience)
        reply = _Reply()
        try:
            answers = await self._send(request, deadline)
            async with closing(answers):
                async for answer in deadline.each(answers):
                    delta = read_answer(answer, reply, self._endpoint)
                    if delta.text or delta.reasoning:
                        yield delta
        except Exception as error:
            raise map_failure(error, self._endpoint, request.timeout_seconds, started=reply.chunks > 0) from error
        if not reply.chunks:
            raise failures.not_a_reply_failure(self._endpoint)
        yield reply.last_delta(self.name, WireNames(request.tools))

    async def close(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        completions, self._completions = self._completions, None
        if session is not None:
            await close_shielded(session.close)
        if completions is not None:
            await completions.close()

    async def _send(self, request: ModelRequest, deadline: Deadline) -> AsyncIterator[Any]:
        session = await self._open()
        from dashscope import AioGeneration

        answers = await deadline.wait(
            AioGeneration.call(
                **request_arguments(request, self._endpoint),
                api_key=self._endpoint.api_key.get_secret_value() or "none",
                base_address=self._endpoint.url,
                request_timeout=request.timeout_seconds,
                session=session,
            )
        )
        return cast("AsyncIterator[Any]", answers)  # with stream=True it is one; the SDK does not type that

    async def _open(self) -> aiohttp.ClientSession:
        await load("dashscope")
        import aiohttp

        if "DASHSCOPE_LOGGING_LEVEL" not in os.environ:
            # The SDK logs a traceback for every failed request; ours is one sentence.
            logging.getLogger("dashscope").setLevel(logging.CRITICAL)
        if self._session is None:  # asked after the wait above: two first calls at once share one session
            timeout = aiohttp.ClientTimeout(total=None, connect=self._patience.connect)
            self._session = aiohttp.ClientSession(trust_env=not self._endpoint.is_loopback, timeout=timeout)
        return self._session


def request_arguments(request: ModelRequest, endpoint: Endpoint) -> dict[str, Any]:
    """Map a request out.

    Increments are always asked for: with `incremental_output=False` the SDK asks for them all the same and adds them
    up itself, so nothing would be gained.
    """
    names = WireNames(request.tools)
    arguments: dict[str, Any] = {
        "model": endpoint.model,
        "messages": [_message_out(message, names) for message in request.messages],
        "temperature": request.temperature,
        "max_tokens": request.max_output_tokens,
        "result_format": "message",
        "stream": True,
        "incremental_output": True,
    }
    if request.tools:
        arguments["tools"] = [function_out(tool, names) for tool in request.tools]
        arguments["parallel_tool_calls"] = True
    if request.reasoning:
        arguments[_THINKING_SWITCH] = request.reasoning != "off"
    if request.stop:
        arguments["stop"] = list(request.stop)
    return arguments


def _message_out(message: PromptMessage, names: WireNames) -> dict[str, Any]:
    out = {"role": message.role, "content": message.content, **message.extra.get("dashscope", {})}
    if message.tool_calls:
        out["tool_calls"] = [call_out(call, names) for call in message.tool_calls]
    if message.role == "tool":
        out["tool_call_id"] = message.tool_call_id
    return out


@dataclass
class _Reply:
    """What has been read of one reply."""

    finish_reason: str = ""
    usage: dict[str, Any] = field(default_factory=dict)
    reasoning: list[str] = field(default_factory=list)
    calls: CallPieces = field(default_factory=CallPieces)
    chunks: int = 0

    def last_delta(self, model: str, names: WireNames) -> ModelDelta:
        kept = {"reasoning_content": "".join(self.reasoning)} if self.reasoning else {}
        return ModelDelta(
            tool_calls=self.calls.whole(names),
            finish_reason=self.finish_reason or "unknown",
            usage=usage_in(self.usage, model),
            extra={"dashscope": kept} if kept else {},
        )


def read_answer(answer: Any, reply: _Reply, endpoint: Endpoint) -> ModelDelta:
    """Map one event in. Usage counts from the start of the reply in each, so the newest one wins.

    Raises:
        ModelError: The event says that the request failed; the SDK itself does not raise for it.
    """
    headers = answer.headers or {}
    if answer.code == "Unknown" and "text/event-stream" in headers.get("Content-Type", ""):
        raise failures.not_a_reply_failure(endpoint)  # how the SDK reports an event that is no JSON
    if answer.status_code != 200:
        raise failures.status_failure(
            int(answer.status_code), answer.message, endpoint, code=str(answer.code or ""), headers=headers
        )
    output = answer.output or {}
    choices = output.get("choices") or []
    if not choices:
        return _text_in(output.get("text"), "", output.get("finish_reason"), answer, reply)
    message = choices[0].get("message") or {}
    for piece in message.get("tool_calls") or ():
        function = piece.get("function") or {}
        reply.calls.add(
            piece.get("index"),
            call_id=piece.get("id") or "",
            name=function.get("name") or "",
            arguments=function.get("arguments") or "",
        )
    return _text_in(
        message.get("content"), message.get("reasoning_content"), choices[0].get("finish_reason"), answer, reply
    )


def _text_in(content: object, reasoning: object, finish: object, answer: Any, reply: _Reply) -> ModelDelta:
    reply.chunks += 1
    reply.usage = dict(answer.usage or {}) or reply.usage
    if finish and finish != "null":  # an unfinished event says "null", in letters
        reply.finish_reason = str(finish)
    delta = ModelDelta(
        text=content if isinstance(content, str) else "", reasoning=reasoning if isinstance(reasoning, str) else ""
    )
    if delta.reasoning:
        reply.reasoning.append(delta.reasoning)
    return delta


def usage_in(usage: dict[str, Any], model: str) -> Usage:
    """Map the usage in; absent counts are 0."""
    output_details = usage.get("output_tokens_details") or {}
    input_details = usage.get("prompt_tokens_details") or {}
    return Usage(
        model=model,
        input_tokens=usage.get("input_tokens") or 0,
        output_tokens=usage.get("output_tokens") or 0,
        reasoning_tokens=output_details.get("reasoning_tokens") or 0,
        cached_tokens=input_details.get("cached_tokens") or 0,
    )


def map_failure(error: Exception, endpoint: Endpoint, timeout_seconds: float, *, started: bool) -> ModelError:
    """Return what went wrong as one of our errors; anything unforeseen is raised again as it is."""
    import aiohttp

    if isinstance(error, ModelError):
        return error
    if isinstance(error, TimeoutError):  # aiohttp's time-outs are TimeoutErrors too
        return failures.timeout_failure(endpoint, timeout_seconds, error)
    if isinstance(error, aiohttp.ClientConnectorError):
        return failures.connection_failure(error.strerror or error, endpoint)
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ClientConnectionError):
        return failures.broken_stream_failure(endpoint) if started else failures.connection_failure(error, endpoint)
    if isinstance(error, aiohttp.ContentTypeError | ValueError | KeyError | TypeError):
        return failures.not_a_reply_failure(endpoint)  # the SDK reads fields without asking whether they are there
    raise error
