"""What a request passes before a door, over real sockets: who, from where, how much, how large, how slow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from probe_door import PUBLIC, SECRET_DETAIL, ProbeDoor, ProbeServer, probe_server
from sanca.python_runtime.doors.access import KeyFile
from sanca.python_runtime.doors.registry import DoorEntry

pytestmark = pytest.mark.anyio


def client(server: ProbeServer, **more: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=server.url, timeout=10, **more)


async def raw(server: ProbeServer, first: bytes = b"", second: bytes = b"") -> bytes:
    """Send bytes as they are, the second ones after the first answer; return all that comes until the end."""
    answer = b""
    async with await anyio.connect_tcp("127.0.0.1", server.port) as stream:
        await stream.send(first)
        with anyio.fail_after(10):
            try:
                if second:
                    answer += await stream.receive()
                    await stream.send(second)
                while True:
                    answer += await stream.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return answer


def sentence(response: httpx.Response) -> str:
    error = response.json()["error"]
    assert error["code"] == response.status_code
    return str(error["message"])


# -- who ---------------------------------------------------------------------------------------------------------------


async def test_without_credentials_it_is_401_and_says_where_to_get_some(state: Path) -> None:
    async with probe_server(state) as server, client(server) as http:
        missing = await http.get("/probe")
        wrong = await http.get("/probe", headers={"authorization": "Bearer sanca_ci_nonsense"})

    assert (missing.status_code, wrong.status_code) == (401, 401)
    assert "missing" in sentence(missing)
    metadata = f'resource_metadata="{server.url}/.well-known/oauth-protected-resource"'
    assert missing.headers["www-authenticate"] == f"Bearer {metadata}"
    assert wrong.headers["www-authenticate"] == f'Bearer error="invalid_token", {metadata}'


async def test_a_key_is_taken_in_either_header_and_becomes_a_caller(state: Path) -> None:
    async with probe_server(state) as server, client(server) as http:
        bearer = server.key("ci", "sanca:ask", "system:read", tenant="acme", user="olga")
        shown = bearer["authorization"].removeprefix("Bearer ")
        first = (await http.get("/probe", headers={**bearer, "accept-language": "zh-CN,en;q=0.5"})).json()
        second = (await http.get("/probe/below", headers={"x-api-key": shown})).json()

    assert (first["tenant"], first["user"], first["rights"]) == ("acme", "olga", ["sanca:ask", "system:read"])
    assert (first["channel"], first["kind"], first["name"], first["language"]) == ("a2a", "key", "key ci", "zh-CN")
    assert (second["path"], second["user"], second["language"]) == ("/probe/below", "olga", "en")


async def test_a_revoked_key_is_refused_with_the_next_request(state: Path) -> None:
    async with probe_server(state) as server, client(server) as http:
        header = server.key()
        before = await http.get("/probe", headers=header)
        KeyFile(state).revoke("ci")
        after = await http.get("/probe", headers=header)

    assert (before.status_code, after.status_code) == (200, 401)


async def test_without_the_right_it_is_403_and_names_it(state: Path) -> None:
    async with probe_server(state) as server, client(server) as http:
        refused = await http.get("/probe", headers=server.key("ci", "system:read"))

    assert refused.status_code == 403
    assert "'sanca:ask'" in sentence(refused)
    assert 'error="insufficient_scope", scope="sanca:ask"' in refused.headers["www-authenticate"]


async def test_the_engines_token_counts_as_the_person_at_this_machine(state: Path) -> None:
    async with probe_server(state, engine_token="made-at-start") as server, client(server) as http:
        told = (await http.get("/probe", headers={"authorization": "Bearer made-at-start"})).json()

    assert (told["kind"], told["tenant"], told["rights"]) == ("local", "default", ["*"])


async def test_the_engines_token_counts_only_from_loopback(state: Path) -> None:
    header = {"authorization": "Bearer made-at-start", "x-forwarded-for": "203.0.113.9"}
    serving = probe_server(state, engine_token="made-at-start", http_behind_proxy=True)
    async with serving as server, client(server) as http:
        far = await http.get("/probe", headers=header)
        near = await http.get("/probe", headers={"authorization": "Bearer made-at-start"})

    assert (far.status_code, near.status_code) == (401, 200)


async def test_forwarded_addresses_count_only_behind_a_proxy(state: Path) -> None:
    seen = []
    for behind in (False, True):
        async with probe_server(state, http_behind_proxy=behind) as server, client(server) as http:
            headers = server.key(f"ci-{behind}".lower()) | {"x-forwarded-for": "203.0.113.9"}
            seen.append((await http.get("/probe", headers=headers)).json()["client"])

    assert seen == ["127.0.0.1", "203.0.113.9"]


async def test_a_header_that_is_there_twice_is_nobodys(state: Path) -> None:
    async with probe_server(state) as server, client(server) as http:
        shown = server.key()["authorization"]
        answer = await http.get("/probe", headers=[("authorization", shown), ("authorization", shown)])

    assert answer.status_code == 401


async def test_what_is_public_needs_nobody_and_what_is_not_there_is_404(state: Path) -> None:
    async with probe_server(state) as server, client(server) as http:
        public, health, nothing = [await http.get(path) for path in (PUBLIC, "/health", "/etc/passwd")]

    assert (public.status_code, health.json(), nothing.status_code) == (200, {"status": "ok"}, 404)
    assert "name" not in public.json()
    for answer in (public, health, nothing):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers


# -- from where --------------------------------------------------------------------------------------------------------


async def test_a_foreign_host_header_is_refused_before_anything_else(state: Path) -> None:
    async with probe_server(state, http_hosts=["agents.example"]) as server, client(server) as http:
        header = server.key()
        foreign = ("evil.example", "127.0.0.1.evil.example", "")
        own = ("agents.example", "AGENTS.example:443", "[::1]:1")
        codes = [(await http.get("/probe", headers={**header, "host": host})).status_code for host in foreign + own]
        none = await raw(server, b"GET /health HTTP/1.1\r\nconnection: close\r\n\r\n")
        two = await raw(server, b"GET /health HTTP/1.1\r\nhost: localhost\r\nhost: evil\r\nconnection: close\r\n\r\n")

    assert codes == [421, 421, 421, 200, 200, 200]
    assert none.startswith(b"HTTP/1.1 400")
    assert two.startswith(b"HTTP/1.1 400")


async def test_pages_of_elsewhere_are_refused_and_those_allowed_get_cors(state: Path) -> None:
    allowed = {"origin": "https://portal.example"}
    async with probe_server(state, http_origins=["https://portal.example"]) as server, client(server) as http:
        header = server.key()
        foreign = await http.get("/probe", headers={**header, "origin": "https://evil.example"})
        null = await http.get("/probe", headers={**header, "origin": "null"})
        asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
        preflight = await http.options("/probe", headers={**allowed, **asked})
        answer = await http.get("/probe", headers={**header, **allowed})

    assert (foreign.status_code, null.status_code) == (403, 403)
    assert (preflight.status_code, answer.status_code) == (200, 200)
    for one in (preflight, answer):
        assert one.headers["access-control-allow-origin"] == "https://portal.example"


async def test_by_default_no_page_may_ask(state: Path) -> None:
    async with probe_server(state) as server, client(server) as http:
        answer = await http.get("/probe", headers={**server.key(), "origin": server.url})

    assert answer.status_code == 403


# -- how much ----------------------------------------------------------------------------------------------------------


async def test_too_many_requests_of_one_are_429_and_others_are_served(state: Path) -> None:
    async with probe_server(state, http_requests_per_minute=5) as server, client(server) as http:
        one, other = server.key("one"), server.key("other")
        codes = [(await http.get("/probe", headers=one)).status_code for _ in range(6)]
        refused = await http.get("/probe", headers=one)
        served = await http.get("/probe", headers=other)

    assert codes == [200] * 5 + [429]
    assert 1 <= int(refused.headers["retry-after"]) <= 13
    assert served.status_code == 200


async def test_who_guesses_is_slowed_down_and_a_right_key_is_not(state: Path) -> None:
    async with probe_server(state, http_failures_per_minute=3) as server, client(server) as http:
        wrong = {"authorization": "Bearer sanca_ci_guess"}
        codes = [(await http.get("/probe", headers=wrong)).status_code for _ in range(5)]
        right = await http.get("/probe", headers=server.key())

    assert codes == [401, 401, 401, 429, 429]
    assert right.status_code == 200


async def test_streams_at_once_are_counted_for_each_identity(state: Path) -> None:
    async with probe_server(state, http_streams=1) as server, client(server) as http:
        header = server.key("one")
        async with http.stream("GET", "/probe/stream", headers=header) as first:
            assert await anext(first.aiter_raw()) == b"begun\n"
            second = await http.get("/probe", headers=header)
            other = await http.get("/probe", headers=server.key("other"))

    assert (second.status_code, other.status_code) == (429, 200)


async def test_connections_beyond_the_limit_are_turned_away(state: Path) -> None:
    async with probe_server(state, http_connections=2) as server:
        two = [await anyio.connect_tcp("127.0.0.1", server.port) for _ in range(2)]
        third = await raw(server)
        for one in two:
            await one.aclose()

    assert third.startswith(b"HTTP/1.1 503")


# -- how large, how slow -----------------------------------------------------------------------------------------------


async def test_a_body_is_refused_as_soon_as_it_says_or_turns_out_to_be_too_large(state: Path) -> None:
    async with probe_server(state, http_body_bytes=2_000) as server, client(server) as http:
        header = server.key()

        async def in_pieces() -> Any:
            for _ in range(10):
                yield b"x" * 500

        fits = await http.post("/probe", headers=header, content=b"x" * 2_000)
        told = await http.post("/probe", headers=header, content=b"x" * 2_001)
        chunked = await http.post("/probe", headers=header, content=in_pieces())
        again = await http.get("/probe", headers=header)

    assert (fits.status_code, fits.json()["bytes"]) == (200, 2_000)
    assert (told.status_code, chunked.status_code, again.status_code) == (413, 413, 200)
    assert "2,000 bytes" in sentence(told)


async def test_who_is_not_known_cannot_send_much(state: Path) -> None:
    async with probe_server(state) as server, client(server) as http:
        answer = await http.post(PUBLIC, content=b"x" * 5_000)

    assert answer.status_code == 413


async def test_a_request_that_is_not_said_in_time_is_cut_off(state: Path) -> None:
    begun = b"POST /probe HTTP/1.1\r\nhost: localhost\r\n"
    async with probe_server(state, http_header_seconds=0.3, http_body_seconds=0.3) as server:
        key = server.key()["authorization"].encode()
        nothing = await raw(server)
        header = await raw(server, begun)
        second = await raw(server, b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n", b"GET /he")
        answered = await raw(server, begun + b"content-length: 10\r\n\r\n12345")
        body = await raw(server, begun + b"authorization: " + key + b"\r\ncontent-length: 10\r\n\r\n12345")

    assert nothing.startswith(b"HTTP/1.1 408")
    assert header.startswith(b"HTTP/1.1 408")
    assert second.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 408" in second
    assert body.startswith(b"HTTP/1.1 408")
    assert answered.startswith(b"HTTP/1.1 401")
    assert b"408" not in answered
    assert b"did not arrive within 0.3 seconds" in body


async def test_headers_without_end_and_what_is_no_http_are_400(state: Path) -> None:
    async with probe_server(state) as server, client(server) as http:
        endless = await raw(server, b"GET /health HTTP/1.1\r\nhost: localhost\r\nx: " + b"y" * 100_000)
        noise = await raw(server, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
        smuggled = await raw(
            server, b"POST /probe HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcde"
        )
        healthy = await http.get("/health")

    for answer in (endless, noise, smuggled):
        assert answer.startswith(b"HTTP/1.1 400")
    assert healthy.status_code == 200


async def test_who_goes_away_in_the_middle_of_a_body_leaves_nothing(state: Path) -> None:
    async with probe_server(state) as server, client(server) as http:
        header = server.key()
        async with await anyio.connect_tcp("127.0.0.1", server.port) as stream:
            key = header["authorization"].encode()
            begun = b"POST /probe HTTP/1.1\r\nhost: localhost\r\nauthorization: " + key
            await stream.send(begun + b"\r\ncontent-length: 10\r\n\r\n123")
        answer = await http.post("/probe", headers=header, content=b"whole")

    assert answer.json()["bytes"] == 5


# -- what breaks -------------------------------------------------------------------------------------------------------


async def test_what_breaks_in_a_door_is_one_sentence_without_details(state: Path) -> None:
    async with probe_server(state) as server, client(server) as http:
        header = server.key()
        broken = await http.get("/probe/break", headers=header)
        with pytest.raises(httpx.RemoteProtocolError):  # the other side sees that the answer is not whole
            await http.get("/probe/half", headers=header)

    assert (broken.status_code, SECRET_DETAIL in broken.text) == (500, False)
    assert sentence(broken) == "The engine failed inside; its log says where."


@pytest.mark.parametrize(
    ("factory", "status", "said"),
    [("make_stuck_door", 400, "The probe's drawer is jammed."), ("make_broken_door", 500, "The engine failed inside")],
)
async def test_a_door_that_cannot_be_opened_is_tried_again(state: Path, factory: str, status: int, said: str) -> None:
    entry = DoorEntry("probe", f"probe_door:{factory}", "a2a", ("/probe",))
    async with probe_server(state, entry=entry) as server, client(server) as http:
        header = server.key()
        answers = [await http.get("/probe", headers=header) for _ in range(2)]

    for answer in answers:
        assert answer.status_code == status
        assert sentence(answer).startswith(said)
        assert SECRET_DETAIL not in answer.text


async def test_a_door_is_loaded_once_by_the_first_of_many_requests(state: Path) -> None:
    before = ProbeDoor.made
    async with probe_server(state) as server, client(server) as http:
        header = server.key()
        await http.get("/health")
        untouched = ProbeDoor.made - before
        async with anyio.create_task_group() as tasks:
            for _ in range(8):
                tasks.start_soon(lambda: http.get("/probe", headers=header))
        door = await server.doors.door("probe")

    assert isinstance(door, ProbeDoor)
    assert (untouched, ProbeDoor.made - before, door.opened) == (0, 1, 1)


async def test_streams_are_told_to_end_when_the_server_closes(state: Path) -> None:
    told = b""
    async with probe_server(state) as server, client(server) as http:
        request = http.build_request("GET", "/probe/stream", headers=server.key())
        stream = await http.send(request, stream=True)
        pieces = stream.aiter_raw()
        told += await anext(pieces)
        server.listener.refuse()
        with anyio.fail_after(5):
            await server.doors.close()
            async for piece in pieces:
                told += piece

    assert told == b"begun\ntold to end\n"


async def test_the_largest_json_of_many_is_bounded_together(state: Path) -> None:
    async with probe_server(state, http_body_bytes=1_024) as server, client(server) as http:
        header = server.key()
        async with anyio.create_task_group() as tasks:
            codes: list[int] = []

            async def send() -> None:
                content = json.dumps({"x": "y" * 1_000})
                codes.append((await http.post("/probe", headers=header, content=content)).status_code)

            for _ in range(40):
                tasks.start_soon(send)
        after = await http.post("/probe", headers=header, content=b"{}")

    assert set(codes) <= {200, 429}
    assert after.status_code == 200
