"""What is refused, and how it is said in each binding: raw requests, as no well-behaved client sends them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from a2a.types import a2a_pb2, a2a_pb2_grpc
from a2a_stack import A2aStack, a2a_stack, message
from google.protobuf.json_format import ParseDict
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped] # generated
from sanca.core.agent_loops import VIA_KEY

pytestmark = pytest.mark.anyio
TASK = {"id": "run_0"}
PUSH = {"taskId": "run_0", "id": "a"}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[A2aStack]:
    async with a2a_stack(tmp_path_factory.mktemp("a2a")) as opened:
        yield opened


async def by_grpc(
    stack: A2aStack, method: str, request: Any, who: str = "olga", version: str = "1.0"
) -> grpc.aio.AioRpcError:
    """Return the error of a gRPC call."""
    metadata = [("authorization", f"Bearer {stack.keys[who]}")] if who else []
    metadata += [("a2a-version", version)] if version else []
    async with grpc.aio.insecure_channel(stack.grpc_address) as channel:
        stub: Any = a2a_pb2_grpc.A2AServiceStub(channel)  # type: ignore[no-untyped-call] # generated
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await _whole(getattr(stub, method)(request, metadata=metadata, timeout=10))
    return refused.value


async def _whole(call: Any) -> None:
    if isinstance(call, grpc.aio.UnaryStreamCall):
        async for _ in call:
            pass
    else:
        await call


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """Return the reason in a gRPC error's details."""
    trailing: Any = error.trailing_metadata() or ()
    for key, value in trailing:
        if key == "grpc-status-details-bin":
            info = error_details_pb2.ErrorInfo()
            status_pb2.Status.FromString(value).details[0].Unpack(info)
            return str(info.reason)
    return ""


async def by_rest(stack: A2aStack, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str, str]:
    """Return status, gRPC word and reason of an answer of HTTP+JSON."""
    answer = await stack.http.request(method, f"/a2a/v1{path}", json=body, headers=stack.headers(**headers))
    error = answer.json()["error"]
    return answer.status_code, error["status"], error["details"][0]["reason"]


@pytest.mark.parametrize(
    ("method", "params", "request_", "rest"),
    [
        ("GetTask", TASK, a2a_pb2.GetTaskRequest(id="run_0"), ("GET", "/tasks/run_0")),
        ("CancelTask", TASK, a2a_pb2.CancelTaskRequest(id="run_0"), ("POST", "/tasks/run_0:cancel")),
        ("SubscribeToTask", TASK, a2a_pb2.SubscribeToTaskRequest(id="run_0"), ("POST", "/tasks/run_0:subscribe")),
        (
            "GetTaskPushNotificationConfig",
            PUSH,
            a2a_pb2.GetTaskPushNotificationConfigRequest(task_id="run_0", id="a"),
            ("GET", "/tasks/run_0/pushNotificationConfigs/a"),
        ),
        (
            "ListTaskPushNotificationConfigs",
            {"taskId": "run_0"},
            a2a_pb2.ListTaskPushNotificationConfigsRequest(task_id="run_0"),
            ("GET", "/tasks/run_0/pushNotificationConfigs"),
        ),
        (
            "DeleteTaskPushNotificationConfig",
            PUSH,
            a2a_pb2.DeleteTaskPushNotificationConfigRequest(task_id="run_0", id="a"),
            ("DELETE", "/tasks/run_0/pushNotificationConfigs/a"),
        ),
    ],
)
async def test_not_found_is_said_alike_in_three_bindings(
    stack: A2aStack, method: str, params: dict[str, str], request_: Any, rest: tuple[str, str]
) -> None:
    said = (await stack.rpc(method, params))["error"]
    refused = await by_grpc(stack, method, request_)

    assert (said["code"], said["data"][0]["reason"]) == (-32001, "TASK_NOT_FOUND")
    assert await by_rest(stack, *rest) == (404, "NOT_FOUND", "TASK_NOT_FOUND")
    assert (refused.code(), reason_of(refused)) == (grpc.StatusCode.NOT_FOUND, "TASK_NOT_FOUND")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"role": "ROLE_AGENT"}, -32602),
        ({"parts": []}, -32602),
        ({"parts": [{}]}, -32602),
        ({"messageId": ""}, -32602),
        ({"messageId": "x" * 300}, -32602),
        ({"contextId": "a\nb"}, -32602),
        ({"parts": [{"text": ""}]}, -32602),
        ({"parts": [{"text": "a"}] * 51}, -32602),
        ({"parts": "no list"}, -32602),
        ({"parts": [{"raw": "dGNr", "mediaType": "application/x-unknown"}]}, -32005),
        ({"taskId": "run_0"}, -32001),
    ],
)
async def test_a_message_that_is_none_is_refused_before_anything_begins(
    stack: A2aStack, given: dict[str, Any], code: int
) -> None:
    before = len(stack.runner.started)

    for method in ("SendMessage", "SendStreamingMessage"):
        refused = await stack.rpc(method, {"message": message("m-1") | given})
        assert refused["error"]["code"] == code
    assert len(stack.runner.started) == before


