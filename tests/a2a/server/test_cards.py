"""The agent card: signed, cacheable, for both generations; and its key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import jwt
import pytest
from a2a.types.a2a_pb2 import AgentCard, GetExtendedAgentCardRequest
from a2a.utils.signing import InvalidSignaturesError, create_signature_verifier
from a2a_stack import A2aStack, a2a_stack
from google.protobuf.json_format import ParseDict
from sanca.a2a.server.signing import SigningKey
from sanca.core.errors import ConfigurationError

pytestmark = pytest.mark.anyio
CARD = "/.well-known/agent-card.json"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[A2aStack]:
    async with a2a_stack(tmp_path_factory.mktemp("a2a"), name="Sanca im Büro") as opened:
        yield opened


async def test_cards_are_signed_with_the_published_key_and_a_change_is_noticed(stack: A2aStack) -> None:
    (key,) = jwt.PyJWKSet.from_dict((await stack.http.get("/.well-known/jwks.json")).json()).keys
    verify = create_signature_verifier(lambda kid, jku: key, ["ES256"])
    public = await stack.card()
    client = await stack.client("JSONRPC")
    extended = await client.get_extended_agent_card(GetExtendedAgentCardRequest(), context=stack.context())

    verify(public)
    verify(extended)
    public.description += "!"
    with pytest.raises(InvalidSignaturesError):
        verify(public)
    assert public.name == "Sanca im Büro"


async def test_the_card_is_not_sent_again_to_who_has_it(stack: A2aStack) -> None:
    first = await stack.http.get(CARD)
    again = await stack.http.get(CARD, headers={"If-None-Match": first.headers["etag"]})
    head = await stack.http.head(CARD)

    assert (again.status_code, again.content) == (304, b"")
    assert "max-age=60" in first.headers["cache-control"]
    assert (head.status_code, head.headers["etag"]) == (200, first.headers["etag"])
    assert (await stack.http.post(CARD)).status_code == 405


async def test_older_clients_find_their_fields_and_newer_ones_may_ask_for_theirs_only(stack: A2aStack) -> None:
    both = (await stack.http.get(CARD, headers={"A2A-Version": ""})).json()  # the official client leaves one behind
    current = (await stack.http.get(CARD, headers={"A2A-Version": "1.0"})).json()

    assert (both["url"], both["preferredTransport"]) == (f"{stack.url}/a2a", "JSONRPC")
    assert both["protocolVersion"].startswith("0.3")
    assert not {"url", "preferredTransport", "protocolVersion", "security"} & current.keys()
    declared = [(one["protocolBinding"], one["protocolVersion"]) for one in current["supportedInterfaces"]]
    assert declared == [
        (binding, version) for version in ("1.0", "0.3") for binding in ("JSONRPC", "GRPC", "HTTP+JSON")
    ]
    assert ParseDict(current, AgentCard()).capabilities.push_notifications


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    first = SigningKey.load(tmp_path, "http://127.0.0.1:1")
    second = SigningKey.load(tmp_path, "http://127.0.0.1:1")

    assert first.id == second.id
    assert (tmp_path / "a2a-key.pem").stat().st_mode & 0o777 == 0o600
    assert "d" not in first.jwks["keys"][0]
    assert [path.name for path in tmp_path.iterdir()] == ["a2a-key.pem"]


def test_a_file_that_is_no_key_is_told_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / "a2a-key.pem").write_text("no key", encoding="utf-8")

    with pytest.raises(ConfigurationError, match="remove it to have a new one made"):
        SigningKey.load(tmp_path, "http://127.0.0.1:1")
