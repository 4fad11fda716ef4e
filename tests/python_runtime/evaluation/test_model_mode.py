"""A scripted model over real HTTP does tasks in both modes: actions by the engine's prompts, and JSON tool calls."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from model_server import FakeModelServer, Reply
from sanca.python_runtime.evaluation.results import ResultFile
from sanca.python_runtime.evaluation.suite import EvaluationTask, make_suite
from solution_player import SolutionPlayer, Steps

TINY = "tiny_suite:TinySuite"
HERE = Path(__file__).parent
PLAYED = ("adds", "starts afresh", "later")


Body = dict[str, Any]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[[Body], Reply]:
    """Play the counter's own solutions."""
    monkeypatch.syspath_prepend(str(HERE))
    tasks = [task for task in make_suite(TINY, None).tasks() if task.id in PLAYED]
    player = SolutionPlayer([_steps(task, turn) for task in tasks for turn in range(len(task.messages))])

    def policy(body: Body) -> Reply:
        played = player.play(body)
        usage = (300 if played.calls else 400 if "```" in played.text else 200, 20)
        return Reply(text=played.text, tool_calls=tuple(played.calls), usage=usage)

    return policy


def _steps(task: EvaluationTask, turn: int) -> Steps:
    actions = task.truth[turn]
    answer = None if actions else f"Nothing to do in {task.id}."
    return Steps(task.messages[turn], actions, [_calls(action) for action in actions], answer)


def _calls(action: str) -> list[dict[str, Any]]:
    """Return the calls of an action that is nothing else."""
    found = [node.value for node in ast.parse(action).body if isinstance(node, ast.Expr)]
    return [_call(each) for each in found if isinstance(each, ast.Call)]


def _call(call: ast.Call) -> dict[str, Any]:
    given = [("amount", each) for each in call.args] + [(str(each.arg), each.value) for each in call.keywords]
    name = ast.unparse(call.func).removeprefix("counter.")
    return {"name": name, "arguments": {parameter: ast.literal_eval(value) for parameter, value in given}}


def breaking(play: Callable[[Body], Reply], after: int) -> Callable[[Body], Reply]:
    """Return a policy that plays so many requests, and then refuses all."""
    asked: list[Body] = []

    def policy(body: Body) -> Reply:
        asked.append(body)
        return play(body) if len(asked) <= after else Reply(status=503, error_message="overloaded")

    return policy


@pytest.fixture
def server(play: Callable[[Body], Reply]) -> Iterator[FakeModelServer]:
    with FakeModelServer(play) as served:
        yield served


def command(url: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "sanca", "eval", f"--suite={TINY}", f"--model={url}", "--json", *arguments]


def surroundings(key: str = "") -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "DASHSCOPE_"))}
    environment |= {
        "PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]),
        "SANCA_MODEL_PRICES": '{"fake-model": {"input": 1, "output": 2, "currency": "USD"}}',
    }
    if key:
        environment["OPENAI_API_KEY"] = key
    return environment


def sanca_eval(url: str, *arguments: str, key: str = "") -> subprocess.CompletedProcess[str]:
    called = command(url, *arguments)
    return subprocess.run(called, capture_output=True, text=True, timeout=120, check=False, env=surroundings(key))


