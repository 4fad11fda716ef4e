"""How an MCP server is signed in to, as the operator wrote it in `toolkits.json`. Data only; asks for no token."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator


class McpOAuth(BaseModel):
    """OAuth 2.1 of one MCP server. Without it a server that asks for it is signed in to as an unknown client."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    grant: Literal["authorization_code", "client_credentials"] = "authorization_code"
    """A person signs in (`sanca mcp login`), or the engine itself has credentials."""
    client_id: str = ""
    """Of a client that was registered beforehand; empty: by its metadata document, else registered when needed."""
    client_secret: SecretStr = SecretStr("")
    private_key_file: str = ""
    """A PEM file to sign with instead of a secret (`private_key_jwt`, client credentials only)."""
    signing_algorithm: str = "ES256"
    issuer: str = ""
    """Whom the credentials belong to: they are sent nowhere else. Needed for client credentials."""
    token_endpoint_auth_method: Literal["client_secret_basic", "client_secret_post"] = "client_secret_basic"  # noqa: S105
    client_metadata_url: str = ""
    """Where a metadata document of this client lies, for servers that know it by its address (https)."""
    scope: str = ""
    """Asked for at first, words with spaces between; empty: what the server names."""
    redirect_port: int = Field(default=15337, ge=1024, le=65535)
    """Of this machine, where `sanca mcp login` waits for the browser."""

    @model_validator(mode="after")
    def _check(self) -> McpOAuth:
        if self.grant == "client_credentials":
            if not self.client_id or not (self.client_secret.get_secret_value() or self.private_key_file):
                raise ValueError('client credentials need "client_id" and "client_secret" or "private_key_file"')
            if not self.issuer:
                raise ValueError('client credentials need "issuer": who gave them')
        if self.client_metadata_url and not _is_document(self.client_metadata_url):
            raise ValueError('"client_metadata_url" must be an https address with a path')
        return self


def _is_document(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and bool(parts.hostname) and parts.path not in {"", "/"}
