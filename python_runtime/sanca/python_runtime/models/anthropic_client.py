"""Client of Anthropic's messages format, with its SDK: Anthropic itself and servers that speak it. One try a call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from sanca.core.errors import ModelError
from sanca.core.messages import ModelDelta, ModelRequest
from sanca.python_runtime.models import failures
from sanca.python_runtime.models.anthropic_messages import OPTIONAL, Reply, request_body
from sanca.python_runtime.models.entries import Endpoint
from sanca.python_runtime.models.settings import Patience, deadline_of
from sanca.python_runtime.models.streams import Deadline, close_shielded, load
from sanca.python_runtime.models.tool_calls import WireNames

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

_FORMS_TRIED = 6


class AnthropicModel:
    """A model behind the messages format. Opens its connections at the first call; `close` ends them."""

    def __init__(self, endpoint: Endpoint, patience: Patience | None = None) -> None:
        self._endpoint = endpoint
        self._patience = patience or Patience()
        self._refused: set[str] = set()
        self._client: AsyncAnthropic | None = None

    @property
    def name(self) -> str:
        """The model's name as Anthropic spells it."""
        return self._endpoint.model

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Stream one reply; the last delta carries calls, finish reason, usage and the blocks to be sent back."""
        if request.form == "completion":
            raise ModelError(f"The server {self._endpoint.place} has no completions; ask it in the chat form.")
        deadline, reply = deadline_of(request, self._patience), Reply()
        try:
            response = await self._send(request, deadline)
            try:
                async for event in deadline.each(aiter(response)):
                    delta = reply.read(event.model_dump(mode="json", exclude_unset=True))
                    if delta.text or delta.reasoning:
                        yield delta
            finally:
                await close_shielded(response.close)
        except Exception as error:
            raise map_failure(error, self._endpoint, request.timeout_seconds) from error
        if not reply.pieces:
            raise failures.not_a_reply_failure(self._endpoint)
        if not reply.is_ended:
            raise failures.broken_stream_failure(self._endpoint)
        yield reply.last_delta(WireNames(request.tools), self._endpoint)

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _send(self, request: ModelRequest, deadline: Deadline) -> Any:
        client = await self._open()
        for _ in range(_FORMS_TRIED):
            body = request_body(request, self._endpoint, self._refused)
            try:
                return await deadline.wait(client.messages.create(**body))
            except Exception as error:
                if not self._learn(error, body):
                    raise
        raise failures.status_failure(400, "it refuses every form of the request we know", self._endpoint)

    def _learn(self, error: Exception, body: dict[str, Any]) -> bool:
        """Note which optional field the server refused by name; False when it refused something else."""
        from anthropic import BadRequestError

        if not isinstance(error, BadRequestError):
            return False
        said = str(error.message)
        named = next((name for name in OPTIONAL if name in said and name not in self._refused), None)
        if named is None and "thinking" in body and ("thinking" in said or "adaptive" in said):
            named = "thinking" if "adaptive" in self._refused else "adaptive"
        if named is None:
            return False
        self._refused.add(named)
        return True

    async def _open(self) -> AsyncAnthropic:
        await load("anthropic")
        import httpx2
        from anthropic import AsyncAnthropic

        if self._client is None:  # asked after the wait above: two first calls at once share one client
            timeout = httpx2.Timeout(None, connect=self._patience.connect)
            # A proxy is never asked for this very machine. Retries are ours (retry.py), for all wire formats alike.
            http_client = httpx2.AsyncClient(
                trust_env=not self._endpoint.is_loopback, follow_redirects=True, timeout=timeout
            )
            self._client = AsyncAnthropic(
                api_key=self._endpoint.api_key.get_secret_value() or "none",
                base_url=self._endpoint.url,
                max_retries=0,
                timeout=timeout,
                http_client=http_client,
            )
        return self._client


def map_failure(error: Exception, endpoint: Endpoint, timeout_seconds: float) -> ModelError:
    """Return what went wrong as one of our errors; anything unforeseen is raised again as it is."""
    import anthropic
    import httpx2

    if isinstance(error, ModelError):
        return error
    if isinstance(error.__cause__, httpx2.ConnectTimeout):
        return failures.connection_failure("no connection in time", endpoint)
    if isinstance(error, TimeoutError | anthropic.APITimeoutError | httpx2.TimeoutException):
        return failures.timeout_failure(endpoint, timeout_seconds, error)
    if isinstance(error, anthropic.APIStatusError):
        said = error.body.get("error") if isinstance(error.body, dict) else None
        detail = said if isinstance(said, dict) else {}
        status = _STREAM_STATUS.get(str(detail.get("type")), 500) if error.status_code == 200 else error.status_code
        return failures.status_failure(
            status,
            detail.get("message") or error.response.text if error.status_code != 200 else detail.get("message"),
            endpoint,
            code=str(detail.get("type") or ""),
            headers=error.response.headers,
        )
    if isinstance(error, anthropic.APIConnectionError):
        return failures.connection_failure(error.__cause__ or "", endpoint)
    if isinstance(error, anthropic.APIResponseValidationError | ValueError | KeyError):
        return failures.not_a_reply_failure(endpoint)
    if isinstance(error, httpx2.HTTPError | httpx2.StreamError):
        return failures.broken_stream_failure(endpoint)
    raise error


_STREAM_STATUS = {"overloaded_error": 529, "rate_limit_error": 429, "authentication_error": 401, "api_error": 500}
"""An error inside the stream has a name and no status of its own."""