@pytest.mark.parametrize("version", ["99.0", "1.1", "0.2", "2", "1.0.x", "zero"])
async def test_an_unknown_version_is_refused_in_three_bindings(stack: A2aStack, version: str) -> None:
    refused = await by_grpc(stack, "GetTask", a2a_pb2.GetTaskRequest(id="run_0"), version=version)

    assert (await stack.rpc("GetTask", TASK, **{"A2A-Version": version}))["error"]["code"] == -32009
    assert await by_rest(stack, "GET", "/tasks/run_0", **{"A2A-Version": version}) == (
        400,
        "FAILED_PRECONDITION",
        "VERSION_NOT_SUPPORTED",
    )
    assert (refused.code(), reason_of(refused)) == (grpc.StatusCode.FAILED_PRECONDITION, "VERSION_NOT_SUPPORTED")


async def test_no_version_means_0_3_and_patches_mean_nothing(stack: A2aStack) -> None:
    empty = await stack.rpc("GetTask", TASK, **{"A2A-Version": ""})
    patched = await stack.rpc("GetTask", TASK, **{"A2A-Version": "1.0.1"})
    older = await stack.rpc("tasks/get", TASK, **{"A2A-Version": ""})
    headers = {name: value for name, value in stack.headers().items() if name != "A2A-Version"}
    in_query = await stack.http.get("/a2a/v1/tasks/run_0?A2A-Version=1.0", headers=headers)

    assert [one["error"]["code"] for one in (empty, patched, older)] == [-32009, -32001, -32001]
    assert in_query.status_code == 404


async def test_bounds_of_pages_and_history_are_kept(stack: A2aStack) -> None:
    for params in ({"pageSize": 0}, {"pageSize": 101}, {"pageSize": -1}, {"historyLength": -1}, {"pageToken": "x"}):
        assert (await stack.rpc("ListTasks", params))["error"]["code"] == -32602
    assert (await by_rest(stack, "GET", "/tasks?pageSize=101"))[0] == 400
    assert (await by_rest(stack, "GET", "/tasks?pageSize=many"))[0] == 400
    assert (await stack.rpc("GetTask", {**TASK, "historyLength": -1}))["error"]["code"] == -32602
    assert (await stack.rpc("ListTasks", {"status": "TASK_STATE_REJECTED"}))["result"]["tasks"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b'{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":NaN}}', -32700),
        (b"[" * 5000, -32700),
        (b"[]", -32600),
        (b"1", -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"GetTask"}', -32600),
        (b'{"jsonrpc":"2.0","id":{},"method":"GetTask"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"Nothing"}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"GetTask","params":[]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"message/send","params":{"message":{}}}', -32602),
        (
            b'{"jsonrpc":"2.0","id":1,"method":"message/send","params":{"message":{"messageId":"m","role":"user",'
            b'"parts":[{"kind":"file","file":{"bytes":"abcde"}}]}}}',
            -32602,
        ),
        (b'{"jsonrpc":"2.0","id":1,"method":"message/send","params":{}}', -32602),
        (
            b'{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":{"metadata":'
            + b'{"a":' * 200
            + b"1"
            + b"}" * 202,
            -32602,
        ),
    ],
)
async def test_a_request_that_is_none_gets_its_code_and_no_inner_words(stack: A2aStack, body: bytes, code: int) -> None:
    headers = stack.headers(**{"Content-Type": "application/json"})
    if b"message/" in body:
        headers["A2A-Version"] = "0.3"
    answer = await stack.http.post("/a2a", content=body, headers=headers)

    assert answer.status_code == 200
    assert answer.json()["error"]["code"] == code
    assert "Traceback" not in answer.text
    assert "site-packages" not in answer.text


@pytest.mark.parametrize(
    "body", [b"{", b"[" * 5000, b"\xff", b'{"message":{"role":"ROLE_USER","parts":[{"raw":"!"}]}}']
)
async def test_a_body_that_is_none_is_400_in_http_and_json(stack: A2aStack, body: bytes) -> None:
    for path in ("/a2a/v1/message:send", "/a2a/v1/message:stream", "/a2a/v0.3/v1/message:send"):
        headers = stack.headers(**{"Content-Type": "application/json"})
        headers["A2A-Version"] = "0.3" if "v0.3" in path else "1.0"
        answer = await stack.http.post(path, content=body, headers=headers)
        assert answer.status_code == 400
        assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"


