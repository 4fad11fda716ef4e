"""Push notifications: follows tasks for those who gave an address, and sends what changed, in order, until it arrives.

What is to be sent is kept before it is sent (`store`), so that an engine that was ended goes on where it was. Addresses
are strangers' words: they are called through `sanca.core.outside` only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
import httpx
import orjson
import structlog
from anyio.abc import TaskGroup
from google.protobuf.json_format import MessageToDict
from sanca.a2a.server.following import TaskEvents, Update
from sanca.a2a.server.store import A2aStore, Notification, PushAddress
from sanca.core.errors import AddressRefusedError, SancaError
from sanca.core.messages import Caller
from sanca.core.outside import OutsideAddresses, outside_client

from a2a.types.a2a_pb2 import TaskPushNotificationConfig, TaskStatusUpdateEvent
from a2a.utils.constants import A2A_JSON_MEDIA_TYPE
from a2a.utils.errors import InvalidParamsError
from a2a.utils.proto_utils import to_stream_response

if TYPE_CHECKING:
    from sanca.a2a.server.settings import A2aServerSettings
    from sanca.a2a.server.signing import SigningKey
    from sanca.a2a.server.tasks import Tasks
    from sanca.a2a.server.waiting import Waiting

log = structlog.get_logger(__name__)

ADDRESSES_OF_A_TASK = 10
ADDRESSES_OF_A_USER = 500
_LONGEST_PAUSE_SECONDS = 300.0
_CONNECTIONS = 100
_CHARS = {"id": 256, "url": 2_048, "token": 4_096}
_GONE = 410
Key = tuple[str, str]


@dataclass
class _Live:
    """An address that is being served."""

    owner: Key
    is_told: bool = False
    """The task is over: nothing will be added to the queue."""
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    news: anyio.Event = field(default_factory=anyio.Event)


class Pushes:
    """The service. `open` once, `close` once."""

    def __init__(
        self,
        store: A2aStore,
        tasks: Tasks,
        waiting: Waiting,
        key: SigningKey,
        settings: A2aServerSettings,
        policy: OutsideAddresses | None = None,
    ) -> None:
        self._store = store
        self._tasks = tasks
        self._waiting = waiting
        self._key = key
        self._settings = settings
        self._policy = policy or OutsideAddresses()
        self._live: dict[Key, _Live] = {}
        self._group: TaskGroup | None = None
        self._client: httpx.AsyncClient | None = None
        self._service: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Go on with what was not sent when the engine ended."""
        is_ready = anyio.Event()
        self._service = asyncio.create_task(self._serve(is_ready))
        await is_ready.wait()
        for address in self._store.addresses():
            if not address.is_over or self._store.next_notification(address.task_id, address.id):
                self._begin(address)

    async def close(self) -> None:
        """Stop; what is not sent yet is kept."""
        if self._service is not None and self._group is not None:
            self._group.cancel_scope.cancel()
            await self._service

    # -- addresses ----------------------------------------------------------------------------------------------------

    async def check(self, config: TaskPushNotificationConfig) -> None:
        """Refuse an address that may not be called, or is too long.

        Raises:
            InvalidParamsError: Says why.
        """
        for name, most in _CHARS.items():
            value = getattr(config, name)
            if len(value) > most or not value.isprintable():
                raise InvalidParamsError(f"The {name} of a push address must be at most {most} printable characters.")
        credentials = f"{config.authentication.scheme} {config.authentication.credentials}"
        if (
            len(credentials) > _CHARS["token"]
            or not (credentials + config.token).isascii()
            or not credentials.isprintable()
        ):
            raise InvalidParamsError(
                "The credentials of a push address must be printable ASCII, at most 4096 characters."
            )
        try:
            await self._policy.check(config.url)
        except AddressRefusedError as refused:
            raise InvalidParamsError(str(refused)) from refused

    def add(
        self, caller: Caller, version: str, config: TaskPushNotificationConfig, seen: int
    ) -> TaskPushNotificationConfig:
        """Keep an address that was checked and begin to serve it; returns it as kept.

        Args:
            caller: Whose task it is.
            version: Of the protocol, in whose words notifications are.
            config: The address; without an id it gets the task's.
            seen: Only what comes after this event is sent.

        Raises:
            InvalidParamsError: There are too many.
        """
        kept = TaskPushNotificationConfig()
        kept.CopyFrom(config)
        kept.id = config.id or config.task_id
        kept.tenant = ""
        self._check_room(caller, kept)
        address = PushAddress(
            task_id=kept.task_id,
            id=kept.id,
            tenant=caller.tenant,
            user=caller.user,
            rights=caller.rights,
            version=version,
            config=kept.SerializeToString(),
            seen=seen,
        )
        self._store.put_address(address)
        self._end(address)
        stored = next(one for one in self._store.addresses(kept.task_id) if one.id == kept.id)
        self._begin(stored)
        return kept

    def of_task(self, task_id: str) -> list[TaskPushNotificationConfig]:
        """Return the addresses of a task, the oldest first."""
        return [TaskPushNotificationConfig.FromString(one.config) for one in self._store.addresses(task_id)]

    def drop(self, task_id: str, id_: str) -> None:
        """Forget an address; nothing more is sent there. It need not exist."""
        if live := self._live.pop((task_id, id_), None):
            live.scope.cancel()
        self._store.drop_address(task_id, id_)

    def _check_room(self, caller: Caller, config: TaskPushNotificationConfig) -> None:
        others = [one for one in self._store.addresses(config.task_id) if one.id != config.id]
        if len(others) >= ADDRESSES_OF_A_TASK:
            raise InvalidParamsError(f"A task has at most {ADDRESSES_OF_A_TASK} push addresses; delete one of them.")
        owner = (caller.tenant, caller.user)
        if sum(live.owner == owner for live in self._live.values()) >= ADDRESSES_OF_A_USER:
            raise InvalidParamsError(f"At most {ADDRESSES_OF_A_USER} push addresses are served at once; delete some.")

    # -- service ------------------------------------------------------------------------------------------------------

    async def _serve(self, is_ready: anyio.Event) -> None:
        async with outside_client(self._policy, connections=_CONNECTIONS) as client, anyio.create_task_group() as group:
            self._client, self._group = client, group
            is_ready.set()
            await anyio.sleep_forever()

    def _begin(self, address: PushAddress) -> None:
        if self._group is None:
            return
        live = self._live[address.task_id, address.id] = _Live((address.tenant, address.user))
        self._group.start_soon(self._serve_address, address, live)

    def _end(self, address: PushAddress) -> None:
        if live := self._live.pop((address.task_id, address.id), None):
            live.scope.cancel()

    async def _serve_address(self, address: PushAddress, live: _Live) -> None:
        key = (address.task_id, address.id)
        try:
            with live.scope:
                async with anyio.create_task_group() as group:
                    group.start_soon(self._send_all, address, live)
                    if not address.is_over:
                        await self._follow(address, live)
                    live.is_told = True
                    live.news.set()
        except Exception as error:  # one address must not end the others
            log.error("a2a_push_broke", task_id=address.task_id, exc_info=error)
        finally:
            if self._live.get(key) is live:
                del self._live[key]

    async def _follow(self, address: PushAddress, live: _Live) -> None:
        try:
            await self._queue_changes(address, live)
        except SancaError as gone:  # the run was erased, and so is what there was to tell
            log.info("a2a_push_ends", task_id=address.task_id, reason=str(gone))
            self._store.drop_address(address.task_id, address.id)

    async def _queue_changes(self, address: PushAddress, live: _Live) -> None:
        """Put what changes into the queue until the task is over."""
        caller = Caller(tenant=address.tenant, user=address.user, rights=address.rights, channel="a2a")
        view = await self._tasks.get(caller, address.task_id)
        events, after, pause = self._tasks.events(caller, view, pieces=False), 0, self._settings.poll_seconds
        while not events.is_over:
            async for event in self._tasks.follow(caller, address.task_id, after):
                after, pause = event.seq, self._settings.poll_seconds
                updates = await events.take(event)
                if event.seq > address.seen and updates:
                    bodies = await self._bodies(address, caller, events, updates)
                    self._store.enqueue(address, event.seq, bodies, is_over=events.is_over)
                    live.news.set()
            if not events.is_over:
                await self._waiting.rest(address.task_id, pause)
                pause = min(30.0, pause * 1.5)

    async def _bodies(
        self, address: PushAddress, caller: Caller, events: TaskEvents, updates: Sequence[Update]
    ) -> list[bytes]:
        if address.version == "1.0":
            return [orjson.dumps(MessageToDict(to_stream_response(update))) for update in updates]
        if not any(isinstance(update, TaskStatusUpdateEvent) for update in updates):
            return []
        from a2a.compat.v0_3.conversions import to_compat_task

        task = await self._tasks.snapshot(caller, address.task_id, events)
        for update in updates:
            if isinstance(update, TaskStatusUpdateEvent):
                task.status.CopyFrom(update.status)
        return [to_compat_task(task).model_dump_json(by_alias=True, exclude_none=True).encode()]

    # -- sending ------------------------------------------------------------------------------------------------------

    async def _send_all(self, address: PushAddress, live: _Live) -> None:
        """Send what is in the queue, the oldest first; what fails holds up what comes after it."""
        config = TaskPushNotificationConfig.FromString(address.config)
        while True:
            notification = self._store.next_notification(address.task_id, address.id)
            if notification is None:
                if live.is_told:
                    return
                await live.news.wait()
                live.news = anyio.Event()
            elif await self._try(config, address, notification):
                self._store.sent(notification.number)
            elif notification.attempts + 1 >= self._settings.push_attempts:
                log.warning("a2a_push_given_up", task_id=address.task_id, attempts=notification.attempts + 1)
                self._store.sent(notification.number)
            else:
                self._store.tried(notification.number)
                pause = self._settings.push_pause_seconds * 2**notification.attempts
                await anyio.sleep(min(_LONGEST_PAUSE_SECONDS, pause))

    async def _try(self, config: TaskPushNotificationConfig, address: PushAddress, notification: Notification) -> bool:
        """Send one notification; returns whether it arrived."""
        client = self._client
        if client is None:
            return False
        headers = self._headers(config, address, notification.body)
        try:
            with anyio.fail_after(self._settings.push_seconds):
                async with client.stream("POST", config.url, content=notification.body, headers=headers) as response:
                    status = response.status_code  # what it says is of no interest, so it is not read
        except (TimeoutError, httpx.HTTPError, SancaError) as error:
            log.info("a2a_push_failed", task_id=address.task_id, reason=type(error).__name__)
            return False
        if status == _GONE:
            self.drop(address.task_id, address.id)
            return True
        if not 200 <= status < 300:
            log.info("a2a_push_refused", task_id=address.task_id, status=status)
        return 200 <= status < 300

    def _headers(self, config: TaskPushNotificationConfig, address: PushAddress, body: bytes) -> dict[str, str]:
        token = self._key.token(config.url, address.task_id, body)
        headers = {
            "Content-Type": A2A_JSON_MEDIA_TYPE if address.version == "1.0" else "application/json",
            "A2A-Version": address.version,
            "X-A2A-Notification-Signature": token,
            "Authorization": f"Bearer {token}",
        }
        if config.token:
            headers["X-A2A-Notification-Token"] = config.token
        if config.authentication.scheme and config.authentication.credentials:
            headers["Authorization"] = f"{config.authentication.scheme} {config.authentication.credentials}"
        return headers
