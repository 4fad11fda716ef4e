"""Signing in at an MCP server, with a real authorization server: by a person, after a restart, and without anybody."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from mcp_box import Person, context, toolkit
from pydantic import ValidationError
from sanca.core.errors import ConfigurationError, ToolFailedError
from sanca.core.mcp_oauth import McpOAuth
from sanca.core.toolkits_file import McpServerEntry
from sanca.mcp_adapters.oauth import auth_of
from sanca.mcp_adapters.sign_in import sign_in
from sanca.mcp_adapters.tokens import ServerTokens

pytestmark = pytest.mark.anyio
FAKE = str(Path(__file__).parents[1] / "fakes/mcp_signed_in_server.py")
TOKEN_SECONDS = 600


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def url() -> Iterator[str]:
    """A server that wants a token."""
    port = free_port()
    started = subprocess.Popen([sys.executable, FAKE, str(port), str(TOKEN_SECONDS)], env=dict(os.environ))
    deadline = time.monotonic() + 60
    while True:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                break
        assert time.monotonic() < deadline
        time.sleep(0.05)  # it says nothing when it listens
    yield f"http://127.0.0.1:{port}/mcp"
    started.kill()
    started.wait(10)


def browse(address: str) -> None:
    """Do what a browser does: go to the address, and where that sends it."""
    assert "code_challenge_method=S256" in address
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    threading.Thread(target=lambda: opener.open(address, timeout=20).read(), daemon=True).start()


async def test_a_person_signs_in_once_and_tokens_are_renewed_after_a_restart(tmp_path: Path, url: str) -> None:
    entry = {"url": url, "start_timeout_seconds": 60, "oauth": {"redirect_port": free_port()}}
    person = Person()
    async with toolkit(tmp_path, person, **entry) as made:
        with pytest.raises(ToolFailedError, match="sanca mcp login odd"):
            await made.open()
    assert "sanca mcp login odd" in person.notices["mcp.odd.connection"]
    assert await sign_in(tmp_path, "odd", browse, 60) == 1
    kept = tmp_path / "mcp_tokens.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    async with toolkit(tmp_path, person, **entry) as made:
        first = await made.call("counted", {}, context())
    assert first["signed_in"] == 1
    content = json.loads(kept.read_text())
    content[url]["expires_at"] = 1.0
    kept.write_text(json.dumps(content))
    async with toolkit(tmp_path, person, **entry) as made:
        second = await made.call("counted", {}, context())
    assert (second["signed_in"], second["refreshed"]) == (1, first.get("refreshed", 0) + 1)
    assert not person.notices, "once it is reached the notice is settled"
    ServerTokens(tmp_path, url).forget()
    assert json.loads(kept.read_text()) == {}


async def test_tokens_stay_with_the_address_they_were_given_for(tmp_path: Path) -> None:
    (tmp_path / "mcp_tokens.json").write_text(json.dumps({"http://a/mcp": {"tokens": {"access_token": "t"}}}))
    assert await ServerTokens(tmp_path, "http://a/mcp").get_tokens() is not None
    assert await ServerTokens(tmp_path, "http://b/mcp").get_tokens() is None


async def test_signing_in_is_waited_for_only_so_long(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/mcp"
        entry = {"url": url, "oauth": {"redirect_port": free_port()}}
        (tmp_path / "toolkits.json").write_text(json.dumps({"mcpServers": {"odd": entry}}))
        with pytest.raises(ConfigurationError, match=r"Nobody signed in at 'odd' within 0\.5"):
            await sign_in(tmp_path, "odd", lambda _: None, 0.5)


@pytest.mark.parametrize(
    ("servers", "words"),
    [
        ({}, "names no MCP server 'odd'; there are: none"),
        ({"odd": {"command": "x"}}, "started by a command"),
        ({"odd": {"url": "http://127.0.0.1:9/mcp"}}, "did not work: All connection attempts failed"),
    ],
)
async def test_signing_in_where_that_is_not_possible_says_why(
    tmp_path: Path, servers: dict[str, object], words: str
) -> None:
    (tmp_path / "toolkits.json").write_text(json.dumps({"mcpServers": servers}))
    with anyio.fail_after(20), pytest.raises(ConfigurationError, match=words):
        await sign_in(tmp_path, "odd", lambda _: None, 10)


def test_an_operator_s_own_header_is_left_alone(tmp_path: Path) -> None:
    entry = McpServerEntry.model_validate({"url": "http://x/mcp", "headers": {"authorization": "Bearer t"}})
    assert auth_of("x", entry, tmp_path) is None


def test_a_key_that_is_not_there_is_named(tmp_path: Path) -> None:
    oauth = {"grant": "client_credentials", "client_id": "a", "private_key_file": "/no/key", "issuer": "https://i"}
    entry = McpServerEntry.model_validate({"url": "http://x/mcp", "oauth": oauth})
    with pytest.raises(ConfigurationError, match="The private key '/no/key' cannot be read"):
        auth_of("x", entry, tmp_path)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"grant": "client_credentials"}, 'need "client_id" and'),
        ({"grant": "client_credentials", "client_id": "a", "client_secret": "s"}, 'need "issuer"'),
        ({"client_metadata_url": "https://x/"}, "https address with a path"),
        ({"redirect_port": 80}, "greater than or equal to 1024"),
    ],
)
def test_what_cannot_work_is_said_when_the_file_is_read(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        McpOAuth.model_validate(given)
