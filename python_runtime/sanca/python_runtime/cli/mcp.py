"""`sanca mcp`: the MCP server for editors and other programs that start it, over standard input and output."""

from __future__ import annotations

import typer

mcp = typer.Typer(help="The MCP server over standard input and output.", invoke_without_command=True)


@mcp.callback()
def serve(context: typer.Context) -> None:
    """Serve MCP to the program that starts this until its input ends: by the running engine, or one of its own."""
    if context.invoked_subcommand is not None:
        return
    import anyio
    from sanca.python_runtime.cli.mcp_serving import serve_standard_streams

    anyio.run(serve_standard_streams)
