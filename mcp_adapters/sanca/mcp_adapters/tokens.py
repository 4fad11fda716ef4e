"""Where tokens of MCP servers are kept: `<home>/mcp_tokens.json`, 0600, by the server's address. Asks nobody for one.

By address and not by name: an entry that is pointed at another server must not take the old one's tokens there.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, TypeVar

from mcp.shared.auth import OAuthClientInformationFull, OAuthMetadata, OAuthToken
from pydantic import BaseModel, ValidationError
from sanca.mcp_adapters.state_file import change_state, read_state

FILE_NAME = "mcp_tokens.json"

_Model = TypeVar("_Model", bound=BaseModel)


class ServerTokens:
    """One server's part of the file; the SDK's `TokenStorage`, and what it forgets over a restart."""

    def __init__(self, home: Path, url: str) -> None:
        self._path = home / FILE_NAME
        self._url = url

    async def get_tokens(self) -> OAuthToken | None:
        """Return the tokens; None when there are none of use."""
        return _read(OAuthToken, self._content().get("tokens"))

    async def set_tokens(self, tokens: OAuthToken) -> None:
        """Keep the tokens, and when they end."""
        until = None if tokens.expires_in is None else time.time() + float(tokens.expires_in)
        self._change({"tokens": tokens.model_dump(mode="json", exclude_none=True), "expires_at": until})

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        """Return as whom we are registered there."""
        return _read(OAuthClientInformationFull, self._content().get("client"))

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        """Keep as whom we are registered there."""
        self._change({"client": client_info.model_dump(mode="json", exclude_none=True)})

    @property
    def expires_at(self) -> float | None:
        """When the access token ends, seconds since 1970; None: nobody said."""
        until = self._content().get("expires_at")
        return float(until) if isinstance(until, int | float) else None

    @property
    def metadata(self) -> OAuthMetadata | None:
        """Where tokens are had and renewed."""
        return _read(OAuthMetadata, self._content().get("metadata"))

    def keep_metadata(self, metadata: OAuthMetadata | None) -> None:
        """Keep where tokens are renewed: after a restart nothing else tells."""
        if metadata is not None:
            self._change({"metadata": metadata.model_dump(mode="json", exclude_none=True)})

    def forget(self) -> None:
        """Forget the tokens and as whom we are registered."""

        def change(content: dict[str, Any]) -> None:
            content.pop(self._url, None)

        change_state(self._path, change)

    def _content(self) -> dict[str, Any]:
        content = read_state(self._path).get(self._url)
        return content if isinstance(content, dict) else {}

    def _change(self, fields: dict[str, Any]) -> None:
        def change(content: dict[str, Any]) -> None:
            content[self._url] = {**content.get(self._url, {}), **fields}

        change_state(self._path, change)


def _read(model: type[_Model], content: Any) -> _Model | None:
    if content is None:
        return None
    try:
        return model.model_validate(content)
    except ValidationError:
        return None  # of an older form: it is asked for anew
