"""`sanca serve` with its doors open: found by `engine.json`, all three behind one key, over TLS, closed in order."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import grpc
import httpx
import pytest
from sanca.core.access import DoorSettings
from sanca.python_runtime.cli.doctor import check_doors
from sanca.python_runtime.doors.access import DoorAccess, KeyFile
from sanca.python_runtime.doors.registry import DOORS, Doors
from sanca.python_runtime.doors.settings import DoorsSettings
from sanca.python_runtime.service import engine_pb2 as pb
from served_doors import ServedDoors, served_doors
from served_engine import SERVE
from tls_proxy import make_certificate

RUN = {
    "threadId": "ses_doors",
    "runId": "agui-1",
    "state": {},
    "messages": [{"id": "m1", "role": "user", "content": "what is 12% of 85?"}],
    "tools": [],
    "context": [],
    "forwardedProps": {},
}


MCP_HEADERS = {
    "accept": "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/list",
}


def key(home: Path, *rights: str) -> dict[str, str]:
    _, shown = KeyFile(home).add("ci", tenant="default", user="ci", rights=rights, expires_at=None)
    return {"authorization": f"Bearer {shown}"}


def test_one_key_opens_every_door_and_the_engine_says_where_they_are(state: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    header = key(home, "sanca:ask", "sanca:tools")
    with served_doors(home, tmp_path / "log") as doors:
        engine_card = json.loads((home / "engine.json").read_text(encoding="utf-8"))
        health = doors.engine.Health(pb.HealthRequest())
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SANCA_HOME", str(home))
            checked = check_doors()
        with httpx.Client(base_url=doors.url, timeout=30, headers=header) as http:
            agent_card = http.get("/.well-known/agent-card.json")
            listed = http.post("/mcp", json=_listing(), headers=MCP_HEADERS)
            ran = http.post("/agui", json=RUN, headers={"accept": "text/event-stream"})
        with grpc.insecure_channel(doors.grpc_address) as channel:
            grpc.channel_ready_future(channel).result(10)
        stopped = _stop(doors)

    assert (engine_card["http"], engine_card["a2aGrpc"]) == (doors.url, doors.grpc_address)
    assert (health.http, health.a2a_grpc) == (doors.url, doors.grpc_address)
    assert (checked.state, doors.url in checked.detail, "1 API key" in checked.detail) == ("ok", True, True)
    assert agent_card.status_code == 200
    assert listed.status_code == 200, listed.text
    assert "10.2" in ran.text
    assert (stopped, (home / "engine.json").exists()) == (0, False)
    assert header["authorization"].rpartition("_")[2] not in (tmp_path / "log").read_text(encoding="utf-8")


def test_over_tls_the_doors_are_reached_by_https_and_plain_http_is_not_answered(state: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    made = make_certificate(tmp_path / "tls")
    header = key(home, "sanca:ask")
    files = {"HTTP_CERTIFICATE": str(made.chain), "HTTP_KEY": str(made.key), "A2A_GRPC_PORT": "0"}
    with served_doors(home, tmp_path / "log", **files) as doors:
        trusted = ssl.create_default_context(cafile=str(made.authority))
        with httpx.Client(verify=trusted, timeout=20, headers=header) as http:
            answer = http.get(f"{doors.url}/health")
            card = http.get(f"{doors.url}/.well-known/agent-card.json").json()
        with pytest.raises(httpx.HTTPError):
            httpx.get(doors.url.replace("https", "http") + "/health")
        credentials = grpc.ssl_channel_credentials(made.authority.read_bytes())
        with grpc.secure_channel(doors.grpc_address, credentials) as channel:
            grpc.channel_ready_future(channel).result(10)

    assert doors.url.startswith("https://")
    assert (answer.status_code, "strict-transport-security" in answer.headers) == (200, True)
    assert all(one["url"].startswith("https://") or ":" in one["url"] for one in card["supportedInterfaces"])


def test_an_engine_ends_in_time_though_a_stream_is_open(state: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    sleeping = {**RUN, "forwardedProps": {"actionCode": "import time\ntime.sleep(60)"}}
    with served_doors(home, tmp_path / "log") as doors, httpx.Client(timeout=30, headers=doors.headers) as http:
        stream = http.send(http.build_request("POST", f"{doors.url}/agui", json=sleeping), stream=True)
        pieces = stream.iter_bytes()
        next(pieces)
        begun = time.monotonic()
        doors.engine.process.terminate()
        with suppress(httpx.RemoteProtocolError):  # on a busy machine it is cut off rather than told
            for _ in pieces:
                pass
        code = doors.engine.process.wait(30)
        seconds = time.monotonic() - begun

    assert (code, seconds < 20) == (0, True)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"SANCA_HTTP_HOST": "0.0.0.0"}, "SANCA_HTTP_BEHIND_PROXY=true"),  # noqa: S104 - that is refused
        ({"SANCA_HTTP_HOST": "0.0.0.0", "SANCA_HTTP_BEHIND_PROXY": "true"}, "sanca keys add"),  # noqa: S104 - that is too
        ({"SANCA_HTTP_PORT": "seven"}, "SANCA_HTTP_PORT"),
    ],
)
def test_doors_that_may_not_open_end_the_engine_with_one_sentence(
    state: Path, tmp_path: Path, settings: dict[str, str], said: str
) -> None:
    given = {"SANCA_HOME": str(tmp_path / "home"), "SANCA_ENGINE_PORT": "0", "SANCA_HTTP_PORT": "0", **settings}
    ended = subprocess.run(SERVE, env={**os.environ, **given}, capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == 1
    last = ended.stderr.strip().splitlines()[-1]
    assert last.startswith("sanca: ")
    assert said in last
    assert "Traceback" not in ended.stderr


def test_what_is_known_of_a_door_before_it_is_loaded_is_what_it_says_itself(state: Path) -> None:
    settings = DoorsSettings(http_port=0)
    inside = DoorSettings(home=state, url="http://127.0.0.1:1", version="0.1.0")
    doors = Doors(None, DoorAccess(state, settings), lambda: inside)  # type: ignore[arg-type]  # none is asked here
    for entry in DOORS:
        made = doors._make(*entry.factory.split(":"))
        assert sorted(made.paths) == sorted(entry.paths)
        assert sorted(made.public_paths) == sorted(entry.public_paths)


def _listing() -> dict[str, object]:
    about = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "probe", "version": "1"},
    }
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": about}}


def _stop(doors: ServedDoors) -> int:
    return doors.engine.stop(30)
