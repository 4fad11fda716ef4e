"""`sanca chat`: a conversation in the terminal."""

from __future__ import annotations

import anyio
from rich.console import Console
from rich.prompt import Prompt
from sanca.core.errors import SancaError
from sanca.core.ids import new_session_id
from sanca.python_runtime.cli.access import EngineAccess, open_engine
from sanca.python_runtime.cli.one_run import follow
from sanca.python_runtime.cli.render import EventPrinter

HELP = "Write what it should do. /new starts a new session, /quit ends (so does Ctrl-D)."


def run_chat(session: str) -> None:
    """Talk until the person ends it."""
    try:
        anyio.run(_chat, session or new_session_id())
    except KeyboardInterrupt:
        Console().print("Ended.")


async def _chat(session: str) -> None:
    console = Console()
    async with open_engine() as engine:
        console.print(f"[bold]sanca[/] · session {session}\n[dim]{HELP}[/]")
        while True:
            try:
                message = await anyio.to_thread.run_sync(lambda: Prompt.ask("\n[bold]you[/]", console=console))
            except EOFError:
                return
            if message.strip() == "/quit":
                return
            if message.strip() == "/new":
                session = new_session_id()
                console.print(f"[dim]New session {session}[/]")
            elif message.strip():
                await _one_message(engine, message, session, console)


async def _one_message(engine: EngineAccess, message: str, session: str, console: Console) -> None:
    try:
        await follow(engine, engine.ask(message, session), EventPrinter(console=console), "ask")
    except SancaError as error:
        console.print(f"[red]{error}[/]")
