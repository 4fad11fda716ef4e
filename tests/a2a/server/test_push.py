"""Push notifications, to a receiver on this machine: signed, in order, until they arrive, and to no inner address."""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import jwt
import pytest
from a2a_stack import A2aStack, a2a_stack, message

pytestmark = pytest.mark.anyio


class Receiver:
    """Takes notifications and keeps them; answers what it is told to, the last answer again and again."""

    def __init__(self, statuses: list[int]) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self._statuses = statuses
        self._changed = threading.Condition()
        taker = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status = taker.take({name.lower(): value for name, value in self.headers.items()}, body)
                self.send_response(status)
                self.send_header("location", "http://127.0.0.1:1/elsewhere")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """Keep one."""
        with self._changed:
            status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
            self.taken.append((headers, body))
            self._changed.notify_all()
            return status

    async def wait_for(self, count: int) -> list[dict[str, Any]]:
        """Return the first so many bodies, once they are there."""

        def wait() -> None:
            with self._changed:
                assert self._changed.wait_for(lambda: len(self.taken) >= count, 10), self.taken

        await anyio.to_thread.run_sync(wait)
        return [json.loads(body) for _, body in self.taken[:count]]

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def statuses() -> list[int]:
    return [200]


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch, statuses: list[int]) -> Iterator[Receiver]:
    made = Receiver(statuses)
    monkeypatch.setenv("SANCA_OUTSIDE_ADDRESSES", f"127.0.0.1:{made.port}")
    monkeypatch.setenv("SANCA_A2A_PUSH_PAUSE_SECONDS", "0.05")
    yield made
    made.close()


def states(bodies: list[dict[str, Any]]) -> list[str]:
    """Return the states and artifacts that were told, in order."""
    return [
        one["statusUpdate"]["status"]["state"]
        if "statusUpdate" in one
        else one["artifactUpdate"]["artifact"]["artifactId"]
        for one in bodies
    ]


async def test_who_gives_an_address_with_a_message_is_told_of_all_that_happens(
    tmp_path: Path, receiver: Receiver
) -> None:
    config = {"url": receiver.url, "token": "word", "authentication": {"scheme": "Basic", "credentials": "abc="}}
    async with a2a_stack(tmp_path / "home") as stack:
        task = await stack.send("m-1", "hi", configuration={"taskPushNotificationConfig": config})
        bodies = await receiver.wait_for(3)
        jwks = (await stack.http.get("/.well-known/jwks.json")).json()

    assert states(bodies) == ["TASK_STATE_WORKING", "answer", "TASK_STATE_COMPLETED"]
    assert bodies[1]["artifactUpdate"]["artifact"]["parts"][0]["text"] == "hi"
    headers, body = receiver.taken[0]
    assert headers["x-a2a-notification-token"] == "word"
    assert headers["authorization"] == "Basic abc="
    assert headers["content-type"] == "application/a2a+json"
    claims = jwt.decode(
        headers["x-a2a-notification-signature"],
        jwt.PyJWKSet.from_dict(jwks).keys[0],
        algorithms=["ES256"],
        audience=receiver.url,
        issuer=stack.url,
    )
    assert claims["taskId"] == task["id"]
    assert claims["request_body_sha256"] == hashlib.sha256(body).hexdigest()


async def test_without_credentials_of_its_own_an_address_gets_our_token(tmp_path: Path, receiver: Receiver) -> None:
    async with a2a_stack(tmp_path / "home") as stack:
        await stack.send("m-1", configuration={"taskPushNotificationConfig": {"url": receiver.url}})
        await receiver.wait_for(1)

    headers, _ = receiver.taken[0]
    assert headers["authorization"] == f"Bearer {headers['x-a2a-notification-signature']}"


@pytest.mark.parametrize("statuses", [[500, 302, 503, 200]])
async def test_what_does_not_arrive_is_sent_again_and_holds_up_the_rest(tmp_path: Path, receiver: Receiver) -> None:
    async with a2a_stack(tmp_path / "home") as stack:
        await stack.send("m-1", configuration={"taskPushNotificationConfig": {"url": receiver.url}})
        bodies = await receiver.wait_for(6)

    assert states(bodies) == [*["TASK_STATE_WORKING"] * 4, "answer", "TASK_STATE_COMPLETED"]


@pytest.mark.parametrize("statuses", [[410]])
async def test_an_address_that_is_gone_is_forgotten(tmp_path: Path, receiver: Receiver) -> None:
    async with a2a_stack(tmp_path / "home") as stack:
        task = await stack.send("m-1", configuration={"taskPushNotificationConfig": {"url": receiver.url}})
        await receiver.wait_for(1)
        with anyio.fail_after(5):
            while (await stack.rpc("ListTaskPushNotificationConfigs", {"taskId": task["id"]}))["result"] != {}:
                await anyio.lowlevel.checkpoint()

    assert len(receiver.taken) == 1


