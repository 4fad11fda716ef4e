"""`sanca mcp servers | pins | accept | login | logout`: other people's MCP servers, as the operator sees them."""

from __future__ import annotations

import json
from typing import Annotated

import typer

Server = Annotated[str, typer.Argument(help="Its name in toolkits.json.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def add_server_commands(mcp: typer.Typer) -> None:
    """Add the commands to `sanca mcp`."""
    for command in (servers, pins, accept, login, logout):
        mcp.command()(command)


def servers() -> None:
    """List the MCP servers of toolkits.json, with what is known of their tools."""
    from sanca.core.home import find_home
    from sanca.core.toolkits_file import read_toolkits_file
    from sanca.mcp_adapters.pins import PinFile

    home = find_home()
    for name, entry in read_toolkits_file(home).mcp_servers.items():
        known = PinFile(home).load(name)
        waiting = f", {len(known.waiting)} withheld" if known.waiting else ""
        tools = f"{len(known.listed)} tools{waiting}" if known.listed else "not reached yet"
        typer.echo(f"{name}  {entry.url or entry.command}  {tools}")


def pins(server: Annotated[str, typer.Argument(help="Only this one.")] = "", as_json: AsJson = False) -> None:
    """Show what servers changed in what they say of their tools, and nobody has agreed to yet."""
    from sanca.core.home import find_home
    from sanca.mcp_adapters.pins import PinFile, difference

    file = PinFile(find_home())
    changes = {
        name: {tool: difference(known.tools.get(tool, {}), now) for tool, now in known.waiting.items()}
        for name in ([server] if server else file.servers())
        for known in [file.load(name)]
    }
    if as_json:
        typer.echo(json.dumps(changes, ensure_ascii=False))
        return
    for name, tools in changes.items():
        for tool, change in tools.items():
            typer.echo(f"{name}.{tool}\n{change}\n")
    if not any(changes.values()):
        typer.echo("Nothing waits for an agreement.")


def accept(server: Server, tools: Annotated[list[str] | None, typer.Argument(help="Only these tools.")] = None) -> None:
    """Agree to what a server says of its tools now; a running engine offers them again at once."""
    from sanca.core.home import find_home
    from sanca.mcp_adapters.pins import PinFile

    agreed = PinFile(find_home()).agree(server, list(tools or ()))
    typer.echo(f"Agreed to {', '.join(agreed)} of {server}.")


def login(server: Server) -> None:
    """Sign in at a server: prints an address to open in a browser of this machine, and waits until you come back."""
    import anyio
    from sanca.core.home import ensure_home, find_home
    from sanca.mcp_adapters.sign_in import sign_in

    def show(address: str) -> None:
        typer.echo(f"Open this address and sign in:\n\n  {address}\n")

    tools = anyio.run(sign_in, ensure_home(find_home()), server, show)
    typer.echo(f"Signed in at {server}; it has {tools} tools.")


def logout(server: Server) -> None:
    """Forget the tokens of a server."""
    from sanca.core.home import find_home
    from sanca.mcp_adapters.sign_in import server_entry
    from sanca.mcp_adapters.tokens import ServerTokens

    home = find_home()
    ServerTokens(home, server_entry(home, server).url).forget()
    typer.echo(f"Forgot the tokens of {server}.")
