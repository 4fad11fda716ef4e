"""Where the host's gateway listens and the token it wants, as `<home>/gateway.json` says now. Speaks no wire."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from sanca.core.errors import GatewayAuthError, GatewayUnavailableError

_Connected = TypeVar("_Connected")


class GatewayConnectionInfo(BaseModel):
    """What the host writes when its gateway listens; made anew at each host start."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    port: int = Field(ge=1, le=65535)
    token: SecretStr
    pid: int = 0
    started_at: str = Field(default="", alias="startedAt")


def gateway_file(home: Path) -> Path:
    """Return the file the host announces its gateway in."""
    return home / "gateway.json"


def read_connection(home: Path) -> GatewayConnectionInfo:
    """Read where the gateway listens; called before every new connection, so that a restarted host is found.

    Raises:
        GatewayUnavailableError: No host announces itself in `home`, or the file cannot be read.
    """
    path = gateway_file(home)
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise GatewayUnavailableError(
            f"No host is running for the state folder {str(home)!r} (it has no gateway.json); start the host first."
        ) from None
    except OSError as error:
        raise GatewayUnavailableError(f"{str(path)!r} cannot be read: {error.strerror}.") from error
    try:
        return GatewayConnectionInfo.model_validate(json.loads(content))
    except (ValueError, ValidationError) as error:
        raise GatewayUnavailableError(
            f"{str(path)!r} is not complete; the host may be starting. Try again, or restart the host."
        ) from error


def connect(home: Path, open_connection: Callable[[GatewayConnectionInfo], _Connected]) -> _Connected:
    """Open a connection with the token announced now; where that is refused and another one is announced, with that.

    Raises:
        GatewayUnavailableError: No host announces itself, or it does not answer.
        GatewayAuthError: It refuses the token it announces.
    """
    info = read_connection(home)
    try:
        return open_connection(info)
    except GatewayAuthError:
        now = read_connection(home)
        if now == info:
            raise
        return open_connection(now)