async def test_another_content_type_is_named_as_the_mistake(stack: A2aStack) -> None:
    headers = stack.headers(**{"Content-Type": "text/plain"})
    rpc = await stack.http.post("/a2a", content=b"{}", headers=headers)
    rest = await stack.http.post("/a2a/v1/message:send", content=b"{}", headers=headers)

    assert rpc.json()["error"]["code"] == -32005
    assert (rest.status_code, rest.json()["error"]["details"][0]["reason"]) == (400, "CONTENT_TYPE_NOT_SUPPORTED")


async def test_bytes_that_are_no_message_are_an_invalid_argument_of_grpc(stack: A2aStack) -> None:
    async with grpc.aio.insecure_channel(stack.grpc_address) as channel:
        for service in ("lf.a2a.v1", "a2a.v1"):
            call: Any = channel.unary_unary(f"/{service}.A2AService/GetTask")  # type: ignore[call-arg] # bytes as they are
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call(b"\xff\xff\xff", metadata=[("authorization", f"Bearer {stack.keys['olga']}")])
            assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_without_credentials_or_the_right_nothing_is_done(stack: A2aStack) -> None:
    request = a2a_pb2.GetTaskRequest(id="run_0")
    nobody = await stack.http.post("/a2a", json={})
    guest = await stack.http.get("/a2a/v1/tasks", headers=stack.headers("guest"))

    assert nobody.status_code == 401
    assert "www-authenticate" in nobody.headers
    assert guest.status_code == 403
    assert "sanca:ask" in guest.text
    assert (await by_grpc(stack, "GetTask", request, who="")).code() == grpc.StatusCode.UNAUTHENTICATED
    assert (await by_grpc(stack, "GetTask", request, who="guest")).code() == grpc.StatusCode.PERMISSION_DENIED


async def test_the_own_tenant_may_be_named_and_no_other(stack: A2aStack) -> None:
    task = await stack.send("m-1")
    own = await stack.http.get(f"/a2a/v1/acme/tasks/{task['id']}", headers=stack.headers())

    assert own.json()["id"] == task["id"]
    assert (await by_rest(stack, "GET", f"/other/tasks/{task['id']}"))[0] == 404
    assert (await by_rest(stack, "GET", "/other/tasks"))[0] == 400
    assert (await stack.rpc("GetTask", {"id": task["id"], "tenant": "other"}))["error"]["code"] == -32001
    assert (await stack.rpc("GetTask", {"id": task["id"], "tenant": "acme"}))["result"]["id"] == task["id"]
    request = a2a_pb2.GetTaskRequest(id=task["id"], tenant="other")
    assert (await by_grpc(stack, "GetTask", request)).code() == grpc.StatusCode.NOT_FOUND


async def test_anothers_context_is_refused_and_shows_nothing(stack: A2aStack) -> None:
    mine = await stack.send("m-1")

    theirs = await stack.rpc("SendMessage", {"message": message("m", contextId=mine["contextId"])}, "paul")
    listed = await stack.rpc("ListTasks", {"contextId": mine["contextId"]}, "paul")

    assert theirs["error"]["code"] == -32602
    assert listed["result"]["tasks"] == []


async def test_a_context_that_is_not_the_tasks_is_refused(stack: A2aStack) -> None:
    task = await stack.send("tck-input-required")

    wrong = await stack.rpc("SendMessage", {"message": message("m", taskId=task["id"], contextId="ses_other")})

    assert wrong["error"]["code"] == -32602


async def test_a_request_that_came_through_us_before_is_refused(stack: A2aStack) -> None:
    own = f"{stack.url}/.well-known/agent-card.json"
    others = [f"https://agent-{number}.example/.well-known/agent-card.json" for number in range(5)]
    sent = ParseDict(message("m", metadata={VIA_KEY: [own]}), a2a_pb2.Message())

    for via, words in (([own], "circle"), (others, "5 agents"), (["http://["], "address")):
        refused = await stack.rpc("SendMessage", {"message": message("m", metadata={VIA_KEY: via})})
        assert refused["error"]["code"] == -32602
        assert words in refused["error"]["message"]
    by_wire = await by_grpc(stack, "SendMessage", a2a_pb2.SendMessageRequest(message=sent))
    assert by_wire.code() == grpc.StatusCode.INVALID_ARGUMENT
    await stack.send("m", metadata={VIA_KEY: others[:2]})
    caller, _ = stack.runner.started[-1]
    assert caller.via == tuple(others[:2])


async def test_a_large_grpc_message_is_refused_and_the_server_goes_on(stack: A2aStack) -> None:
    huge = a2a_pb2.SendMessageRequest(message=ParseDict(message("m", "x" * 17_000_000), a2a_pb2.Message()))

    assert (await by_grpc(stack, "SendMessage", huge)).code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert (await stack.send("m-1"))["status"]["state"] == "TASK_STATE_COMPLETED"
