"""`sanca memory`: the commands and their options. Each command's work is in a module of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

StoreName = Literal["sqlite", "elasticsearch"]

memory = typer.Typer(help="What it remembers: bring it in, search it.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Session = Annotated[str, typer.Option("--session", help="The session that is meant.")]
Tenant = Annotated[str, typer.Option(help="Whose memory: the tenant.")]
User = Annotated[str, typer.Option(help="Whose memory: the user; by default whoever is at this terminal.")]


@memory.command("import")
def import_messages(
    file: Annotated[Path, typer.Argument(help="JSON lines with `id`, `speaker`, `time` (ISO 8601) and `text`.")],
    session: Session,
    tenant: Tenant = "default",
    user: User = "",
    as_json: AsJson = False,
) -> None:
    """Bring a conversation into a session; the same session again is replaced. All rows or none."""
    from sanca.python_runtime.cli.memory_import import import_file

    import_file(file, session, tenant=tenant, user=user, as_json=as_json)


@memory.command("search")
def search(
    question: Annotated[str, typer.Argument(help="What you want to know.")] = "",
    session: Session = "",
    queries: Annotated[
        Path | None, typer.Option(help="A text file, one question a line, or JSON lines with `query`.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many a question.")] = 10,
    speaker: Annotated[
        list[str] | None, typer.Option(help="Only what this one said; may be given several times.")
    ] = None,
    now: Annotated[str, typer.Option(help='ISO 8601: what "yesterday" counts from; by default the clock.')] = "",
    tenant: Tenant = "default",
    user: User = "",
    as_json: AsJson = False,
) -> None:
    """Say what answers a question, best first, and why; one line a question with --json."""
    from sanca.python_runtime.cli.memory_search import Asked, print_hits

    asked = Asked(session=session, limit=limit, speakers=tuple(speaker or ()), now=now, tenant=tenant, user=user)
    sys.exit(print_hits(question, queries, asked, as_json=as_json))


@memory.command("compact")
def compact(
    day: Annotated[str, typer.Option(help="Such as 2026-11-22; by default every day that is over.")] = "",
    tenant: Tenant = "default",
    user: User = "",
    as_json: AsJson = False,
) -> None:
    """Sum up days into notes that you can read and edit; what you changed in them is taken over."""
    from sanca.python_runtime.cli.memory_compact import compact_memory

    compact_memory(day, tenant=tenant, user=user, as_json=as_json)


@memory.command("check")
def check(
    salvage: Annotated[
        Path | None, typer.Option(help="Save what can be read into this new file; the old one is left as it is.")
    ] = None,
) -> None:
    """Say whether the embedded memory's file is whole; exit code 1 when it is damaged."""
    from sanca.python_runtime.cli.memory_check import check_memory

    sys.exit(check_memory(salvage))


@memory.command("migrate")
def migrate(
    source: Annotated[StoreName, typer.Option("--from", help="The store that has everything now.")],
    target: Annotated[StoreName, typer.Option("--to", help="The store that gets it.")],
    as_json: AsJson = False,
) -> None:
    """Move everything of every tenant to another store, and compare it there; may be stopped and repeated."""
    from sanca.python_runtime.cli.memory_migrate import migrate_memory

    migrate_memory(source, target, as_json=as_json)


@memory.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="A new file; it gets JSON lines, each saying what it is.")],
    tenant: Tenant = "default",
    user: User = "",
) -> None:
    """Save everything kept of a user: sessions, files, preferences, what was learned, runs."""
    from sanca.python_runtime.cli.memory_data import export_data

    export_data(file, tenant=tenant, user=user)


@memory.command("forget")
def forget(
    tenant: Tenant = "default",
    user: User = "",
    sure: Annotated[bool, typer.Option("--yes", help="You mean it: nothing brings it back.")] = False,
    as_json: AsJson = False,
) -> None:
    """Forget everything kept of a user, everywhere."""
    from sanca.python_runtime.cli.memory_data import forget_data

    forget_data(tenant=tenant, user=user, sure=sure, as_json=as_json)


@memory.command("encrypt")
def encrypt() -> None:
    """Encrypt the embedded memory's file with the key that SANCA_MEMORY_ENCRYPTION_KEY_FILE names."""
    from sanca.python_runtime.cli.memory_encryption import encrypt_memory

    encrypt_memory()


@memory.command("decrypt")
def decrypt() -> None:
    """Make an encrypted memory's file plain again."""
    from sanca.python_runtime.cli.memory_encryption import decrypt_memory

    decrypt_memory()
