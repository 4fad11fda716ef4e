"""Malformed, giant and odd messages at every door: the specified errors, no traceback, nobody else's data, no harm."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import grpc
import pytest
from a2a.compat.v0_3 import types as before
from a2a.types import a2a_pb2
from ag_ui.core import RunAgentInput
from door_crowd import Door, Reply, a2a_stream, mcp_call
from google.protobuf.json_format import ParseDict, ParseError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp_types import _v2025_11_25 as mcp_before
from mcp_types import _v2026_07_28 as mcp_now
from odd_messages import RAW, a2a_schema, as_body, messages
from pydantic import TypeAdapter
from served_doors import ServedDoors, served_doors
from served_engine import CALLER

CASES = 2_000
LONG_CASES = 20_000
BATCH = 10
SECRET = "heliotrope-4711"
"""What another user was told; no answer may hold it."""
JSON_RPC_CODES = {-32700, -32600, -32601, -32602, *range(-32099, -31999)}
"""Every code that A2A and MCP specify for a peer's mistake; -32603 would be ours."""
OURS = {grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE}
OPERATIONS = [(one.name, one.input_type.name) for one in a2a_pb2.DESCRIPTOR.services_by_name["A2AService"].methods]
RESTS = ["message:send", "message:stream", "tasks", "tasks/run_x", "tasks/run_x:cancel", "tasks/run_x:subscribe"]
RESTS += ["tasks/run_x/pushNotificationConfigs", "extendedAgentCard", "tasks/%00", "tasks/" + "a" * 5_000, "nothing"]


@dataclass(frozen=True)
class Target:
    """A served engine with something in it that is another's."""

    doors: ServedDoors
    door: Door
    words: list[str]
    """Names and ids that exist, ours and another's, and some that do not."""


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("odd")
    (folder / "state").mkdir()
    with served_doors(folder / "state", folder / "engine.log") as doors:
        events = list(doors.engine.start("ses_secret", message=f"remember {SECRET}"))
        door = Door(doors.url, doors.headers)
        stream = asyncio.run(door.ask(a2a_stream(door, 1)))
        task = stream.json()["result"]["statusUpdate"]
        theirs = [str(events[0]["runId"]), "ses_secret", CALLER.user]
        ours = [task["taskId"], task["contextId"], "ask", "run_status", "list_runs", "hello", "text/plain", "1.0", ""]
        yield Target(doors, door, [*theirs, *ours, "2026-07-28", "2025-11-25", "odd", "0", "https://example.org/x"])
        healthy(doors, door)
        log = (folder / "engine.log").read_text(encoding="utf-8")
        assert "Traceback" not in log, log[log.index("Traceback") - 2_000 :][:6_000]


def healthy(doors: ServedDoors, door: Door) -> None:
    """Fail unless it runs and answers a proper request over both protocols."""
    assert doors.engine.process.poll() is None
    assert asyncio.run(door.ask(door.request("/health"))).json() == {"status": "ok"}
    answered = asyncio.run(door.ask(a2a_stream(door, 2)))
    assert answered.json()["result"]["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"
    assert asyncio.run(door.ask(mcp_call(door, 3, "tools/list", {}))).json()["result"]["tools"]


def check(reply: Reply | None) -> None:
    """Fail on what a peer must never read."""
    if reply is None:
        return
    text = reply.body.decode("utf-8", "replace")
    assert SECRET not in text
    assert "Traceback" not in text and 'File "' not in text, text
    assert reply.status < 500 or reply.status in (501, 503), (reply.status, text)
    for message in json_messages(text):
        if isinstance(error := message.get("error"), dict) and isinstance(error.get("code"), int):
            assert error["code"] in JSON_RPC_CODES or 400 <= error["code"] < 500 or error["code"] == 501, text


def json_messages(text: str) -> Iterator[dict[str, Any]]:
    """Yield the messages of a body or a stream."""
    for line in text.splitlines() or [""]:
        try:
            found = json.loads(line.removeprefix("data:"))
        except (ValueError, RecursionError):
            continue
        yield from (one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict))


