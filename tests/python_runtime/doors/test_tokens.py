"""Tokens of an issuer: right ones become callers with rights; wrong ones, in every way we know, are refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from probe_door import ProbeServer, probe_server
from sanca.python_runtime.doors.access import oidc
from token_issuer import AUDIENCE, TokenIssuer, token_issuer

pytestmark = pytest.mark.anyio


def serving(state: Path, issuer: TokenIssuer, **more: Any) -> Any:
    given = {"oidc_issuer": issuer.url, "oidc_audience": AUDIENCE, "http_failures_per_minute": 1_000, **more}
    return probe_server(state, **given)


async def ask(server: ProbeServer, token: str) -> httpx.Response:
    async with httpx.AsyncClient(timeout=10) as http:
        return await http.get(f"{server.url}/probe", headers={"authorization": f"Bearer {token}"})


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_a_right_token_becomes_a_caller_with_the_rights_of_its_scopes(state: Path, algorithm: str) -> None:
    rights = {"agent": ["sanca:ask", "system:read"], "admin": ["*"]}
    async with token_issuer() as issuer, serving(state, issuer, oidc_rights=rights) as server:
        issuer.add_key("k1", algorithm)
        told = (await ask(server, issuer.token("k1", scope="agent openid", tenant="acme"))).json()

    assert (told["kind"], told["tenant"], told["user"]) == ("token", "acme", "olga")
    assert told["rights"] == ["sanca:ask", "system:read"]


async def test_without_a_table_scopes_are_rights_but_never_the_right_to_everything(state: Path) -> None:
    async with token_issuer() as issuer, serving(state, issuer) as server:
        issuer.add_key("k1")
        told = (await ask(server, issuer.token("k1", scope=None, scp=["sanca:ask", "*", "system:read"]))).json()
        nothing = await ask(server, issuer.token("k1", scope="profile"))

    assert (told["rights"], told["tenant"]) == (["sanca:ask", "system:read"], "default")
    assert nothing.status_code == 403


NOW = int(time.time())
WRONG_CLAIMS: dict[str, dict[str, Any]] = {
    "expired": {"exp": NOW - 3_600},
    "without an end": {"exp": None},
    "not valid yet": {"nbf": NOW + 3_600},
    "made in the future": {"iat": NOW + 3_600},
    "for another server": {"aud": "https://elsewhere.example"},
    "for nobody": {"aud": None},
    "of another issuer": {"iss": "https://evil.example"},
    "of no issuer": {"iss": None},
    "for no user": {"sub": None},
    "for a user that is no text": {"sub": 7},
    "for a user with a line break": {"sub": "olga\nroot"},
    "for a tenant that is no text": {"tenant": ["acme"]},
}


@pytest.mark.parametrize("name", list(WRONG_CLAIMS))
async def test_a_token_with_wrong_claims_is_refused(state: Path, name: str) -> None:
    async with token_issuer() as issuer, serving(state, issuer) as server:
        issuer.add_key("k1", "ES256")
        _, key = issuer.private["k1"]
        content = json.dumps(issuer.claims(**WRONG_CLAIMS[name])).encode()  # jwt.encode would not make some of them
        token = jwt.api_jws.encode(content, key, "ES256", {"kid": "k1"})
        refused = await ask(server, token)

    assert refused.status_code == 401
    assert "expired or not made for this server" in refused.json()["error"]["message"]


def _part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def unsigned(issuer: TokenIssuer) -> str:
    return f"{_part({'alg': 'none', 'kid': 'k1'})}.{_part(issuer.claims())}."


def signed_with_the_public_key(issuer: TokenIssuer) -> str:
    """A public key as the secret of HMAC: the classic confusion."""
    _, key = issuer.private["k1"]
    secret = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    said = f"{_part({'alg': 'HS256', 'kid': 'k1'})}.{_part(issuer.claims())}"
    mark = hmac.new(secret, said.encode(), hashlib.sha256).digest()
    return f"{said}.{base64.urlsafe_b64encode(mark).decode().rstrip('=')}"


def signed_by_a_stranger(issuer: TokenIssuer) -> str:
    stranger = rsa.generate_private_key(65_537, 2_048)
    return jwt.encode(issuer.claims(), stranger, "RS256", headers={"kid": "k1"})


def with_a_key_of_its_own(issuer: TokenIssuer) -> str:
    stranger = rsa.generate_private_key(65_537, 2_048)
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(stranger.public_key()))
    return jwt.encode(issuer.claims(), stranger, "RS256", headers={"kid": "k1", "jwk": jwk, "jku": f"{issuer.url}/own"})


def with_changed_claims(issuer: TokenIssuer) -> str:
    head, _, mark = issuer.token("k1").split(".")
    return f"{head}.{_part(issuer.claims(sub='root'))}.{mark}"


def with_another_algorithm_of_the_key(issuer: TokenIssuer) -> str:
    _, _, mark = issuer.token("k1").split(".")
    return f"{_part({'alg': 'ES256', 'kid': 'k1'})}.{_part(issuer.claims())}.{mark}"


FORGED: list[Callable[[TokenIssuer], str]] = [
    unsigned,
    signed_with_the_public_key,
    signed_by_a_stranger,
    with_a_key_of_its_own,
    with_changed_claims,
    with_another_algorithm_of_the_key,
    lambda issuer: issuer.token("k1") + "A" * 20_000,
    lambda _: "a.b.c",
    lambda _: "..",
    lambda issuer: issuer.token("k1", headers={"kid": "../../etc/passwd"}),
    lambda issuer: issuer.token("k1", headers={"crit": ["unknown"], "unknown": 1}),
]


@pytest.mark.parametrize("forge", FORGED)
async def test_a_forged_token_is_refused(state: Path, forge: Callable[[TokenIssuer], str]) -> None:
    async with token_issuer() as issuer, serving(state, issuer) as server:
        issuer.add_key("k1")
        answer = await ask(server, forge(issuer))
        right = await ask(server, issuer.token("k1"))

    assert (answer.status_code, right.status_code) == (401, 200)
    assert "/own" not in issuer.asked


async def test_keys_are_read_once_and_again_when_one_is_new(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oidc, "_AGAIN_SECONDS", 0.0)
    async with token_issuer() as issuer, serving(state, issuer) as server:
        issuer.add_key("old")
        async with anyio.create_task_group() as tasks:
            for number in range(6):
                tasks.start_soon(ask, server, issuer.token("old", jti=str(number)))
        asked_once = issuer.asked.count("/keys")
        issuer.add_key("new")
        fresh = await ask(server, issuer.token("new"))
        asked_twice = issuer.asked.count("/keys")

    assert fresh.status_code == 200
    assert (asked_once >= 1, asked_twice) == (True, asked_once + 1)


async def test_unknown_keys_do_not_make_us_ask_the_issuer_again_and_again(state: Path) -> None:
    async with token_issuer() as issuer, serving(state, issuer) as server:
        issuer.add_key("k1")
        assert (await ask(server, issuer.token("k1"))).status_code == 200
        codes = [(await ask(server, issuer.token("k1", headers={"kid": f"x{n}"}))).status_code for n in range(5)]

    assert codes == [401] * 5
    assert issuer.asked.count("/keys") == 1


async def test_an_issuer_that_is_away_is_503_at_first_and_later_no_matter(state: Path) -> None:
    async with token_issuer() as issuer, serving(state, issuer) as server:
        issuer.add_key("k1")
        issuer.is_broken = True
        away = await ask(server, issuer.token("k1"))
        issuer.is_broken = False
        back = await ask(server, issuer.token("k1"))
        issuer.is_broken = True
        still = await ask(server, issuer.token("k1", jti="another"))

    assert (away.status_code, back.status_code, still.status_code) == (503, 200, 200)
    assert issuer.url in away.json()["error"]["message"]


async def test_a_discovery_document_of_another_issuer_is_not_believed(state: Path) -> None:
    async with token_issuer() as issuer, serving(state, issuer) as server:
        issuer.add_key("k1")
        issuer.name = "https://evil.example"
        answer = await ask(server, issuer.token("k1"))

    assert answer.status_code == 503


async def test_many_forged_tokens_of_one_address_are_slowed_down_but_not_a_known_right_one(state: Path) -> None:
    async with token_issuer() as issuer, serving(state, issuer, http_failures_per_minute=2) as server:
        issuer.add_key("k1")
        right = issuer.token("k1")
        codes = [(await ask(server, right)).status_code]
        codes += [(await ask(server, signed_by_a_stranger(issuer))).status_code for _ in range(4)]
        codes.append((await ask(server, right)).status_code)

    assert codes == [200, 401, 401, 429, 429, 200]
