"""Models over the door of a real `sanca serve` process: kinds, fall-backs, states, usage, and never a key."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from model_server import FakeModelServer, Reply
from sanca.python_runtime.service import engine_pb2 as pb
from served_engine import CALLER, served

SECRET = "sk-canary-5f0c2a9e7b1d4836"
DOWN = Reply(status=503, error_message="maintenance", headers={"retry-after": "0"}, repeat=True)


def test_settings_fall_backs_states_and_usage_go_over_the_wire(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANCA_MODEL_BREAKER_FAILURES", "1")
    with FakeModelServer([DOWN]) as first, FakeModelServer(["Waltzes."], api_key=SECRET) as second:
        monkeypatch.setenv("OPENAI_BASE_URL", second.openai_url)
        monkeypatch.setenv("OPENAI_API_KEY", SECRET)
        with served(home, tmp_path / "engine.log") as engine:
            spare = f"openai:spare@{second.openai_url}"
            entry = pb.ModelEntry(kind="openai", model="main", base_url=first.openai_url, fallbacks=[spare])
            (kept,) = engine.SetModel(pb.SetModelRequest(caller=CALLER, entry=entry)).models
            assert (kept.role, list(kept.fallbacks), kept.state) == ("general", [spare], "ok")

            events = list(engine.start("s1", message="hum a tune for the tulips"))
            told = engine.GetModels(pb.GetModelsRequest(caller=CALLER))
            listed = subprocess.run(
                [sys.executable, "-m", "sanca", "models"],
                capture_output=True, text=True, timeout=60, env={**os.environ, "COLUMNS": "300"},
            )  # fmt: skip
            unknown = pb.ModelEntry(kind="telepathy", model="x")
            with pytest.raises(grpc.RpcError) as caught:
                engine.SetModel(pb.SetModelRequest(caller=CALLER, entry=unknown))
            kinds = ["openai-responses", "anthropic", "dashscope"]
            entries = [
                pb.ModelEntry(role="judge", kind=kind, model="x", base_url="http://127.0.0.1:9/v1") for kind in kinds
            ]
            accepted = [
                engine.SetModel(pb.SetModelRequest(caller=CALLER, entry=one)).models[-1].kind for one in entries
            ]

    assert events[-1]["result"]["answer"] == "Waltzes."
    assert told.models[0].state == "resting"
    assert "maintenance" in told.models[0].state_detail
    assert [(row.role, row.model, row.input_tokens) for row in told.usage] == [("coder", "spare", 100)]
    assert "maintenance" in listed.stdout and "spare" in listed.stdout and "since the engine began" in listed.stdout
    assert "openai-responses" in str(caught.value.details())
    assert accepted == kinds
    shown = [str(told), listed.stdout, listed.stderr, json.dumps(events), (tmp_path / "engine.log").read_text()]
    assert not any(SECRET in one for one in shown)