@lru_cache
def schema_of(kind: str) -> dict[str, Any]:
    """Return a protocol's own schema."""
    match kind:
        case "a2a 0.3":
            return dict(before.A2ARequest.model_json_schema(by_alias=True))
        case "mcp now":
            return TypeAdapter(mcp_now.ClientRequest).json_schema(by_alias=True)
        case "mcp before":
            return TypeAdapter(mcp_before.ClientRequest).json_schema(by_alias=True)
        case "agui":
            return dict(RunAgentInput.model_json_schema(by_alias=True))
    return a2a_schema(kind)


def bodies(kind: str, words: list[str]) -> st.SearchStrategy[bytes]:
    """Return bodies of a protocol; one in ten is no message of any."""
    fitting = messages(schema_of(kind), words).map(as_body)
    return st.integers(0, 9).flatmap(lambda number: fitting if number else st.sampled_from(RAW))


def a2a_requests(target: Target) -> st.SearchStrategy[bytes]:
    def call(one: tuple[str, str]) -> st.SearchStrategy[bytes]:
        envelope = {
            "type": "object",
            "required": ["jsonrpc", "id", "method", "params"],
            "properties": {
                **{"jsonrpc": {"const": "2.0"}, "id": {"type": ["string", "integer"]}, "method": {"const": one[0]}},
                "params": {"$ref": f"#/$defs/{one[1]}"},
            },
        }
        schema = {**envelope, "$defs": a2a_schema(one[1])["$defs"]}
        return st.tuples(
            messages(schema, target.words).map(as_body), st.sampled_from(["1.0", "1.0", "0.3", "", "9.9"])
        ).map(lambda made: target.door.request("/a2a", made[0], a2a_version=made[1]))

    old = bodies("a2a 0.3", target.words).map(lambda body: target.door.request("/a2a", body))
    return st.one_of(st.sampled_from(OPERATIONS).flatmap(call), st.sampled_from(OPERATIONS).flatmap(call), old)


def rest_requests(target: Target) -> st.SearchStrategy[bytes]:
    body = st.one_of(st.none(), *(bodies(kind, target.words) for kind in ("SendMessageRequest", "CancelTaskRequest")))
    path = st.tuples(st.sampled_from(["/a2a/v1/", "/a2a/v0.3/v1/"]), st.sampled_from(RESTS)).map("".join)
    return st.tuples(path, body).map(lambda made: target.door.request(made[0], made[1], a2a_version="1.0"))


def mcp_requests(target: Target) -> st.SearchStrategy[bytes]:
    accept = "application/json, text/event-stream"

    def request(body: bytes, version: str) -> bytes:
        call = next(json_messages(body.decode("utf-8", "replace")), {})
        given = call.get("params")
        parameters: dict[str, Any] = given if isinstance(given, dict) else {}
        told = {"mcp_method": call.get("method"), "mcp_name": parameters.get("name", parameters.get("uri"))}
        named = {
            name: one for name, one in told.items() if isinstance(one, str) and one.isprintable() and one.isascii()
        }
        return target.door.request("/mcp", body, accept=accept, mcp_protocol_version=version, **named)

    now = bodies("mcp now", target.words).map(lambda body: request(body, "2026-07-28"))
    earlier = bodies("mcp before", target.words).map(lambda body: request(body, "2025-11-25"))
    mixed = bodies("mcp now", target.words).map(lambda body: request(body, "1999-01-01"))
    return st.one_of(now, now, earlier, mixed)


def agui_requests(target: Target) -> st.SearchStrategy[bytes]:
    return bodies("agui", target.words).map(lambda body: target.door.request("/agui", body, accept="text/event-stream"))


async def all_of(target: Target, requests: list[bytes]) -> list[Reply | None]:
    """Send requests at once; a stream is read for a moment only: some have no end."""
    return await asyncio.gather(*(target.door.glance(request) for request in requests))


