"""The whole way over a real engine process: skills, approvals, questions, cancels, and a crash in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from a2a_stack import message
from served_doors import ServedDoors, served_doors

SYSTEM = '''
"""Services of a small fleet."""

from pathlib import Path
from typing import Any

from sanca.core.tools import Effect
from sanca.toolkit_bridge import tool


@tool
def services() -> list[dict[str, Any]]:
    """List the services."""
    return [{"name": name, "status": "up", "pid": 1} for name in ("checkout", "storefront")]


@tool
def health(service: str) -> dict[str, Any]:
    """Ask a service how it is."""
    return {"service": service, "status": "up", "latency_ms": 41.7}


@tool
def config(service: str) -> dict[str, Any]:
    """Return the settings and the running release."""
    return {"release": "v1.2.0", "path": "/etc/app.toml", "values": {"pool.size": 7}}


@tool(effect=Effect.WRITE, undo="restart it again")
def restart(service: str) -> dict[str, Any]:
    """Restart a service."""
    with (Path(__file__).parent.parent / "ledger.txt").open("a") as ledger:
        ledger.write(f"restart {service}\\n")
    return {"service": service, "pid": 2, "status": "up"}
'''


class Client:
    """A raw client of JSON-RPC 1.0."""

    def __init__(self, doors: ServedDoors) -> None:
        self._http = httpx.Client(base_url=doors.url, headers={**doors.headers, "A2A-Version": "1.0"}, timeout=60)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def refused(self, method: str, **params: Any) -> int:
        """Return an error's code."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return int(self._http.post("/a2a", json=body).json()["error"]["code"])

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Return a result."""
        answer = self._http.post("/a2a", json={"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).json()
        assert "result" in answer, answer
        found: dict[str, Any] = answer["result"]
        return found

    def send(self, text: str, **more: Any) -> dict[str, Any]:
        """Send a message and return the task."""
        task: dict[str, Any] = self.call("SendMessage", message=message("m-1", text, **more))["task"]
        return task

    def events(self, path: str, body: Any = None) -> Iterator[str]:
        """Yield the lines of a stream of HTTP+JSON."""
        with self._http.stream("POST", f"/a2a/v1{path}", json=body) as answer:
            yield from (line for line in answer.iter_lines() if line.startswith("data: "))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("engine") / "state"
    (home / "toolkits").mkdir(parents=True)
    (home / "toolkits" / "system.py").write_text(SYSTEM, encoding="utf-8")
    return home


@contextmanager
def opened(home: Path) -> Iterator[ServedDoors]:
    with served_doors(home, home.parent / "engine.log") as doors:
        yield doors


@pytest.fixture(scope="module")
def doors(home: Path) -> Iterator[ServedDoors]:
    with opened(home) as made:
        yield made


@contextmanager
def client_of(doors: ServedDoors) -> Iterator[Client]:
    with Client(doors) as made:
        yield made


@pytest.fixture
def client(doors: ServedDoors) -> Iterator[Client]:
    with client_of(doors) as made:
        yield made


def ask(doors: ServedDoors, text: str) -> dict[str, Any]:
    """Ask by a client of its own."""
    with client_of(doors) as client:
        return client.send(text)


def ledger(home: Path) -> list[str]:
    path = home / "ledger.txt"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def state(task: dict[str, Any]) -> str:
    return str(task["status"]["state"]).removeprefix("TASK_STATE_")


def test_a_skill_answers_and_the_answer_is_streamed_in_pieces(client: Client) -> None:
    task = client.send("what is 12% of 85?")
    lines = list(client.events("/message:stream", {"message": message("m-2", "what is 12% of 85?")}))
    (listed, _) = client.call("ListTasks", pageSize=2)["tasks"]

    answer = task["artifacts"][0]
    assert state(task) == "COMPLETED"
    assert (answer["artifactId"], "10.2" in answer["parts"][0]["text"]) == ("answer", True)
    assert '"task"' in lines[0]
    assert '"artifactUpdate"' in "".join(lines)
    assert "TASK_STATE_COMPLETED" in lines[-1]
    assert (state(listed), listed.get("artifacts")) == ("COMPLETED", None)


def test_a_change_is_asked_for_and_done_once_after_yes(client: Client, home: Path) -> None:
    before = ledger(home)
    asked = client.send("restart checkout")

    assert state(asked) == "INPUT_REQUIRED"
    words, data = (part.get("text") or part["data"] for part in asked["status"]["message"]["parts"])
    assert "restart" in words
    assert data["kind"] == "approval"
    assert (data["call"]["toolkit"], data["call"]["tool"]) == ("system", "restart")
    assert data["call"]["arguments"] == {"service": "checkout"}
    assert ledger(home) == before
    unclear = client.send("why?", taskId=asked["id"])
    assert state(unclear) == "INPUT_REQUIRED"
    assert "yes or no" in unclear["status"]["message"]["parts"][0]["text"]

    done = client.send("Yes, please.", taskId=asked["id"])

    assert state(done) == "COMPLETED"
    assert ledger(home) == [*before, "restart checkout"]
    assert [one["role"].removeprefix("ROLE_") for one in done["history"]] == ["USER", "AGENT", "USER", "AGENT", "USER"]
    assert any(one["artifactId"] == "evidence" for one in done["artifacts"])


def test_a_no_is_kept(client: Client, home: Path) -> None:
    before = ledger(home)
    asked = client.send("restart storefront")

    refused = client.call(
        "SendMessage",
        message=message("m-2", taskId=asked["id"])
        | {"parts": [{"data": {"approved": False, "reason": "not at noon"}}]},
    )["task"]

    assert state(refused) in ("COMPLETED", "FAILED")
    assert ledger(home) == before


def test_a_missing_word_is_asked_for(client: Client) -> None:
    asked = client.send("show the configuration")
    assert state(asked) == "INPUT_REQUIRED"

    done = client.send("storefront", taskId=asked["id"])

    assert state(done) == "COMPLETED"
    assert "storefront" in done["artifacts"][0]["parts"][0]["text"]


def test_cancelled_means_that_nothing_is_done_any_more(client: Client, home: Path) -> None:
    before = ledger(home)
    asked = client.send("restart checkout")

    cancelled = client.call("CancelTask", id=asked["id"])

    assert state(cancelled) == "CANCELED"
    assert state(client.call("GetTask", id=asked["id"])) == "CANCELED"
    assert ledger(home) == before


def test_a_task_whose_engine_died_is_found_with_what_became_of_it_and_its_context_goes_on(tmp_path: Path) -> None:
    home = tmp_path / "state"
    (home / "toolkits").mkdir(parents=True)
    (home / "toolkits" / "system.py").write_text(SYSTEM, encoding="utf-8")
    with opened(home) as doors:
        asked = ask(doors, "restart checkout")
        doors.engine.kill()
    with opened(home) as doors, client_of(doors) as client:
        found = client.call("GetTask", id=asked["id"])
        late = client.refused("SendMessage", message=message("m-2", "yes", taskId=asked["id"]))
        subscribed = client.refused("SubscribeToTask", id=asked["id"])
        again = client.send("what is 12% of 85?", contextId=asked["contextId"])

    assert state(found) == "FAILED"
    assert "system.restart" in found["status"]["message"]["parts"][0]["text"]
    assert (late, subscribed) == (-32004, -32004)
    assert (state(again), again["contextId"]) == ("COMPLETED", asked["contextId"])
    assert ledger(home) == []
