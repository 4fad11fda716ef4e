"""How we prove to an MCP server who we are: OAuth 2.1 by the SDK, with our storage and a person who signs in elsewhere.

Loads the SDK: imported with the first connection by URL.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2
from mcp.client.auth import OAuthClientProvider, OAuthFlowError
from mcp.client.auth.extensions.client_credentials import (
    ClientCredentialsOAuthProvider,
    PrivateKeyJWTOAuthProvider,
    SignedJWTParameters,
)
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata
from pydantic import AnyUrl
from sanca.core.errors import ConfigurationError
from sanca.core.mcp_oauth import McpOAuth
from sanca.core.toolkits_file import McpServerEntry
from sanca.mcp_adapters.tokens import ServerTokens

CALLBACK_PATH = "/callback"


class SignInNeededError(OAuthFlowError):
    """A person has to sign in at this server first."""


@dataclass(frozen=True)
class Person:
    """Somebody at a browser."""

    show: Callable[[str], Awaitable[None]]
    """Shows them the address where they sign in."""
    wait: Callable[[], Awaitable[AuthorizationCodeResult]]
    """Waits until they come back from there."""


def auth_of(
    server: str, entry: McpServerEntry, home: Path, person: Person | None = None
) -> OAuthClientProvider | httpx2.Auth | None:
    """Return how requests to a server are signed; None when the operator gave a header for that.

    Args:
        server: Its name, for what is said when somebody has to sign in.
        entry: The server.
        home: Where tokens are kept.
        person: Who can sign in now; None: nobody, then a server that wants it is not reached.

    Raises:
        ConfigurationError: The private key cannot be read.
    """
    if any(name.lower() == "authorization" for name in entry.headers):
        return None
    oauth, tokens = entry.oauth or McpOAuth(), ServerTokens(home, entry.url)
    if oauth.grant == "client_credentials":
        return _own_credentials(entry.url, oauth, tokens)
    return _PersonsProvider(server, entry.url, oauth, tokens, person or _nobody(server))


def _own_credentials(url: str, oauth: McpOAuth, tokens: ServerTokens) -> httpx2.Auth:
    if not oauth.private_key_file:
        return ClientCredentialsOAuthProvider(
            url,
            tokens,
            client_id=oauth.client_id,
            client_secret=oauth.client_secret.get_secret_value(),
            token_endpoint_auth_method=oauth.token_endpoint_auth_method,
            scope=oauth.scope or None,
            issuer=oauth.issuer,
        )
    try:
        key = Path(oauth.private_key_file).expanduser().read_text("utf-8")
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"The private key {oauth.private_key_file!r} cannot be read.") from error
    signer = SignedJWTParameters(
        issuer=oauth.client_id,
        subject=oauth.client_id,
        signing_key=key,
        signing_algorithm=oauth.signing_algorithm,
    )
    return PrivateKeyJWTOAuthProvider(
        url,
        tokens,
        client_id=oauth.client_id,
        assertion_provider=signer.create_assertion_provider(),
        scope=oauth.scope or None,
        issuer=oauth.issuer,
    )


class _PersonsProvider(OAuthClientProvider):
    """The authorization code grant. After a restart it knows when a token ends, and where it is renewed."""

    def __init__(self, server: str, url: str, oauth: McpOAuth, tokens: ServerTokens, person: Person) -> None:
        super().__init__(
            server_url=url,
            client_metadata=OAuthClientMetadata(
                client_name="sanca",
                redirect_uris=[AnyUrl(f"http://127.0.0.1:{oauth.redirect_port}{CALLBACK_PATH}")],
                grant_types=["authorization_code", "refresh_token"],
                response_types=["code"],
                scope=oauth.scope or None,
            ),
            storage=tokens,
            redirect_handler=person.show,
            callback_handler=person.wait,
            client_metadata_url=oauth.client_metadata_url or None,
        )
        self._server = server
        self._oauth = oauth
        self._tokens = tokens

    async def _initialize(self) -> None:
        await super()._initialize()
        if self._oauth.client_id:
            self.context.client_info = self._registered()
        if self.context.current_tokens is not None:
            self.context.token_expiry_time = self._tokens.expires_at
            self.context.oauth_metadata = self._tokens.metadata

    async def _handle_token_response(self, response: httpx2.Response) -> None:
        await super()._handle_token_response(response)
        self._tokens.keep_metadata(self.context.oauth_metadata)

    def _registered(self) -> OAuthClientInformationFull:
        """Return the client that was registered beforehand; bound to who registered it, where the operator said so."""
        secret = self._oauth.client_secret.get_secret_value() or None
        return OAuthClientInformationFull(
            client_id=self._oauth.client_id,
            client_secret=secret,
            redirect_uris=self.context.client_metadata.redirect_uris,
            token_endpoint_auth_method=self._oauth.token_endpoint_auth_method if secret else "none",
            issuer=self._oauth.issuer or None,
        )


def _nobody(server: str) -> Person:
    async def show(_: str) -> None:
        raise SignInNeededError(f"a person has to sign in there: run `sanca mcp login {server}`")

    async def wait() -> AuthorizationCodeResult:
        raise SignInNeededError(f"a person has to sign in there: run `sanca mcp login {server}`")

    return Person(show, wait)