def try_many(target: Target, requests: st.SearchStrategy[bytes], cases: int) -> None:
    """Send so many drawn requests, a batch of them at a time, and check every answer."""

    @settings(max_examples=cases // BATCH, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(requests, min_size=BATCH, max_size=BATCH))
    def batch(drawn: list[bytes]) -> None:
        for reply in asyncio.run(all_of(target, drawn)):
            check(reply)

    batch()
    healthy(target.doors, target.door)


HTTP: list[tuple[str, Callable[[Target], st.SearchStrategy[bytes]], float]] = [
    ("A2A JSON-RPC", a2a_requests, 0.3),
    ("A2A HTTP+JSON", rest_requests, 0.2),
    ("MCP", mcp_requests, 0.3),
    ("AG-UI", agui_requests, 0.1),
]
"""Doors, and their share of the cases; gRPC has the rest."""
SIZES = [CASES, pytest.param(LONG_CASES, marks=[pytest.mark.long, pytest.mark.timeout(3600)])]


@pytest.mark.parametrize("cases", SIZES)
@pytest.mark.parametrize(("name", "requests", "share"), HTTP, ids=[one[0] for one in HTTP])
def test_odd_requests_get_the_specified_errors_and_do_no_harm(
    target: Target, name: str, requests: Callable[[Target], st.SearchStrategy[bytes]], share: float, cases: int
) -> None:
    try_many(target, requests(target), int(cases * share))


@pytest.mark.parametrize("cases", SIZES)
def test_odd_bytes_over_grpc_get_the_specified_codes_and_do_no_harm(target: Target, cases: int) -> None:
    metadata = (("authorization", f"Bearer {target.doors.token}"), ("a2a-version", "1.0"))
    one = st.sampled_from(OPERATIONS).flatmap(lambda one: st.tuples(st.just(one[0]), grpc_bytes(one[1], target)))
    with grpc.insecure_channel(target.doors.grpc_address) as channel:

        @settings(
            max_examples=cases // 10 // BATCH, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(st.lists(one, min_size=BATCH, max_size=BATCH))
        def batch(drawn: list[tuple[str, bytes]]) -> None:
            for code, said in grpc_answers(channel, drawn, metadata):
                assert code not in OURS, said
                assert SECRET not in said and "Traceback" not in said

        batch()
    healthy(target.doors, target.door)


def grpc_bytes(message: str, target: Target) -> st.SearchStrategy[bytes]:
    """Return a request in protobuf's bytes, whole, cut off or with a byte that is another."""

    def encode(made: tuple[Any, int, int]) -> bytes:
        try:
            whole: bytes = ParseDict(
                made[0], getattr(a2a_pb2, message)(), ignore_unknown_fields=True
            ).SerializeToString()
        except (ParseError, ValueError, TypeError, AttributeError, RecursionError):
            whole = as_body(made[0])[:5_000]
        at = made[1] % (len(whole) + 1)
        return [whole, whole[:at], whole[:at] + bytes([made[2]]) + whole[at + 1 :]][made[2] % 3]

    return st.tuples(messages(a2a_schema(message), target.words), st.integers(0, 9_999), st.integers(0, 255)).map(
        encode
    )


def grpc_answers(
    channel: grpc.Channel, requests: list[tuple[str, bytes]], metadata: Any
) -> Iterator[tuple[grpc.StatusCode, str]]:
    """Send requests at once; yield the status of each, and what was said in the first message of its answer."""
    calls = [
        channel.unary_stream(f"/lf.a2a.v1.A2AService/{method}", bytes, bytes)(sent, metadata=metadata, timeout=60)
        for method, sent in requests
    ]
    for call in calls:
        try:
            first = next(iter(call), b"")
            call.cancel()  # type: ignore[no-untyped-call] # grpc-stubs leave it without types
            yield grpc.StatusCode.OK, first.decode("utf-8", "replace")
        except grpc.RpcError as error:
            yield error.code(), str(error.details())
