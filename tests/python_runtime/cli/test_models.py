"""`sanca models` in a process of its own: what it tells, and that it tells no key."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from model_server import FakeModelServer, Reply

SECRET = "sk-canary-5f0c2a9e7b1d4836"


def sanca(home: Path, *arguments: str, **environ: str) -> tuple[int, str]:
    """Run the command, and check that the key is nowhere in what it printed."""
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    wide = {**clean, "SANCA_HOME": str(home), "COLUMNS": "300", **environ}
    done = subprocess.run(
        [sys.executable, "-m", "sanca", *arguments], capture_output=True, text=True, env=wide, timeout=60
    )
    assert SECRET not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def test_without_a_model_it_says_how_to_set_one(tmp_path: Path) -> None:
    code, told = sanca(tmp_path, "models")
    assert (code, "No model is set" in told, "Set OPENAI_API_KEY, DASHSCOPE_API_KEY or" in told) == (0, True, True)
    assert sanca(tmp_path, "models", "test")[0] == 1


def test_one_dashscope_key_gives_every_role_its_model(tmp_path: Path) -> None:
    prices = '{"qwen-turbo": {"input": 0.3, "output": 0.6, "cached": 0.06, "currency": "CNY"}}'
    environ = {"DASHSCOPE_API_KEY": SECRET, "SANCA_MODEL_PRICES": prices}
    code, told = sanca(tmp_path, "models", "--json", **environ)
    said: dict[str, Any] = json.loads(told)
    models = {one["role"]: one for one in said["models"]}
    assert code == 0
    assert {role: one["model"] for role, one in models.items()} == {
        "general": "qwen-plus", "coder": "qwen3-coder-plus", "fast": "qwen-turbo", "judge": "qwen-plus",
    }  # fmt: skip
    assert models["fast"]["fallbacks"] == ["dashscope:qwen-flash"]
    assert models["fast"]["price"] == {"input": 0.3, "output": 0.6, "cached": 0.06, "currency": "CNY"}
    assert all(one["has_key"] and one["state"] == "ok" for one in models.values())
    code, told = sanca(tmp_path, "models", **environ)
    assert code == 0
    assert "dashscope:qwen-turbo" in told and "0.3 / 0.06 / 0.6 CNY" in told and "qwen3-coder-flash" in told


def test_every_model_and_fall_back_is_tried_once(tmp_path: Path) -> None:
    with FakeModelServer(["ready"], api_key=SECRET) as good, FakeModelServer([Reply(status=401, repeat=True)]) as bad:
        environ = {
            "OPENAI_BASE_URL": good.openai_url,
            "OPENAI_API_KEY": SECRET,
            "SANCA_MODEL_GENERAL": f"openai:big, openai:spare@{bad.openai_url}",
        }
        code, told = sanca(tmp_path, "models", "test", **environ)
        lines = told.splitlines()
        assert code == 1
        assert len(lines) == 2
        assert lines[0].startswith("ok   general, coder, fast, judge")
        assert "answered in" in lines[0]
        assert lines[1].startswith("FAIL general fall-back")
        assert "refused the key" in lines[1]
        assert len(good.requests) == len(bad.requests) == 1


def test_wrong_role_and_wrong_setting_are_named(tmp_path: Path) -> None:
    code, told = sanca(tmp_path, "models", "test", "boss", OPENAI_API_KEY=SECRET)
    assert (code, "no role 'boss'" in told) == (1, True)
    code, told = sanca(tmp_path, "models", SANCA_MODEL_FAST=f"openai:x y {SECRET}")
    assert (code, "SANCA_MODEL_FAST" in told) == (1, True)