def said(ran: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_both_modes_do_the_same_tasks_and_the_report_compares_them(server: FakeModelServer, tmp_path: Path) -> None:
    report = tmp_path / "report"
    found = said(sanca_eval(server.openai_url, "--limit=2", f"--report={report}"))
    code, calls = found["reports"]
    assert [one["author"] for one in found["reports"]] == ["fake-model code", "fake-model json"]
    assert (code["passed"], calls["passed"]) == (2, 2), found
    assert (code["calls"], calls["calls"], code["approvals"], calls["approvals"]) == (4, 4, 2, 2)
    assert (code["turns"], calls["turns"]) == (4, 4)
    # adds: two actions, an answer, an empty turn, an action, an answer; starts afresh: an action, an answer
    assert (code["model_calls"], calls["model_calls"]) == (8, 8)
    assert (code["input_tokens"], calls["input_tokens"]) == (4 * 400 + 4 * 200, 4 * 300 + 4 * 200)
    by_measure = {one["measure"]: one for one in found["differences"]}
    assert by_measure["input_tokens"]["difference"] == 200
    assert by_measure["passed"]["difference"] == 0
    assert "Both passed 2, only the first 0, only the second 0, of 2 tasks." in report.with_suffix(".md").read_text()
    assert json.loads(report.with_suffix(".json").read_text()) == found


def test_code_mode_sends_the_engines_prompt_and_json_mode_the_same_tools_as_schemas(server: FakeModelServer) -> None:
    said(sanca_eval(server.openai_url, "--limit=1"))
    with_tools = [request.body for request in server.requests if request.body.get("tools")]
    without = [request.body for request in server.requests if not request.body.get("tools")]
    assert "def add(amount: int)" in without[0]["messages"][0]["content"]
    assert "evaluation" not in without[0]["messages"][0]["content"]
    functions = {tool["function"]["name"]: tool["function"] for tool in with_tools[0]["tools"]}
    assert set(functions) == {"add", "total", "kind"}
    assert functions["add"]["parameters"]["required"] == ["amount"]
    answered = [message for message in with_tools[-1]["messages"] if message["role"] == "tool"]
    assert [message["content"] for message in answered] == ["null", "null", "12"]


@pytest.mark.parametrize("mode", ["code", "json"])
def test_a_withheld_tool_is_neither_shown_nor_found_before_its_turn(server: FakeModelServer, mode: str) -> None:
    found = said(sanca_eval(server.openai_url, f"--mode={mode}", "--suite=tiny_suite:OnlyLater"))
    assert found["passed"] == 1, found["failures"]
    asked = [request.body for request in server.requests]
    shown = [json.dumps(body.get("tools") or body["messages"][0]["content"]) for body in asked]
    of_part_one = [text for text, body in zip(shown, asked, strict=True) if "'later', part 2" not in json.dumps(body)]
    assert len(of_part_one) == 2
    assert not any('"add"' in text or "def add" in text for text in of_part_one)
    assert '"add"' in shown[-1] or "def add" in shown[-1]


def test_a_server_that_fails_midway_ends_it_in_one_sentence_and_the_next_call_goes_on(
    play: Callable[[Body], Reply], tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    with FakeModelServer(breaking(play, after=9)) as broken:
        ran = sanca_eval(broken.openai_url, "--limit=3", f"--out={out}")
    assert ran.returncode == 1
    assert "overloaded" in ran.stderr
    assert "Traceback" not in ran.stderr
    kept = ResultFile(out).read()
    assert [(one.task, one.author) for one in kept] == [(PLAYED[0], "fake-model code")]
    with FakeModelServer(play) as mended:
        found = said(sanca_eval(mended.openai_url, "--limit=2", f"--out={out}"))
        asked = [json.dumps(request.body) for request in mended.requests if not request.body.get("tools")]
    assert [one["passed"] for one in found["reports"]] == [2, 2]
    assert not any("Do 'adds'" in body for body in asked)  # its code mode was kept
    assert ResultFile(out).read()[0] == kept[0]


def test_what_was_done_before_a_kill_is_kept(play: Callable[[Body], Reply], tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    is_in_second = threading.Event()

    def slow(body: Body) -> Reply:
        reply = play(body)
        if "Do 'starts afresh'" not in json.dumps(body):
            return reply
        is_in_second.set()
        return replace(reply, first_delay_seconds=100)

    with FakeModelServer(slow) as server:
        called = command(server.openai_url, "--mode=json", "--limit=2", f"--out={out}")
        with subprocess.Popen(called, stdout=subprocess.DEVNULL, env=surroundings()) as killed:
            assert is_in_second.wait(60)
            killed.kill()
    kept = ResultFile(out).read()
    assert [one.task for one in kept] == ["adds"]
    with FakeModelServer(play) as server:
        found = said(sanca_eval(server.openai_url, "--mode=json", "--limit=2", f"--out={out}"))
        assert not any("Do 'adds'" in json.dumps(request.body) for request in server.requests)
    assert found["passed"] == 2
    assert [one.task for one in ResultFile(out).read()] == ["adds", "starts afresh"]


def test_malformed_replies_go_back_with_the_reason_and_are_counted() -> None:
    replies = {
        False: [Reply(text="```python\ncounter.total("), Reply(text="I look.\n\n```python\ncounter.total()\n```")],
        True: [
            Reply(tool_calls=({"name": "totla", "arguments": {}}, {"name": "add", "arguments": "{no JSON"})),
            Reply(tool_calls=({"name": "total", "arguments": {}},)),
        ],
    }
    answer = Reply(text="0")

    def policy(body: Body) -> Reply:
        left = replies[bool(body.get("tools"))]
        return left.pop(0) if left else answer

    with FakeModelServer(policy) as server:
        found = said(sanca_eval(server.openai_url, "--limit=1", "--suite=tiny_suite:OnlyTotal"))
        told = json.dumps([request.body for request in server.requests])
    code, calls = found["reports"]
    assert (code["passed"], calls["passed"]) == (1, 1), found
    assert (code["malformed"], calls["malformed"]) == (1, 2)
    assert "There is no tool 'totla'. Close names: total" in told
    assert "The arguments are not JSON" in told


def test_a_refused_task_has_failed_and_the_others_go_on(play: Callable[[Body], Reply]) -> None:
    def policy(body: Body) -> Reply:
        if "Do 'starts afresh'" in json.dumps(body):
            return Reply(status=400, error_message="too long for this model")
        return play(body)

    with FakeModelServer(policy) as server:
        found = said(sanca_eval(server.openai_url, "--mode=json", "--limit=2"))
    assert (found["tasks"], found["passed"]) == (2, 1)
    assert "too long for this model" in found["failures"]["starts afresh"]


def test_an_action_searches_the_tasks_tools_only() -> None:
    asked = "[one['name'] for one in tools.search('add to the counter')]"
    replies = iter([f"```python\n{asked}\n```", "0"])
    with FakeModelServer(lambda _body: Reply(text=next(replies))) as searching:
        said(sanca_eval(searching.openai_url, "--mode=code", "--suite=tiny_suite:OnlyTotal"))
        seen = searching.requests[-1].messages[-1]["content"]
    assert "counter.add" in seen
    assert "evaluation." not in seen


def test_a_key_comes_from_the_environment_and_goes_only_to_its_own_server(play: Callable[[Body], Reply]) -> None:
    with FakeModelServer(play, api_key="k-1") as model, FakeModelServer(["###STOP###"]) as person:
        ran = sanca_eval(model.openai_url, "--limit=1", "--mode=json", f"--user-model={person.openai_url}", key="k-1")
        said(ran)
        assert all(request.headers["authorization"] == "Bearer k-1" for request in model.requests)
    assert person.requests == []  # the counter has no person to play
    with FakeModelServer(play, api_key="k-1") as model:
        refused = sanca_eval(model.openai_url, "--limit=1", key="wrong")
    assert refused.returncode == 1
    assert "Incorrect API key" in refused.stderr
    assert "wrong" not in refused.stderr.replace("is wrong", "")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--model=ftp://x"], "is no address of a model"),
        (["--mode=words"], "There is no mode 'words'; there are code, json, both"),
        (["--truth"], "not both"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(arguments: list[str], text: str) -> None:
    ran = sanca_eval("http://127.0.0.1:9/v1", *arguments)
    assert ran.returncode == 1
    assert text in ran.stderr
    assert "Traceback" not in ran.stderr
