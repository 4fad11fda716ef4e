"""`sanca memory export|forget`: a user's data handed over or forgotten, by the running engine or without one."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import grpc
from sanca.core.errors import ConfigurationError, GatewayUnavailableError, SancaError
from sanca.core.home import ensure_home, find_home
from sanca.core.memory import Scope
from sanca.memory import MemorySettings, open_store
from sanca.python_runtime.cli.access import UNREACHABLE, EngineFile, find_running_engine
from sanca.python_runtime.service import engine_pb2 as pb
from sanca.python_runtime.service import engine_pb2_grpc

if TYPE_CHECKING:
    from sanca.memory.care import UserData


def export_data(target: Path, *, tenant: str, user: str) -> None:
    """Write everything kept of a user into a new file, a line of JSON each, readable by its owner only.

    Raises:
        ConfigurationError: The file is there already or cannot be written.
    """
    scope = _scope(tenant, user)
    try:
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            count = _export(scope, file.write)
    except FileExistsError:
        raise ConfigurationError(f"{str(target)!r} is there already; name a file that is not.") from None
    except OSError as error:
        raise ConfigurationError(f"{str(target)!r} cannot be written ({error.strerror}).") from error
    except SancaError:
        target.unlink()  # half a file would pass for all there is
        raise
    print(f"{count} lines about {scope.user!r} of {scope.tenant!r} are in {target}.")  # noqa: T201


def forget_data(*, tenant: str, user: str, sure: bool, as_json: bool) -> None:
    """Forget everything kept of a user.

    Raises:
        ConfigurationError: Nobody said to be sure.
    """
    scope = _scope(tenant, user)
    if not sure:
        raise ConfigurationError(
            f"Everything kept of the user {scope.user!r} of {scope.tenant!r} would be gone for good: sessions, files, "
            "preferences, what was learned. Save it first with `sanca memory export FILE`, then add --yes."
        )
    count = _forget(scope)
    if as_json:
        print(json.dumps({**scope.model_dump(), "forgotten": count}))  # noqa: T201
    else:
        print(f"{count} things of {scope.user!r} of {scope.tenant!r} are forgotten.")  # noqa: T201


def _scope(tenant: str, user: str) -> Scope:
    return Scope(tenant=tenant, user=user or getpass.getuser())


def _export(scope: Scope, write: Callable[[bytes], int]) -> int:
    """Write the lines and return how many there are."""
    engine = find_running_engine()
    if engine is None:
        return anyio.run(_export_here, scope, write)
    count = 0
    with _stub(engine) as stub:
        for chunk in stub.ExportMemory(pb.ExportMemoryRequest(caller=_caller(scope)), metadata=engine.metadata):
            count += chunk.data.count(b"\n")
            write(chunk.data)
    return count


async def _export_here(scope: Scope, write: Callable[[bytes], int]) -> int:
    count = 0
    async with _data() as data:
        async for line in data.export(scope):
            write(line.encode())
            count += 1
    return count


def _forget(scope: Scope) -> int:
    engine = find_running_engine()
    if engine is None:
        return anyio.run(_forget_here, scope)
    with _stub(engine) as stub:
        request = pb.ForgetMemoryRequest(caller=_caller(scope), everything=True)
        return int(stub.ForgetMemory(request, metadata=engine.metadata).forgotten)


async def _forget_here(scope: Scope) -> int:
    async with _data() as data:
        return await data.forget(scope)


@asynccontextmanager
async def _data() -> AsyncIterator[UserData]:
    """Open what an engine would, as far as it keeps something of users."""
    from sanca.python_runtime.files import SessionFiles
    from sanca.python_runtime.run_store import RunStore
    from sanca.python_runtime.settings import EngineSettings
    from sanca.python_runtime.snapshots import SnapshotFiles
    from sanca.python_runtime.user_traces import make_user_data

    home, settings = ensure_home(find_home()), EngineSettings()
    sessions, runs = open_store(MemorySettings(), home), RunStore(home / "runs.db")
    files = SessionFiles(home / "sessions", sessions, limit_bytes=settings.file_bytes)
    snapshots = SnapshotFiles(home / "snapshots", limit_megabytes=settings.snapshots_megabytes)

    async def let_go(scope: Scope, session_ids: Sequence[str]) -> None:
        for session_id in session_ids:
            await snapshots.forget(session_id)

    await sessions.open()
    try:
        await runs.open()
        try:
            yield make_user_data(home, sessions, runs, files, let_go)
        finally:
            await runs.close()
    finally:
        await sessions.close()


@contextmanager
def _stub(engine: EngineFile) -> Iterator[engine_pb2_grpc.EngineStub]:
    """Yield the running engine; what it refuses comes as its own sentence."""
    with grpc.insecure_channel(engine.address) as channel:
        try:
            yield engine_pb2_grpc.EngineStub(channel)
        except grpc.RpcError as error:
            if not isinstance(error, grpc.Call) or error.code() is grpc.StatusCode.UNAVAILABLE:
                raise GatewayUnavailableError(UNREACHABLE.format(pid=engine.pid)) from error
            raise SancaError(error.details() or f"The engine answered {error.code().name}.") from error


def _caller(scope: Scope) -> pb.Caller:
    return pb.Caller(tenant=scope.tenant, user=scope.user, rights=["*"], channel="cli")
