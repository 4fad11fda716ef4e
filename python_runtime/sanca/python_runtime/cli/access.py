"""How the terminal reaches an engine: the running one of this state folder over gRPC, or its own. Prints nothing."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import grpc
from sanca.core.errors import GatewayUnavailableError, SancaError
from sanca.core.home import find_home
from sanca.core.ids import new_trace_id
from sanca.python_runtime.service import engine_pb2 as pb
from sanca.python_runtime.service import engine_pb2_grpc

Event = dict[str, Any]
UNREACHABLE = "The engine of this state folder does not answer; if it hangs, stop process {pid} and try again."


@dataclass(frozen=True)
class EngineFile:
    """Where a running engine listens, from `engine.json`."""

    address: str
    token: str
    pid: int
    http: str = ""
    """Where its HTTP server is; empty: it has none."""

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What every call carries."""
        return (("authorization", f"Bearer {self.token}"),)


@dataclass(frozen=True)
class Summary:
    """How a run stands."""

    run_id: str
    session_id: str
    status: str
    answer: str
    error: str
    seconds: float
    calls: int
    cards: list[Any]
    usage: list[dict[str, Any]]


class EngineAccess(Protocol):
    """What the terminal needs of an engine."""

    def ask(self, message: str, session_id: str) -> AsyncIterator[Event]:
        """Start a run and yield its AG-UI events until it ends or waits for a person."""

    def answer(self, interrupt_id: str, *, approved: bool, reason: str = "", value: Any = None) -> AsyncIterator[Event]:
        """Answer what a run waits for and yield what follows."""

    async def summary(self, run_id: str) -> Summary:
        """Return how a run stands."""

    async def cancel(self, run_id: str) -> None:
        """Cancel a run."""


def find_running_engine(home: Path | None = None) -> EngineFile | None:
    """Return the engine that `engine.json` names, if its process lives."""
    file = (home or find_home()) / "engine.json"
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        found = EngineFile(said["address"], said["token"], int(said["pid"]), str(said.get("http") or ""))
        os.kill(found.pid, 0)
    except (FileNotFoundError, ProcessLookupError, ValueError, KeyError):
        return None
    except PermissionError:
        return None
    return found


def ask_health(home: Path | None = None) -> pb.HealthReply:
    """Ask the running engine how it is.

    Raises:
        GatewayUnavailableError: It does not answer within 5 seconds.
    """
    engine = find_running_engine(home)
    if engine is None:
        raise GatewayUnavailableError("No engine is running on this state folder; start one with `sanca serve`.")
    with grpc.insecure_channel(engine.address) as channel:
        try:
            return engine_pb2_grpc.EngineStub(channel).Health(pb.HealthRequest(), metadata=engine.metadata, timeout=5)
        except grpc.RpcError as error:
            raise GatewayUnavailableError(UNREACHABLE.format(pid=engine.pid)) from error


class RemoteEngine:
    """A running engine, over gRPC."""

    def __init__(self, file: EngineFile, stub: engine_pb2_grpc.EngineAsyncStub) -> None:
        self._file = file
        self._stub = stub
        self._caller = pb.Caller(
            tenant="default",
            user=getpass.getuser(),
            rights=["*"],
            trace_id=new_trace_id(),
            channel="cli",
            language=_language(),
        )

    async def ask(self, message: str, session_id: str) -> AsyncIterator[Event]:
        """Start a run and yield its AG-UI events."""
        request = pb.StartRunRequest(caller=self._caller, session_id=session_id, message=message)
        async for event in self._events(self._stub.StartRun(request, metadata=self._file.metadata)):
            yield event

    async def answer(
        self, interrupt_id: str, *, approved: bool, reason: str = "", value: Any = None
    ) -> AsyncIterator[Event]:
        """Answer what a run waits for and yield what follows."""
        request = pb.AnswerRequest(
            caller=self._caller, interrupt_id=interrupt_id, approved=approved, reason=reason,
            value_json="" if value is None else json.dumps(value),
        )  # fmt: skip
        async for event in self._events(self._stub.Answer(request, metadata=self._file.metadata)):
            yield event

    async def summary(self, run_id: str) -> Summary:
        """Return how a run stands."""
        request = pb.GetRunRequest(caller=self._caller, run_id=run_id)
        with _clear_errors(self._file):
            found = await self._stub.GetRun(request, metadata=self._file.metadata)
        return summary_of(found)

    async def cancel(self, run_id: str) -> None:
        """Cancel a run."""
        request = pb.CancelRunRequest(caller=self._caller, run_id=run_id)
        with _clear_errors(self._file):
            await self._stub.CancelRun(request, metadata=self._file.metadata)

    async def _events(self, stream: Any) -> AsyncIterator[Event]:
        with _clear_errors(self._file):
            async for event in stream:
                yield json.loads(event.event_json)


class _clear_errors:
    """Turn gRPC's errors into one sentence: the engine's own, or that it does not answer."""

    def __init__(self, file: EngineFile) -> None:
        self._file = file

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, grpc.aio.AioRpcError):
            return
        if error.code() is grpc.StatusCode.UNAVAILABLE:
            raise GatewayUnavailableError(UNREACHABLE.format(pid=self._file.pid)) from error
        raise SancaError(error.details() or f"The engine answered {error.code().name}.") from error


def summary_of(found: pb.RunSummary) -> Summary:
    """Return the terminal's summary of the wire's."""
    kept = ("model", "input_tokens", "output_tokens", "cost", "currency")
    usage = [{name: getattr(one, name) for name in kept} for one in found.usage]
    return Summary(
        found.run_id, found.session_id, found.status, found.answer, found.error, found.seconds, found.calls,
        [json.loads(card) for card in found.cards_json], usage,
    )  # fmt: skip


def _language() -> str:
    """Return the terminal's language as a BCP 47 tag."""
    return (os.environ.get("LC_ALL") or os.environ.get("LANG") or "en").split(".")[0].replace("_", "-") or "en"


@asynccontextmanager
async def _open_remote(file: EngineFile) -> AsyncIterator[RemoteEngine]:
    async with grpc.aio.insecure_channel(file.address) as channel:
        yield RemoteEngine(file, engine_pb2_grpc.EngineStub(channel))


def open_engine() -> AbstractAsyncContextManager[EngineAccess]:
    """Open the running engine of this state folder, or one of our own for as long as the block lasts."""
    running = find_running_engine()
    if running is not None:
        return _open_remote(running)
    from sanca.python_runtime.cli.own_engine import open_own_engine

    return open_own_engine()
