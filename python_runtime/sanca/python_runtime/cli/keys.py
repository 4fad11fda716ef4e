"""`sanca keys`: API keys for those who come in by a door. A key is shown once; it counts, and is revoked, at once."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sanca.core.errors import ConfigurationError
from sanca.core.home import ensure_home, find_home

keys = typer.Typer(help="API keys for agents and clients that come in by a door.", no_args_is_help=True)

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_SPAN = re.compile(r"(\d{1,4})([hdw])")


@keys.command("add")
def add_key(
    name: Annotated[str, typer.Argument(help="What the key is called: a-z, 0-9 and -.")],
    right: Annotated[
        list[str] | None, typer.Option(help="A right it has; again for each: sanca:ask, sanca:tools, system:read …")
    ] = None,
    tenant: Annotated[str, typer.Option(help="Whose data it sees.")] = "default",
    user: Annotated[str, typer.Option(help="In whose name; by default the key's own.")] = "",
    expires: Annotated[str, typer.Option(help="When it ends: 12h, 30d, 4w, or a date such as 2027-01-31.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Make a key and show it, this once. Without --right it may talk to the agent and nothing else."""
    from sanca.python_runtime.doors.access.keys import KeyFile

    rights = tuple(dict.fromkeys(right or ["sanca:ask"]))
    until = _until(expires)
    key, shown = KeyFile(ensure_home(find_home())).add(
        name, tenant=tenant, user=user or name, rights=rights, expires_at=until
    )
    if as_json:
        print(json.dumps({"name": key.name, "key": shown}))  # noqa: T201 - the terminal is this module's output
        return
    console = Console(highlight=False)
    console.print(shown, soft_wrap=True)
    ends = f" until {until:%Y-%m-%d %H:%M} UTC" if until else ""
    told = f"[dim]It is {key.tenant}/{key.user} with {', '.join(rights)}{ends}. Keep it now: it is not shown again.[/]"
    Console(stderr=True, highlight=False).print(told)


@keys.command("list")
def list_keys(as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False) -> None:
    """List the keys there are; never the keys themselves."""
    from sanca.python_runtime.doors.access.keys import KeyFile

    found = KeyFile(find_home()).all()
    if as_json:
        told = [key.model_dump(mode="json", exclude={"sha256"}) for key in found]
        print(json.dumps(told))  # noqa: T201 - the terminal is this module's output
        return
    table = Table("name", "tenant", "user", "rights", "made", "ends", box=None, pad_edge=False)
    for key in found:
        ends = "expired" if key.is_expired else f"{key.expires_at:%Y-%m-%d}" if key.expires_at else "never"
        table.add_row(key.name, key.tenant, key.user, ", ".join(key.rights), f"{key.created_at:%Y-%m-%d}", ends)
    Console(highlight=False).print(table if found else "There are no keys; `sanca keys add NAME` makes one.")


@keys.command("revoke")
def revoke_key(name: Annotated[str, typer.Argument(help="The key's name.")]) -> None:
    """Refuse a key from now on; a running engine hears of it with the next request."""
    from sanca.python_runtime.doors.access.keys import KeyFile

    KeyFile(find_home()).revoke(name)
    Console(stderr=True, highlight=False).print(f"[dim]The key {name!r} is refused from now on.[/]")


def _until(text: str) -> datetime | None:
    """Return when a key ends.

    Raises:
        ConfigurationError: The text says no time that is to come.
    """
    if not text:
        return None
    now = datetime.now(UTC)
    if span := _SPAN.fullmatch(text):
        return now + int(span[1]) * _UNITS[span[2]]
    try:
        given = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"--expires is {text!r}; say 12h, 30d, 4w or a date such as 2027-01-31.") from error
    until = (given if given.tzinfo else given.replace(tzinfo=UTC)).astimezone(UTC)
    if until <= now:
        raise ConfigurationError(f"--expires is {text!r}, which is over already.")
    return until
