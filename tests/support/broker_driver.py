"""A real broker process for tests, with an engine that writes down what it hears and a sandbox's end."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from guest_end import GuestEnd
from sanca.core.ports import AgentReply
from sanca.python_runtime.broker.client import BrokerClient
from sanca.python_runtime.broker.journal_reader import JournalReader
from sanca.python_runtime.broker.records import Ask, BrokerHealth, BrokerSettings, CallRecord, RunContext

TOOLS = '''
"""Tools of the test."""

import sqlite3
from pathlib import Path
from typing import Annotated, Any

import anyio
from pydantic import Field
from sanca.core.tools import CallContext, Effect
from sanca.toolkit_bridge import tool

LEDGER = Path(__file__).parent.parent / "ledger.txt"


@tool
def add(a: int, b: int = 2) -> int:
    """Add two numbers."""
    return a + b


@tool(effect=Effect.WRITE, right="shop:write", undo="remove it")
async def write(name: Annotated[str, Field(description="What to write.")]) -> dict[str, str]:
    """Write a name down."""
    with LEDGER.open("a") as ledger:
        ledger.write(name + "\\\\n")
    return {"wrote": name}


@tool(effect=Effect.WRITE, approval="NEVER")
async def slow_write(seconds: float) -> str:
    """Write a name down, after a while."""
    await anyio.sleep(seconds)
    with LEDGER.open("a") as ledger:
        ledger.write("slow\\\\n")
    return "written"


@tool(effect=Effect.WRITE, approval="NEVER")
def look_into_journal(context: CallContext) -> list[str]:
    """Say what a reader of the journal sees of this call while it runs."""
    query = "SELECT kind FROM journal WHERE json_extract(data, '$.call_id') = ?"
    with sqlite3.connect(LEDGER.parent / "journal.db") as journal:
        return [kind for (kind,) in journal.execute(query, (context.call_id,))]


@tool
async def wait(seconds: float) -> str:
    """Wait."""
    await anyio.sleep(seconds)
    return "waited"


@tool(timeout_seconds=0.1)
async def hang() -> None:
    """Never return in time."""
    await anyio.sleep(60)


@tool
def fail() -> None:
    """Fail."""
    raise ValueError("no luck")


@tool
def whoami(context: CallContext) -> dict[str, Any]:
    """Say who calls."""
    return context.model_dump()


@tool
def give(value: Any) -> Any:
    """Give a value back."""
    return value


@tool
def repeat(text: str, times: int) -> str:
    """Give a long text."""
    return text * times
'''


class Engine:
    """What an engine hears, in order; answers `sanca` calls and, if told to, asks."""

    def __init__(self) -> None:
        self.records: list[CallRecord] = []
        self.more: Counter[str] = Counter()
        self.asks: list[Ask] = []
        self.cards: list[dict[str, Any]] = []
        self.misbehaved: list[tuple[str, str]] = []
        self.heard: list[str] = []
        self.lost = anyio.Event()
        self.changes = 0
        self.on_ask_do: Callable[[Ask], Awaitable[None]] | None = None
        self._changed = anyio.Event()

    async def on_call(self, run_id: str, call: CallRecord) -> None:
        assert run_id == call.run_id
        self.records.append(call)
        self._note(f"{call.status} {call.tool}")

    async def on_more_calls(self, run_id: str, name: str, count: int) -> None:
        self.more[name] += count
        self._note(f"{count} more {name}")

    async def on_ask(self, run_id: str, ask: Ask) -> None:
        assert run_id == ask.run_id
        self.asks.append(ask)
        self._note(f"ask {ask.tool}")
        if self.on_ask_do is not None:
            await self.on_ask_do(ask)

    async def on_card(self, run_id: str, call_id: str, card: dict[str, Any]) -> None:
        assert call_id.startswith(f"{run_id}/")
        self.cards.append(card)
        self._note(f"card {card['kind']}")

    async def on_engine_call(self, run_id: str, tool: str, arguments: dict[str, Any]) -> Any:
        self._note(f"{tool} {arguments}")
        return {"run": run_id, "heard": arguments}

    async def on_agent_reply(self, reply: AgentReply) -> None:
        self._note(f"{reply.sender} replied")

    async def on_toolkits_changed(self) -> None:
        self.changes += 1
        self._note("toolkits changed")

    async def on_sandbox_misbehaved(self, sandbox_session_id: str, reason: str) -> None:
        self.misbehaved.append((sandbox_session_id, reason))
        self._note(f"misbehaved {sandbox_session_id}")

    async def on_broker_lost(self) -> None:
        self.lost.set()

    def _note(self, what: str) -> None:
        self.heard.append(what)
        self._changed.set()
        self._changed = anyio.Event()

    async def until(self, condition: Callable[[], Any], seconds: float = 15.0) -> Any:
        """Wait until something heard makes the condition true."""
        with anyio.fail_after(seconds):
            while not (value := condition()):
                with anyio.move_on_after(0.05):  # the condition may also look at the client
                    await self._changed.wait()
        return value

    def last(self, call_id: str) -> CallRecord:
        """Return the latest record of a call."""
        return [record for record in self.records if record.call_id == call_id][-1]


class Driver:
    """A client with one open run, and a sandbox's end bound to it."""

    def __init__(self, home: Path, client: BrokerClient, engine: Engine) -> None:
        self.home = home
        self.client = client
        self.engine = engine
        self.guest = GuestEnd()

    async def open_run(self, run_id: str = "run_1", *, bind: bool = True, **more: Any) -> None:
        """Open a run and bind the guest's end to it."""
        context = {
            "session_id": "ses_1",
            "user": "olga",
            "rights": ("shop:write", "system:change"),
            "trace_id": "a" * 32,
        }
        await self.client.open_run(RunContext(run_id=run_id, **{**context, **more}))
        if bind:
            await self.client.bind("sandbox_1", self.guest.broker_end, run_id, 1)
            self.guest.broker_end.close()  # as the engine does: only the broker holds it now

    async def value(self, toolkit: str, tool: str, *args: Any, **kwargs: Any) -> Any:
        """Call from inside the sandbox."""
        return await self._in_thread(lambda: self.guest.value(toolkit, tool, *args, **kwargs))

    async def error(self, toolkit: str, tool: str, *args: Any, **kwargs: Any) -> Any:
        """Call from inside the sandbox; it must fail."""
        return await self._in_thread(lambda: self.guest.error(toolkit, tool, *args, **kwargs))

    async def finish(self) -> dict[str, Any]:
        """Wait for the answer of a call that was begun."""
        found: dict[str, Any] = await self._in_thread(self.guest.finish)
        return found

    def answer_asks(self, *, approved: bool = True, **more: Any) -> None:
        """Answer every ask at once."""

        async def answer(ask: Ask) -> None:
            given = {"by": "olga", **more}
            assert await self.client.answer(ask.run_id, ask.call_id, approved=approved, **given)

        self.engine.on_ask_do = answer

    async def journal(self, run_id: str = "run_1", *kinds: str) -> list[Any]:
        """Return the run's rows, once all are written."""
        await self.client.flush()
        return JournalReader(self.home).rows(run_id, kinds=kinds)

    async def until_health(self, condition: Callable[[BrokerHealth], bool]) -> BrokerHealth:
        """Ask for the health until it is as wanted."""
        with anyio.fail_after(10):
            while not condition(health := await self.client.health()):  # noqa: ASYNC110 - nobody tells us
                await anyio.sleep(0.02)
        return health

    def ledger(self) -> list[str]:
        """Return what the Python tools have really written."""
        path = self.home / "ledger.txt"
        return path.read_text(encoding="utf-8").split() if path.exists() else []

    async def _in_thread(self, call: Callable[[], Any]) -> Any:
        with anyio.fail_after(30):
            return await anyio.to_thread.run_sync(call, abandon_on_cancel=True)


@asynccontextmanager
async def driven(home: Path, **settings: Any) -> AsyncIterator[Driver]:
    """Run a broker on a state folder."""
    engine = Engine()
    async with BrokerClient.open(BrokerSettings(home, **settings), engine) as client:
        driver = Driver(home, client, engine)
        try:
            yield driver
        finally:
            driver.guest.close()
