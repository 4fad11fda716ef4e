"""`sanca knowledge`: the commands and their options. The work is in knowledge_work.py."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

knowledge = typer.Typer(help="The documents and code it knows.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Tenant = Annotated[str, typer.Option(help="Whose knowledge: the tenant.")]


@knowledge.command("add")
def add(
    path: Annotated[Path, typer.Argument(help="A file, or a folder with all that is worth knowing in it.")],
    valid_for: Annotated[
        str, typer.Option(help="How long it holds: 90d, 12w, 1y; 0: without end. After that it is shown with a doubt.")
    ] = "",
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Take documents in, or take in what changed. Exit code 1 when one could not be read."""
    from sanca.python_runtime.cli.knowledge_work import add_and_tell

    sys.exit(add_and_tell(path, valid_for, tenant=tenant, as_json=as_json))


@knowledge.command("list")
def list_documents(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """List the documents it knows."""
    from sanca.python_runtime.cli.knowledge_work import print_documents

    print_documents(tenant=tenant, as_json=as_json)


@knowledge.command("forget")
def forget(
    name: Annotated[str, typer.Argument(help="A document as `list` names it, or a folder of them.")],
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Forget a document, or all in a folder. Exit code 1 when nothing has that name."""
    from sanca.python_runtime.cli.knowledge_work import forget_and_tell

    sys.exit(forget_and_tell(name, tenant=tenant, as_json=as_json))


@knowledge.command("check")
def check(tenant: Tenant = "default", as_json: AsJson = False) -> None:
    """Say what is expired, changed or gone on the disk, or contradicts something else; exit code 1 when anything is."""
    from sanca.python_runtime.cli.knowledge_work import check_and_tell

    sys.exit(check_and_tell(tenant=tenant, as_json=as_json))
