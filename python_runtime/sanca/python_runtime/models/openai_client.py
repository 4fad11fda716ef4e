"""Client of OpenAI's wire formats: OpenAI itself and every server that speaks one of them. One try a call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Protocol

from sanca.core.errors import ModelError
from sanca.core.messages import ModelDelta, ModelRequest
from sanca.python_runtime.models import failures
from sanca.python_runtime.models.entries import Endpoint
from sanca.python_runtime.models.openai_chat import ChatWire
from sanca.python_runtime.models.openai_completions import CompletionWire
from sanca.python_runtime.models.openai_failures import map_failure
from sanca.python_runtime.models.openai_responses import ResponsesWire
from sanca.python_runtime.models.settings import Patience, deadline_of
from sanca.python_runtime.models.streams import Deadline, close_shielded, closing, load

if TYPE_CHECKING:
    from openai import AsyncOpenAI


class OpenAIWire(Protocol):
    """One of OpenAI's formats."""

    @property
    def optional(self) -> tuple[str, ...]:
        """Fields that some servers refuse by name; they are left out from then on."""

    def body(self, request: ModelRequest, model: str, endpoint: Endpoint, refused: set[str]) -> dict[str, Any]:
        """Map a request out."""

    def mentions(self, body: dict[str, Any], name: str) -> bool:
        """Whether the request has this field."""

    async def send(self, client: AsyncOpenAI, body: dict[str, Any]) -> Any:
        """Send it; returns the SDK's stream."""

    def read(
        self, response: Any, deadline: Deadline, request: ModelRequest, endpoint: Endpoint, model: str
    ) -> AsyncIterator[ModelDelta]:
        """Map the reply in; the last delta carries finish reason, usage and what the server wants back."""


class OpenAIModel:
    """A model behind one of OpenAI's formats. Opens its connections at the first call; `close` ends them."""

    def __init__(self, endpoint: Endpoint, patience: Patience | None = None) -> None:
        self._endpoint = endpoint
        self._patience = patience or Patience()
        self._model = endpoint.model
        self._refused: set[str] = set()
        self._client: AsyncOpenAI | None = None

    @property
    def name(self) -> str:
        """The model's name; empty until a local server has told its own."""
        return self._model

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        """Stream one reply; the last delta carries finish reason, usage and what the server wants back."""
        deadline = deadline_of(request, self._patience)
        wire = self._wire(request)
        try:
            response = await self._send(wire, request, deadline)
            try:
                async with closing(wire.read(response, deadline, request, self._endpoint, self._model)) as deltas:
                    async for delta in deltas:
                        yield delta
            finally:
                await close_shielded(response.close)
        except Exception as error:
            endpoint = self._endpoint.model_copy(update={"model": self._model})
            raise map_failure(error, endpoint, request.timeout_seconds) from error

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _wire(self, request: ModelRequest) -> OpenAIWire:
        if request.form == "completion":
            return CompletionWire()
        return ResponsesWire() if self._endpoint.kind == "openai-responses" else ChatWire()

    async def _send(self, wire: OpenAIWire, request: ModelRequest, deadline: Deadline) -> Any:
        client = await self._open()
        if not self._model:
            self._model = await self._first_listed(client, deadline)
        for _ in range(len(wire.optional)):
            body = wire.body(request, self._model, self._endpoint, self._refused)
            try:
                return await deadline.wait(wire.send(client, body))
            except Exception as error:
                if not self._learn(error, wire, body):
                    raise
        raise failures.status_failure(400, "it refuses every form of the request we know", self._endpoint)

    def _learn(self, error: Exception, wire: OpenAIWire, body: dict[str, Any]) -> bool:
        """Note which optional field the server refused by name; False when it refused something else."""
        from openai import BadRequestError, UnprocessableEntityError

        if not isinstance(error, BadRequestError | UnprocessableEntityError):
            return False
        sent = [name for name in wire.optional if name not in self._refused and wire.mentions(body, name)]
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
            # A proxy is never asked for this very machine. Retries are ours (retry.py), for all wire formats alike.
            timeout = httpx.Timeout(None, connect=self._patience.connect)
            http_client = httpx.AsyncClient(
                trust_env=not self._endpoint.is_loopback, follow_redirects=True, timeout=timeout
            )
            key = self._endpoint.api_key.get_secret_value() or "none"
            self._client = AsyncOpenAI(
                api_key=key, base_url=self._endpoint.url, max_retries=0, timeout=timeout, http_client=http_client
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