@pytest.mark.parametrize("statuses", [[500]])
async def test_what_was_not_sent_when_the_engine_ended_is_sent_afterwards(
    tmp_path: Path, receiver: Receiver, statuses: list[int]
) -> None:
    async with a2a_stack(tmp_path / "home") as stack:
        task = await stack.send(
            "tck-input-required", configuration={"taskPushNotificationConfig": {"url": receiver.url}}
        )
        await receiver.wait_for(2)
        runner = stack.runner
    refused = len(receiver.taken)
    statuses[:] = [200]
    async with a2a_stack(tmp_path / "home", runner=runner) as stack:
        await receiver.wait_for(refused + 2)
        await stack.send("m-2", "checkout", taskId=task["id"])
        bodies = await receiver.wait_for(refused + 5)

    assert states(bodies[refused:]) == [
        "TASK_STATE_WORKING",
        "TASK_STATE_INPUT_REQUIRED",
        "TASK_STATE_WORKING",
        "answer",
        "TASK_STATE_COMPLETED",
    ]


async def test_a_later_address_is_told_of_what_comes_after_it(tmp_path: Path, receiver: Receiver) -> None:
    async with a2a_stack(tmp_path / "home") as stack:
        task = await stack.send("tck-input-required")
        given = {"taskId": task["id"], "id": "late", "url": receiver.url}
        await stack.rpc("CreateTaskPushNotificationConfig", given)
        await stack.send("m-2", "checkout", taskId=task["id"])
        bodies = await receiver.wait_for(3)

    assert states(bodies) == ["TASK_STATE_WORKING", "answer", "TASK_STATE_COMPLETED"]


async def test_a_deleted_address_is_told_nothing_more(tmp_path: Path, receiver: Receiver) -> None:
    async with a2a_stack(tmp_path / "home") as stack:
        task = await stack.send("tck-input-required")
        for name in ("deleted", "kept"):
            given = {"taskId": task["id"], "id": name, "url": receiver.url, "token": name}
            await stack.rpc("CreateTaskPushNotificationConfig", given)
        await stack.rpc("DeleteTaskPushNotificationConfig", {"taskId": task["id"], "id": "deleted"})
        await stack.send("m-2", "checkout", taskId=task["id"])
        await receiver.wait_for(3)

    assert {headers["x-a2a-notification-token"] for headers, _ in receiver.taken} == {"kept"}


async def test_an_address_given_by_0_3_gets_whole_tasks_in_its_words(tmp_path: Path, receiver: Receiver) -> None:
    said = {"kind": "message", "messageId": "m-1", "role": "user", "parts": [{"kind": "text", "text": "hi"}]}
    params = {"message": said, "configuration": {"pushNotificationConfig": {"url": receiver.url}}}
    async with a2a_stack(tmp_path / "home") as stack:
        await stack.rpc("message/send", params, **{"A2A-Version": "0.3"})
        bodies = await receiver.wait_for(2)

    assert [(one["kind"], one["status"]["state"]) for one in bodies] == [("task", "working"), ("task", "completed")]
    assert bodies[1]["artifacts"][0]["parts"][0]["text"] == "hi"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/hook",
        "http://localhost/hook",
        "http://[::1]/hook",
        "http://[::ffff:127.0.0.1]/hook",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/hook",
        "http://2130706433/hook",
        "http://0x7f.1/hook",
        "http://user:word@example.com/hook",
        "ftp://example.com/hook",
        "file:///etc/passwd",
        "not a url",
        "http://8.8.8.8:22/hook",
    ],
)
async def test_inner_and_odd_addresses_are_refused_and_no_task_begins(stack: A2aStack, url: str) -> None:
    before = len(stack.runner.started)
    sent = {"message": message("m-1"), "configuration": {"taskPushNotificationConfig": {"url": url}}}

    with_message = await stack.rpc("SendMessage", sent)
    task = await stack.send("tck-input-required")
    later = await stack.rpc("CreateTaskPushNotificationConfig", {"taskId": task["id"], "url": url})

    assert with_message["error"]["code"] == later["error"]["code"] == -32602
    assert len(stack.runner.started) == before + 1


async def test_a_task_has_few_addresses_and_their_words_are_bounded(stack: A2aStack, receiver: Receiver) -> None:
    task = await stack.send("tck-input-required")
    url = "http://93.184.215.14/hook"
    answers = [
        await stack.rpc("CreateTaskPushNotificationConfig", {"taskId": task["id"], "id": f"a{number}", "url": url})
        for number in range(11)
    ]
    long = await stack.rpc("CreateTaskPushNotificationConfig", {"taskId": task["id"], "url": url, "token": "x" * 5000})
    torn = {"taskId": task["id"], "url": url, "authentication": {"scheme": "Bearer", "credentials": "a\r\nX-B: c"}}
    header = await stack.rpc("CreateTaskPushNotificationConfig", torn)

    assert ["error" in one for one in answers] == [*[False] * 10, True]
    assert "at most 10" in answers[10]["error"]["message"]
    assert long["error"]["code"] == header["error"]["code"] == -32602


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> Any:
    async with a2a_stack(tmp_path_factory.mktemp("a2a")) as opened:
        yield opened
