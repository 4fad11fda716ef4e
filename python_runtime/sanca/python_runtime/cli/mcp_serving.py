"""What `sanca mcp` serves: the HTTP door of the running engine, or an engine of its own when none is running."""

from __future__ import annotations

from pathlib import Path

from sanca.core.access import DoorSettings, Identity
from sanca.core.errors import ConfigurationError
from sanca.core.home import ensure_home, find_home
from sanca.mcp_adapters.server.agent import AgentServer
from sanca.mcp_adapters.server.settings import read_settings
from sanca.mcp_adapters.server.stdio import Reader, Writer, bridge_streams, serve_streams, standard_streams
from sanca.python_runtime.cli.access import EngineFile, find_running_engine
from sanca.python_runtime.doors.runner import EngineRunner
from sanca.python_runtime.doors.settings import DoorsSettings
from sanca.python_runtime.engine import LOCAL, Engine
from sanca.python_runtime.version import VERSION


async def serve_standard_streams() -> None:
    """Serve one client.

    Raises:
        SancaError: There is neither a door to use nor an engine to be opened.
    """
    home = ensure_home(find_home())
    engine = find_running_engine(home)
    if engine is not None:
        url = door_of(engine)
        async with standard_streams() as (reader, writer):
            await bridge_streams(url, engine.token, reader, writer)
        return
    async with standard_streams() as (reader, writer):
        await _serve_own_engine(home, reader, writer)


def door_of(engine: EngineFile) -> str:
    """Return where a running engine serves MCP.

    Raises:
        ConfigurationError: It runs without its HTTP server.
    """
    if not engine.http:
        raise ConfigurationError(
            "The engine of this state folder runs without its HTTP server: start it with `sanca serve --http`, or stop "
            "it, and `sanca mcp` opens one of its own.",
            setting="SANCA_HTTP_PORT",
        )
    return f"{engine.http}/mcp"


async def _serve_own_engine(home: Path, reader: Reader, writer: Writer) -> None:
    async with Engine(home) as engine:
        runner = EngineRunner(engine)
        local = Identity(LOCAL.model_copy(update={"channel": "mcp"}), "local", "local")
        doors = DoorsSettings()
        settings = DoorSettings(
            home=home, url="", version=VERSION, name=doors.agent_name, description=doors.agent_description
        )
        try:
            await serve_streams(AgentServer(runner, settings, read_settings(), local), reader, writer)
        finally:
            await runner.close()
