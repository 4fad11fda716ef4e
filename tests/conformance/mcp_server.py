"""Our MCP door with the official suite's fixtures: `python tests/conformance/mcp_server.py --port P`.

HTTP server, checks and door are the engine's own; the tools behind the door are fixtures. Who shows no credentials is
let in as an anonymous identity, on loopback: only here, in no setting.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

import anyio

sys.path.insert(0, str(Path(__file__).parent))

from mcp_fixture_stack import served


async def main() -> None:
    """Serve until it is ended; prints `ready` and where, when it listens."""
    parser = argparse.ArgumentParser(description="The MCP door with fixtures, for the conformance suite.")
    parser.add_argument("--port", type=int, default=0, help="default: any")
    port: int = parser.parse_args().port
    with tempfile.TemporaryDirectory(prefix="mcp-conformance-") as home:
        async with served(Path(home), port) as url:
            print(f"ready {url}", flush=True)  # noqa: T201 - who started it waits for this
            with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
                async for _ in signals:
                    break


if __name__ == "__main__":
    anyio.run(main)
