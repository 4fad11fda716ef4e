"""One other agent behind its agent card: finds it, asks it, waits for the end of its task. Knows no toolkit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import anyio
import httpx
import structlog
from sanca.a2a.answer import Answer
from sanca.core.errors import ToolFailedError
from sanca.core.toolkits_file import AgentEntry, is_loopback
from sanca.core.untrusted import plain_text

from a2a.client import A2ACardResolver, Client, ClientConfig, ClientFactory
from a2a.helpers import new_data_part, new_message, new_text_part
from a2a.types import AgentCard, CancelTaskRequest, GetTaskRequest, Role, SendMessageRequest
from a2a.utils.errors import A2AError

log = structlog.get_logger(__name__)

_CONNECT_SECONDS = 10.0
_CANCEL_SECONDS = 3.0
_FIRST_POLL_SECONDS = 0.2
_LONGEST_POLL_SECONDS = 2.0


@dataclass(frozen=True)
class Conversation:
    """Where an earlier answer left off."""

    context_id: str = ""
    task_id: str = ""
    """Only when the agent asked back: the next message answers it."""


class RemoteAgent:
    """A client of one agent. `connect` once, `ask` many times at once, `close` at the end."""

    def __init__(
        self, label: str, entry: AgentEntry, http_client: httpx.AsyncClient, card: AgentCard, client: Client
    ) -> None:
        self._label = label
        self._entry = entry
        self._http_client = http_client
        self._client = client
        self.card = card
        """The agent's card, its interfaces reduced to those on the configured server."""

    @classmethod
    async def connect(cls, label: str, entry: AgentEntry) -> RemoteAgent:
        """Read the agent card and choose an interface.

        Raises:
            ToolFailedError: The agent cannot be reached, or its card cannot be used.
        """
        headers = {name: value.get_secret_value() for name, value in entry.headers.items()}
        timeout = httpx.Timeout(_CONNECT_SECONDS, read=entry.timeout_seconds)
        http_client = httpx.AsyncClient(headers=headers, timeout=timeout, trust_env=not is_loopback(entry.url))
        try:
            with anyio.fail_after(_CONNECT_SECONDS):
                card = await A2ACardResolver(http_client, entry.url).get_agent_card()
            _keep_own_interfaces(card, entry.url)
            # polling: an agent that does not stream gives the task's id at once, so that it can be cancelled.
            client = ClientFactory(ClientConfig(httpx_client=http_client, polling=True)).create(card)
        except BaseException as error:
            with anyio.CancelScope(shield=True):
                await http_client.aclose()
            if isinstance(error, TimeoutError | A2AError | httpx.HTTPError | ValueError):
                raise _unreachable(label, error) from error
            raise
        return cls(label, entry, http_client, card, client)

    async def ask(self, text: str, data: object, conversation: Conversation, timeout_seconds: float) -> Answer:
        """Send one message and wait until the agent has nothing more to do.

        A task that is abandoned (time-out, cancel) is cancelled at the agent, once the agent has named it.

        Raises:
            ToolFailedError: The agent cannot be reached, breaks off or answers in another form.
            TimeoutError: It did not finish in time.
        """
        answer = Answer()
        try:
            with anyio.fail_after(timeout_seconds):
                await self._send(text, data, conversation, answer)
                await self._poll(answer)
        except (A2AError, httpx.HTTPError, ValueError) as error:
            raise self._failure(error) from error
        finally:
            if answer.task_id and not answer.is_over:
                await self._cancel(answer.task_id)
        return answer

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
        await self._http_client.aclose()

    async def _send(self, text: str, data: object, conversation: Conversation, answer: Answer) -> None:
        parts = [new_text_part(text)] + ([] if data is None else [new_data_part(data)])
        message = new_message(
            parts, context_id=conversation.context_id or None, task_id=conversation.task_id or None, role=Role.ROLE_USER
        )
        async with _closing(self._client.send_message(SendMessageRequest(message=message))) as events:
            async for event in events:
                answer.take(event)
                if answer.is_over:
                    break

    async def _poll(self, answer: Answer) -> None:
        """Ask for the task until it is over: some agents answer at once and work on."""
        pause = _FIRST_POLL_SECONDS
        while answer.task_id and not answer.is_over:
            await anyio.sleep(pause)
            answer.take_task(await self._client.get_task(GetTaskRequest(id=answer.task_id)))
            pause = min(_LONGEST_POLL_SECONDS, pause * 2)

    async def _cancel(self, task_id: str) -> None:
        with anyio.move_on_after(_CANCEL_SECONDS, shield=True):
            try:
                await self._client.cancel_task(CancelTaskRequest(id=task_id))
            except (A2AError, httpx.HTTPError, ValueError) as error:
                log.info("agent_task_not_cancelled", agent=self._label, reason=plain_text(error, 300))

    def _failure(self, error: Exception) -> ToolFailedError:
        if isinstance(error, httpx.ConnectError) or isinstance(error.__cause__, httpx.ConnectError):
            return _unreachable(self._label, error)
        if isinstance(error.__cause__, httpx.HTTPStatusError):
            status = error.__cause__.response.status_code
            mend = "; set its headers in toolkits.json" if status in {401, 403} else ""
            return ToolFailedError(f"{self._label} refused the call (HTTP {status}){mend}.", tool_name=self._label)
        if isinstance(error, httpx.HTTPError) or isinstance(error.__cause__, httpx.HTTPError):
            message = f"{self._label} broke off; whether it finished is not known: {plain_text(error, 300)}"
            return ToolFailedError(message, tool_name=self._label, kind="unknown")
        return ToolFailedError(f"{self._label} failed: {plain_text(error, 500)}", tool_name=self._label)


def _keep_own_interfaces(card: AgentCard, url: str) -> None:
    """Drop interfaces on other servers: our headers, which may hold a token, go only where the operator said."""
    own = [interface for interface in card.supported_interfaces if _origin(interface.url) == _origin(url)]
    if not own:
        raise ValueError("its agent card names no address on the configured server")
    del card.supported_interfaces[:]
    card.supported_interfaces.extend(own)


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname or ""
    return parts.scheme, host, parts.port or (443 if parts.scheme == "https" else 80)


def _unreachable(label: str, error: BaseException) -> ToolFailedError:
    reason = (
        f"no answer within {_CONNECT_SECONDS:g} seconds" if isinstance(error, TimeoutError) else plain_text(error, 300)
    )
    message = f"{label} cannot be reached: {reason.rstrip('.') or type(error).__name__}."
    return ToolFailedError(message, tool_name=label, kind="unavailable", retryable=True)


@asynccontextmanager
async def _closing(events: AsyncIterator[Any]) -> AsyncIterator[AsyncIterator[Any]]:
    """Close the stream at the end of the block; the SDK's iterators are generators."""
    if hasattr(events, "aclose"):
        async with aclosing(cast(Any, events)):
            yield events
    else:
        yield events
