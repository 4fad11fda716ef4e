"""The broker's event loop, in a thread of its own: opens, calls and closes the toolkits that are not the host's."""

from __future__ import annotations

import asyncio
import importlib
import threading
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import structlog
from anyio.from_thread import BlockingPortal, start_blocking_portal
from sanca.core.errors import ConfigurationError
from sanca.core.ports import HostedToolkit, Toolkit, ToolkitHost
from sanca.python_runtime.broker.tool_threads import LoopCall, ToolThreads
from sanca.python_runtime.web import web_toolkits
from sanca.toolkit_bridge import find_toolkits

log = structlog.get_logger(__name__)

_OPEN_SECONDS = 30.0
_CLOSE_SECONDS = 5.0
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0
"""A toolkit that cannot be opened is tried again after a pause: its server may be starting."""
_TRIES_TO_SETTLE = 2
"""An outside toolkit that failed so often is not waited for: its server does not just begin to listen."""
_LOOK_SECONDS = 2.0
"""How often a toolkit's definition is looked at: an MCP server may change its tools."""
OUTSIDE_TOOLKITS_FILES = ("toolkits.json", "agents.json")


class ToolkitLoop:
    """Opened once, closed once. `toolkits` holds those that are open; the others are in `problems`, and tried again."""

    def __init__(
        self, home: Path, factories: Sequence[str], changed: Callable[[], None], host: ToolkitHost | None = None
    ) -> None:
        self._home = home
        self._factories = factories
        self._changed = changed
        self._host = host
        self._stack = ExitStack()
        self._portal: BlockingPortal | None = None
        self._ending: anyio.Event | None = None
        self._keepers: list[Future[None]] = []
        self._removals: dict[str, anyio.Event] = {}
        """Of toolkits that came later: set when they are to go."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._settled = threading.Event()
        self._is_open = False
        self.threads = ToolThreads()
        """Where tools that are plain functions run."""
        self.toolkits: dict[str, Toolkit] = {}
        self.problems: dict[str, str] = {}

    def open(self) -> None:
        """Start the loop and the Python toolkits; outside ones are connected in the background."""
        self._portal = self._stack.enter_context(start_blocking_portal())
        self._loop = self._portal.call(_running_loop)
        self._stack.callback(self.threads.close)
        self._ending = self._portal.call(_make_event)
        found = find_toolkits(self._home)
        for source, problem in found.problems.items():
            self.note(source, problem)
        self._open_all([*found.toolkits, *self._web(found.toolkits)])
        self._is_open = True
        if any((self._home / name).exists() for name in OUTSIDE_TOOLKITS_FILES):
            threading.Thread(target=self._open_outside, name="outside-toolkits", daemon=True).start()
        else:
            self._settled.set()

    def await_settled(self, seconds: float) -> None:
        """Wait until each outside toolkit is there or does not come at once, or until the time is over."""
        self._settled.wait(seconds)

    def start(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Run a coroutine function on the loop."""
        return self._running().start_task_soon(function, *args)

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> LoopCall:
        """Run a tool's coroutine on the loop, with less ado than `start`."""
        self._running()
        assert self._loop is not None  # noqa: S101 - made with the portal
        return LoopCall(self._loop, coroutine)

    def add(self, toolkit: Toolkit) -> None:
        """Begin to keep one more toolkit, in the background."""
        name = toolkit.definition.name
        removal = self._removals[name] = self._running().call(_make_event)
        self._keepers.append(self._running().start_task_soon(self._keep, toolkit, Future(), 1, removal))

    def remove(self, name: str) -> None:
        """Close a toolkit that was added, in the background; calls under way go on to their end or fail."""
        if (removal := self._removals.pop(name, None)) is not None:
            self._running().start_task_soon(_set_event, removal)

    @property
    def is_running(self) -> bool:
        """Whether toolkits can be added."""
        return self._is_open

    def close(self) -> None:
        """Close every toolkit, then the loop."""
        if self._portal is not None and self._ending is not None:
            self._is_open = False
            self._portal.call(self._ending.set)
            for removal in self._removals.values():
                self._portal.call(removal.set)
            for keeper in self._keepers:
                _await_end(keeper)
        self._stack.close()

    def _web(self, found: Sequence[Toolkit]) -> list[Toolkit]:
        """Return the toolkit `web`, where the settings allow it and no toolkit of the operator's has its name."""
        try:
            made = web_toolkits()
        except ConfigurationError as error:
            self.note("web", str(error))
            return []
        names = {toolkit.definition.name for toolkit in found}
        return [toolkit for toolkit in made if toolkit.definition.name not in names]

    def _open_outside(self) -> None:
        """Make and open what the factories give: MCP servers, other agents."""
        made: list[Toolkit] = []
        for factory in self._factories:
            try:
                made += _made_by(factory, self._home)
            except Exception as error:
                self.note(factory, f"{factory} gave no toolkits: {type(error).__name__}: {error}")
        self._open_all(made, tries=_TRIES_TO_SETTLE)
        self._settled.set()

    def _open_all(self, toolkits: Iterable[Toolkit], *, tries: int = 1) -> None:
        """Start to keep toolkits and wait until each is open or has been tried in vain, `tries` times."""
        trying = []
        for toolkit in toolkits:
            tried: Future[None] = Future()
            self._keepers.append(self._running().start_task_soon(self._keep, toolkit, tried, tries))
            trying.append((toolkit.definition.name, tried))
        for name, tried in trying:
            try:
                tried.result(_OPEN_SECONDS)
            except (FutureTimeoutError, CancelledError):
                self.note(name, f"{name} has not opened within {_OPEN_SECONDS:g} seconds.")

    async def _keep(
        self, toolkit: Toolkit, tried: Future[None], tries: int, removal: anyio.Event | None = None
    ) -> None:
        """Open a toolkit, hold it, close it: all in one task, as cancel scopes of MCP sessions demand."""
        if self._host is not None and isinstance(toolkit, HostedToolkit):
            toolkit.attach(self._host)
        pause = _FIRST_PAUSE_SECONDS
        while not await self._is_opened(toolkit):
            tries -= 1
            if tries <= 0:
                _set(tried)
            if await self._ends_within(pause, removal):
                self.problems.pop(toolkit.definition.name, None)
                return
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        told = toolkit.definition
        self.toolkits[told.name] = toolkit
        self.problems.pop(told.name, None)
        if self._is_open:
            await anyio.to_thread.run_sync(self._changed)
        _set(tried)
        while not await self._ends_within(_LOOK_SECONDS, removal):
            if toolkit.definition != told:
                told = toolkit.definition
                await anyio.to_thread.run_sync(self._changed)
        if self._is_open:  # it goes, and the others stay
            if self.toolkits.get(told.name) is toolkit:
                del self.toolkits[told.name]
            await anyio.to_thread.run_sync(self._changed)
        await toolkit.close()

    async def _is_opened(self, toolkit: Toolkit) -> bool:
        try:
            await toolkit.open()
        except Exception as error:
            self.note(toolkit.definition.name, f"{toolkit.definition.name} cannot be opened: {error}")
            return False
        return True

    async def _ends_within(self, seconds: float, removal: anyio.Event | None) -> bool:
        ending = removal or self._ending
        assert ending is not None  # noqa: S101 - made before the first toolkit
        with anyio.move_on_after(seconds):
            await ending.wait()
        return ending.is_set()

    def _running(self) -> BlockingPortal:
        if self._portal is None:
            raise ConfigurationError("The toolkits are not open.")
        return self._portal

    def note(self, source: str, problem: str) -> None:
        """Tell in Health why something is not to be had."""
        if self.problems.get(source) != problem:
            log.warning("toolkit_unavailable", toolkit=source, reason=problem)
        self.problems[source] = problem


async def _running_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


async def _make_event() -> anyio.Event:
    return anyio.Event()


async def _set_event(event: anyio.Event) -> None:
    event.set()


def _set(tried: Future[None]) -> None:
    if not tried.done():
        tried.set_result(None)


def _made_by(factory: str, home: Path) -> list[Toolkit]:
    module, _, name = factory.partition(":")
    make: Callable[[Path], list[Toolkit]] = getattr(importlib.import_module(module), name)
    return make(home)


def _await_end(keeper: Future[None]) -> None:
    try:
        keeper.result(_CLOSE_SECONDS)
    except FutureTimeoutError:
        keeper.cancel()
        log.warning("toolkit_did_not_close")
    except (Exception, CancelledError) as error:
        log.warning("toolkit_did_not_close", reason=str(error))
