"""The gRPC door of a real `sanca serve` process: token, runs, files, errors, stops."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import pytest
from agui_story import activities, check_order, text
from sanca.python_runtime.service import engine_pb2 as pb
from served_engine import CALLER, SERVE, ServedEngine, served
from stalls import Stalls
from watching import calls_of


@pytest.fixture
def engine(home: Path, tmp_path: Path) -> Iterator[ServedEngine]:
    with served(home, tmp_path / "engine.log") as engine:
        yield engine


def status(call: Callable[[], Any]) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code(), str(caught.value.details())


def test_a_message_an_interrupt_and_its_answer_go_over_the_wire(
    engine: ServedEngine, ledger: Callable[[], list[str]]
) -> None:
    asked = list(engine.start("s1", action_code="garden.water('north')", run_id="r1", agui_run_id="a1"))
    interrupt = asked[-1]["outcome"]["interrupts"][0]["id"]
    request = pb.AnswerRequest(caller=CALLER, interrupt_id=interrupt, approved=True, agui_run_id="a2")
    answered = [json.loads(event.event_json) for event in engine.Answer(request)]
    summary = engine.GetRun(pb.GetRunRequest(caller=CALLER, run_id="r1"))
    listed = engine.ListRuns(pb.ListRunsRequest(caller=CALLER, session_id="s1")).runs
    sessions = engine.ListSessions(pb.ListSessionsRequest(caller=CALLER)).sessions

    check_order([*asked, *answered])
    assert (asked[0]["runId"], answered[0]["runId"]) == ("a1", "a2")
    assert (summary.status, summary.answer, summary.calls) == ("done", "watered north", 1)
    assert [run.run_id for run in listed] == ["r1"]
    assert [(session.session_id, session.live_run_id) for session in sessions] == [("s1", "")]
    assert ledger() == ["water north 1"]
    assert engine.session_events("s1") == [*asked, *answered]


def test_every_call_needs_the_token(engine: ServedEngine) -> None:
    for metadata in ((), (("authorization", "Bearer wrong"),)):
        code, said = status(partial(engine.stub.Health, pb.HealthRequest(), metadata=metadata, timeout=5))
        assert code is grpc.StatusCode.UNAUTHENTICATED
        assert "engine.json" in said
    code, _ = status(lambda: list(engine.stub.StartRun(pb.StartRunRequest(), timeout=5)))
    assert code is grpc.StatusCode.UNAUTHENTICATED


def test_wrong_requests_get_a_status_and_one_sentence(engine: ServedEngine) -> None:
    other = pb.Caller(user="mallory")
    list(engine.start("s1", action_code="1", run_id="r1"))
    cases = [
        (lambda: list(engine.start("s1", message=" ")), grpc.StatusCode.INVALID_ARGUMENT),
        (lambda: list(engine.start("../x", message="hi")), grpc.StatusCode.INVALID_ARGUMENT),
        (lambda: list(engine.StartRun(pb.StartRunRequest(session_id="s1"))), grpc.StatusCode.INVALID_ARGUMENT),
        (lambda: engine.GetRun(pb.GetRunRequest(caller=CALLER, run_id="no")), grpc.StatusCode.NOT_FOUND),
        (lambda: engine.GetRun(pb.GetRunRequest(caller=other, run_id="r1")), grpc.StatusCode.NOT_FOUND),
        (
            lambda: list(engine.StartRun(pb.StartRunRequest(caller=other, session_id="s1", message="hi"))),
            grpc.StatusCode.NOT_FOUND,
        ),
        (lambda: list(engine.Answer(pb.AnswerRequest(caller=CALLER))), grpc.StatusCode.FAILED_PRECONDITION),
        (lambda: engine.GiveFeedback(pb.FeedbackRequest(caller=CALLER, run_id="r1")), grpc.StatusCode.INVALID_ARGUMENT),
        (lambda: engine.GetFile(pb.GetFileRequest(caller=CALLER, file_id="x")).next(), grpc.StatusCode.NOT_FOUND),
    ]
    for call, wanted in cases:
        code, said = status(call)
        assert code is wanted, said
        assert said.endswith((".", "-"))
        assert "Traceback" not in said


def test_files_go_in_and_come_out(engine: ServedEngine) -> None:
    chunks = [
        pb.FileChunk(caller=CALLER, info=pb.FileInfo(session_id="s1", name="../b e d s.csv"), data=b"bed\n"),
        pb.FileChunk(data=b"north\n"),
    ]
    given = engine.PutFile(iter(chunks))
    code = "text = open('/input/' + '" + given.name + "').read()\nopen('/output/copy.txt', 'w').write(text)\nlen(text)"
    events = list(engine.start("s1", action_code=code))
    (file,) = activities(events, "sanca-file").values()
    content = b"".join(
        chunk.data for chunk in engine.GetFile(pb.GetFileRequest(caller=CALLER, file_id=file["file_id"]))
    )

    assert (given.name, given.size_bytes, given.media_type) == ("b e d s.csv", 10, "text/csv")
    assert content == b"bed\nnorth\n"
    for name, data in (("x.exe", b"x"), ("big.csv", b"x" * (10 * 1024 * 1024 + 1))):
        parts = [data[start : start + 1_000_000] for start in range(0, len(data), 1_000_000)]
        chunks = [
            pb.FileChunk(caller=CALLER, info=pb.FileInfo(session_id="s1", name=name), data=part) for part in parts
        ]
        wrong, _ = status(partial(engine.PutFile, iter(chunks)))
        assert wrong is grpc.StatusCode.INVALID_ARGUMENT


def test_sessions_are_renamed_deleted_and_never_seen_by_others(engine: ServedEngine) -> None:
    list(engine.start("s1", action_code="1"))
    renamed = engine.RenameSession(pb.RenameSessionRequest(caller=CALLER, session_id="s1", title="Beds"))
    other = engine.ListSessions(pb.ListSessionsRequest(caller=pb.Caller(user="mallory"))).sessions
    engine.DeleteSession(pb.DeleteSessionRequest(caller=CALLER, session_id="s1"))

    assert renamed.title == "Beds"
    assert list(other) == []
    assert list(engine.ListSessions(pb.ListSessionsRequest(caller=CALLER)).sessions) == []
    assert engine.session_events("s1") == []


def test_health_skills_and_models_are_told(engine: ServedEngine) -> None:
    list(engine.start("s1", action_code="say('hello')"))
    health = engine.Health(pb.HealthRequest())
    skills = engine.ListSkills(pb.ListSkillsRequest(caller=CALLER)).skills
    models = engine.GetModels(pb.GetModelsRequest(caller=CALLER)).models
    entry = pb.ModelEntry(role="general", kind="openai", model="m", base_url="http://127.0.0.1:9/v1")
    after = engine.SetModel(pb.SetModelRequest(caller=CALLER, entry=entry, api_key="secret")).models
    tested = engine.TestModel(pb.SetModelRequest(caller=CALLER, entry=entry), seconds=60)

    assert (health.status, health.gateway, health.sandbox_level) == ("ok", "none", "namespace")
    assert health.pid == engine.process.pid
    assert [(one.tool, one.calls, one.failures) for one in health.tool_calls] == [("sanca.say", 1, 0)]
    assert "calculate" in [skill.name for skill in skills]
    assert list(models) == []
    assert [(one.model, one.has_key) for one in after] == [("m", True)]
    assert "secret" not in str(after)
    assert not tested.ok
    assert tested.message


def test_it_answers_health_before_it_is_open_and_keeps_its_token_to_itself(engine: ServedEngine, home: Path) -> None:
    first = engine.Health(pb.HealthRequest())

    assert first.version
    assert stat.S_IMODE((home / "engine.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    command = Path(f"/proc/{engine.process.pid}/cmdline").read_bytes()
    assert engine.card["token"].encode() not in command


def test_a_crash_leaves_no_core_file_with_keys_in_it(engine: ServedEngine) -> None:
    limits = Path(f"/proc/{engine.process.pid}/limits").read_text(encoding="ascii")
    assert re.search(r"Max core file size +0 +0 ", limits)


def test_a_second_engine_says_so_and_stops_with_code_three(engine: ServedEngine) -> None:
    second = subprocess.run(SERVE, capture_output=True, text=True, timeout=20, check=False)

    assert second.returncode == 3
    assert f"(process {engine.process.pid})" in second.stderr
    assert "Traceback" not in second.stderr
    assert engine.Health(pb.HealthRequest()).pid == engine.process.pid


def test_sigterm_ends_it_within_three_seconds_and_a_live_run_is_interrupted(
    engine: ServedEngine, home: Path, tmp_path: Path
) -> None:
    events = engine.start("s1", action_code="garden.slow_dig('north', 60)", run_id="r1")
    for event in events:
        if calls_of(event):
            break
    begin, stalls = time.monotonic(), Stalls()
    code = engine.stop()
    seconds = time.monotonic() - begin - stalls.seconds
    rest = list(events)

    assert code == 0
    assert seconds < 3
    assert rest[-1]["type"] == "RUN_ERROR"
    assert rest[-1]["code"] == "interrupted"
    assert "garden.slow_dig" in rest[-1]["message"]
    assert not (home / "engine.json").exists()
    assert "Traceback" not in (tmp_path / "engine.log").read_text(encoding="utf-8")


def test_a_taken_port_is_said_with_the_mend(home: Path, engine: ServedEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANCA_HOME", str(home.parent / "other"))
    monkeypatch.setenv("SANCA_ENGINE_PORT", engine.card["address"].rpartition(":")[2])
    second = subprocess.run(SERVE, capture_output=True, text=True, timeout=20, check=False)

    assert second.returncode != 0
    assert "SANCA_ENGINE_PORT" in second.stderr
    assert "Traceback" not in second.stderr


def test_text_streams_as_an_assistants_message(engine: ServedEngine) -> None:
    assert "10.2" in text(engine.start("s1", message="what is 12% of 85?"))
