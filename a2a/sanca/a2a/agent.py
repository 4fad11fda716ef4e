"""One other agent behind its agent card: finds it, asks it, waits for the end of its task. Knows no toolkit."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any, cast

import anyio
import httpx
import structlog
from sanca.a2a.answer import Answer
from sanca.a2a.bounded import BoundedClient
from sanca.a2a.card import ReadCard, read_card
from sanca.a2a.connections import grpc_channel
from sanca.a2a.failures import LATE_OR_OUTSIDE, OUTSIDE_ERRORS, failure_of, unreachable
from sanca.core.errors import ToolFailedError
from sanca.core.toolkits_file import AgentEntry, is_loopback
from sanca.core.untrusted import plain_text

from a2a.client import Client, ClientCallContext, ClientConfig, ClientFactory
from a2a.types import CancelTaskRequest, GetTaskRequest, Message, SendMessageRequest

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 10.0
_CANCEL_SECONDS = 3.0
_FIRST_POLL_SECONDS = 0.2
_LONGEST_POLL_SECONDS = 2.0
_LOOKS_IN_VAIN = 4
"""In a row; an agent may be restarting."""
_BINDINGS = ["JSONRPC", "HTTP+JSON", "GRPC"]


class RemoteAgent:
    """A client of one agent. `connect` once, use many times at once, `close` at the end."""

    def __init__(self, label: str, entry: AgentEntry, http_client: httpx.AsyncClient, read: ReadCard) -> None:
        self._label = label
        self._entry = entry
        self._http_client = http_client
        self._secrets = {name.lower(): value.get_secret_value() for name, value in entry.headers.items()}
        self._channels: list[Any] = []
        self.read = read
        """The agent's card."""
        self._client = self._make_client(streaming=True)
        self._quick = self._make_client(streaming=False)

    @classmethod
    async def connect(cls, label: str, entry: AgentEntry) -> RemoteAgent:
        """Read the agent card and choose an interface.

        Raises:
            ToolFailedError: The agent cannot be reached, or its card cannot be used.
        """
        headers = {name: value.get_secret_value() for name, value in entry.headers.items()}
        timeout = httpx.Timeout(CONNECT_SECONDS, read=entry.timeout_seconds)
        http_client = BoundedClient(headers=headers, timeout=timeout, trust_env=not is_loopback(entry.url))
        try:
            with anyio.fail_after(CONNECT_SECONDS):
                return cls(label, entry, http_client, await read_card(http_client, entry))
        except BaseException as error:
            with anyio.CancelScope(shield=True):
                await http_client.aclose()
            if isinstance(error, LATE_OR_OUTSIDE):
                raise unreachable(label, error, CONNECT_SECONDS) from error
            raise

    async def ask(self, message: Message, timeout_seconds: float, answer: Answer, *, keeps: bool = False) -> None:
        """Send one message and wait until the agent has nothing more to do; `answer` grows meanwhile.

        A task that is abandoned (time-out, cancel) is cancelled at the agent, once the agent has named it.

        Args:
            message: What is sent.
            timeout_seconds: How long the agent may take.
            answer: Takes what it says.
            keeps: Whether a task that takes too long goes on instead.

        Raises:
            ToolFailedError: The agent cannot be reached, breaks off or answers in another form.
            TimeoutError: It did not finish in time.
        """
        late = False
        try:
            with anyio.fail_after(timeout_seconds):
                async with aclosing(self._events(message, answer)) as events:
                    async for _ in events:
                        pass
        except OUTSIDE_ERRORS as error:
            raise failure_of(self._label, error) from error
        except TimeoutError:
            late = True
            raise
        finally:
            if answer.task_id and not answer.is_over and not (late and keeps):
                await self._give_up(answer.task_id)

    async def stream(self, message: Message, answer: Answer) -> AsyncGenerator[None, None]:
        """Send one message and yield whenever `answer` has grown, until the agent has nothing more to do.

        Raises:
            ToolFailedError: As `ask`.
        """
        try:
            async with aclosing(self._events(message, answer)) as events:
                async for _ in events:
                    yield
        except OUTSIDE_ERRORS as error:
            raise failure_of(self._label, error) from error
        finally:
            if answer.task_id and not answer.is_over:
                await self._give_up(answer.task_id)

    async def send(self, message: Message, timeout_seconds: float) -> Answer:
        """Send one message and return as soon as the agent has taken it.

        Raises:
            ToolFailedError: The agent cannot be reached, or did not say in time whether it took it.
        """
        answer = Answer()
        request = SendMessageRequest(message=message)
        request.configuration.return_immediately = True
        try:
            with anyio.fail_after(timeout_seconds):
                async for event in self._quick.send_message(request, context=self._context()):
                    answer.take(event)
        except OUTSIDE_ERRORS as error:
            raise failure_of(self._label, error) from error
        except TimeoutError as error:
            text = f"{self._label} did not say within {timeout_seconds:g} seconds whether it took the message."
            raise ToolFailedError(text, tool_name=self._label, kind="unknown") from error
        return answer

    async def look(self, task_id: str) -> Answer:
        """Return a task as it stands.

        Raises:
            A2AError, httpx.HTTPError, ValueError: It cannot be asked for, or is not there.
        """
        answer = Answer()
        with anyio.fail_after(CONNECT_SECONDS):
            answer.take_task(await self._client.get_task(GetTaskRequest(id=task_id), context=self._context()))
        return answer

    async def cancel(self, task_id: str) -> Answer:
        """Stop a task and return how it then stands.

        Raises:
            ToolFailedError: The agent does not stop it.
        """
        answer = Answer()
        try:
            with anyio.fail_after(CONNECT_SECONDS):
                task = await self._client.cancel_task(CancelTaskRequest(id=task_id), context=self._context())
                answer.take_task(task)
        except LATE_OR_OUTSIDE as error:
            raise failure_of(self._label, error) from error
        return answer

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
        await self._quick.close()
        await self._http_client.aclose()
        for channel in self._channels:
            await channel.close()

    async def _events(self, message: Message, answer: Answer) -> AsyncGenerator[None, None]:
        request = SendMessageRequest(message=message)
        try:
            async with _closing(self._client.send_message(request, context=self._context())) as events:
                async for event in events:
                    answer.take(event)
                    yield
                    if answer.is_over:
                        return
        except OUTSIDE_ERRORS:
            if not answer.task_id:  # nobody knows what it is doing, so it cannot be asked for
                raise
        async with aclosing(self._polled(answer)) as looks:
            async for _ in looks:
                yield

    async def _polled(self, answer: Answer) -> AsyncGenerator[None, None]:
        """Look at the task until it is over: some agents answer at once and work on, and streams break off."""
        pause, failed = _FIRST_POLL_SECONDS, 0
        while answer.task_id and not answer.is_over:
            await anyio.sleep(pause)
            pause = min(_LONGEST_POLL_SECONDS, pause * 2)
            try:
                task = await self._client.get_task(GetTaskRequest(id=answer.task_id), context=self._context())
            except OUTSIDE_ERRORS:
                failed += 1
                if failed >= _LOOKS_IN_VAIN:
                    raise
                continue
            failed = 0
            answer.take_task(task)
            yield

    async def _give_up(self, task_id: str) -> None:
        with anyio.move_on_after(_CANCEL_SECONDS, shield=True):
            try:
                await self._client.cancel_task(CancelTaskRequest(id=task_id), context=self._context())
            except OUTSIDE_ERRORS as error:
                log.info("agent_task_not_cancelled", agent=self._label, reason=plain_text(error, 300))

    def _make_client(self, *, streaming: bool) -> Client:
        # polling: an agent that does not stream gives the task's id at once, so that it can be cancelled.
        config = ClientConfig(
            httpx_client=self._http_client,
            streaming=streaming,
            polling=True,
            supported_protocol_bindings=_BINDINGS,
            grpc_channel_factory=self._channel,
        )
        return ClientFactory(config).create(self.read.card)

    def _channel(self, url: str) -> Any:
        channel = grpc_channel(url)
        self._channels.append(channel)
        return channel

    def _context(self) -> ClientCallContext | None:
        """Return the headers as metadata; over HTTP they are the client's own."""
        return ClientCallContext(service_parameters=dict(self._secrets)) if self._channels else None


@asynccontextmanager
async def _closing(events: AsyncIterator[Any]) -> AsyncIterator[AsyncIterator[Any]]:
    """Close the stream at the end of the block; the SDK's iterators are generators."""
    if hasattr(events, "aclose"):
        async with aclosing(cast(Any, events)):
            yield events
    else:
        yield events
