"""Which model serves which role and zone, by what is set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from model_asking import ask, read
from model_server import FakeModelServer, Reply
from sanca.core.errors import ConfigurationError
from sanca.core.messages import Usage
from sanca.python_runtime.models import ModelEntry, ModelRegistry
from sanca.python_runtime.models.usage import summed

OPENAI = {"OPENAI_API_KEY": "ko"}
DASHSCOPE = {"DASHSCOPE_API_KEY": "kd"}


def names(registry: ModelRegistry) -> dict[str, str]:
    return {role: model.name for role in ("general", "coder", "fast", "judge") if (model := registry.model(role))}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (OPENAI, ["gpt-5.4-mini"] * 4),
        (DASHSCOPE, ["qwen-plus", "qwen3-coder-plus", "qwen-turbo", "qwen-plus"]),
        ({**DASHSCOPE, "SANCA_MODEL": "qwen-max"}, ["qwen-max"] * 4),
        ({**OPENAI, **DASHSCOPE}, ["gpt-5.4-mini", "gpt-5.4-mini", "qwen-turbo", "gpt-5.4-mini"]),
        ({**OPENAI, **DASHSCOPE, "SANCA_MODEL": "big"}, ["big"] * 4),
        ({**OPENAI, "SANCA_MODEL_FAST": "tiny"}, ["gpt-5.4-mini", "gpt-5.4-mini", "tiny", "gpt-5.4-mini"]),
        ({**OPENAI, "SANCA_MODEL_GENERAL": "openai-responses:x"}, ["x"] * 4),
        ({"SANCA_MODEL_CODER": "openai:qwen3:8b@http://127.0.0.1:11434/v1"}, ["qwen3:8b"] * 4),
        ({"ANTHROPIC_API_KEY": "ka", "SANCA_MODEL_JUDGE": "a, b"}, ["claude-sonnet-5-5"] * 3 + ["a"]),
    ],
)
def test_each_role_has_the_model_that_is_meant(tmp_path: Path, environ: dict[str, str], expected: list[str]) -> None:
    assert list(names(ModelRegistry(tmp_path, environ)).values()) == expected


def test_choice_of_a_person_comes_before_defaults_but_not_before_a_named_role(tmp_path: Path) -> None:
    registry = ModelRegistry(tmp_path, {**DASHSCOPE, "SANCA_MODEL_JUDGE": "dashscope:strict"})
    registry.set_model(ModelEntry(kind="openai", model="mine"), "k")
    assert names(registry) == {"general": "mine", "coder": "mine", "fast": "mine", "judge": "strict"}


def test_key_named_in_a_list_goes_to_that_model_alone(tmp_path: Path) -> None:
    environ = {
        **OPENAI,
        "SANCA_KEY_DEEP": "deep-key",
        "SANCA_MODEL_CODER": "openai:deep@https://api.deep.example/v1$SANCA_KEY_DEEP, openai:spare, openai:x@http://h/v1",
    }
    registry = ModelRegistry(tmp_path, environ)
    keys = {one.model: one.api_key.get_secret_value() for one in registry._environment["coder"]}
    assert keys == {"deep": "deep-key", "spare": "ko", "x": ""}


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        (
            {"SANCA_MODEL_FAST": "dashscope:qwen-turbo"},
            "SANCA_MODEL_FAST names a model .* DASHSCOPE_API_KEY is not set",
        ),
        ({"SANCA_MODEL_FAST": "openai:"}, "SANCA_MODEL_FAST names no model"),
        ({**OPENAI, "SANCA_MODEL_FAST": "openai:m$SANCA_KEY_NONE"}, "takes its key from SANCA_KEY_NONE"),
        ({**OPENAI, "SANCA_MODEL_FAST": "good, not good"}, "its model 2 must be as in"),
        ({**OPENAI, "SANCA_MODEL_ROUTES": "perception"}, "SANCA_MODEL_ROUTES is not usable: 'perception'"),
        ({**OPENAI, "SANCA_MODEL_ROUTES": "perception=boss"}, "with a role of general, coder, fast, judge"),
        ({**OPENAI, "SANCA_MODEL_ROUTES": "perception=fast:much"}, "an effort of off, low, medium, high"),
        ({**OPENAI, "SANCA_MODEL_TRIES": "0"}, "SANCA_MODEL_TRIES is not usable"),
        ({**OPENAI, "SANCA_MODEL_FIRST_TOKEN_SECONDS": "soon"}, "SANCA_MODEL_FIRST_TOKEN_SECONDS is not usable"),
        ({**OPENAI, "SANCA_MODEL_LIMITS": "fast"}, "SANCA_MODEL_LIMITS must be a JSON object"),
    ],
)
def test_setting_that_cannot_be_used_is_named(tmp_path: Path, environ: Mapping[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        ModelRegistry(tmp_path, environ)


def test_zones_go_to_their_roles_and_what_is_hard_to_general(tmp_path: Path) -> None:
    registry = ModelRegistry(tmp_path, DASHSCOPE)
    routed = {
        (zone, difficulty): model.name
        for zone, difficulty in [
            ("perception", "normal"), ("cognitive", "easy"), ("cognitive", "normal"), ("cognitive", "hard"),
            ("self_check", "normal"), ("self_check", "hard"), ("elsewhere", "normal"),
        ]
        if (model := registry.route(zone, difficulty))  # type: ignore[arg-type] # a list of literals
    }  # fmt: skip
    assert routed == {
        ("perception", "normal"): "qwen-turbo", ("cognitive", "easy"): "qwen3-coder-plus",
        ("cognitive", "normal"): "qwen3-coder-plus", ("cognitive", "hard"): "qwen-plus",
        ("self_check", "normal"): "qwen-plus", ("self_check", "hard"): "qwen-plus",
        ("elsewhere", "normal"): "qwen-plus",
    }  # fmt: skip


def test_routes_can_be_set(tmp_path: Path) -> None:
    routes = "perception=general, cognitive.easy = fast:off, self_check.hard=coder"
    registry = ModelRegistry(tmp_path, {**DASHSCOPE, "SANCA_MODEL_ROUTES": routes})
    wanted = [("perception", "easy"), ("cognitive", "easy"), ("self_check", "hard"), ("self_check", "normal")]
    models = [registry.route(zone, difficulty) for zone, difficulty in wanted]  # type: ignore[arg-type] # literals
    assert [model.name for model in models if model] == ["qwen-plus", "qwen-turbo", "qwen3-coder-plus", "qwen-plus"]


def test_no_model_means_no_route(tmp_path: Path) -> None:
    assert ModelRegistry(tmp_path, {}).route("cognitive", "hard") is None


@pytest.mark.anyio
async def test_hard_work_is_thought_about_and_perception_does_not_think(tmp_path: Path) -> None:
    with FakeModelServer([Reply(text="ok", repeat=True)]) as server:
        registry = ModelRegistry(tmp_path, {"DASHSCOPE_HTTP_BASE_URL": server.dashscope_url, **DASHSCOPE})
        for zone, difficulty in (("cognitive", "hard"), ("cognitive", "normal"), ("perception", "normal")):
            await read(registry.route(zone, difficulty))  # type: ignore[arg-type] # a list of literals
        await read(registry.route("perception"), ask().model_copy(update={"reasoning": "low"}))
        await read(registry.model("fast"))
        await registry.close()
    asked = [(one.body["model"], one.body["parameters"].get("enable_thinking")) for one in server.requests]
    assert asked[:2] == [("qwen-plus", True), ("qwen3-coder-plus", None)]
    assert asked[2:] == [("qwen-turbo", False), ("qwen-turbo", True), ("qwen-turbo", False)]


@pytest.mark.anyio
async def test_dashscope_model_that_knows_no_thinking_is_asked_without_the_switch(tmp_path: Path) -> None:
    def answer(body: dict[str, Any]) -> str | Reply:
        if "enable_thinking" in body["parameters"]:
            return Reply(status=400, error_code="InvalidParameter", error_message="enable_thinking is not supported")
        return "ok"

    with FakeModelServer(answer) as server:
        registry = ModelRegistry(tmp_path, {"DASHSCOPE_HTTP_BASE_URL": server.dashscope_url, **DASHSCOPE})
        for _ in range(2):
            assert (await read(registry.model("fast")))[0] == "ok"
        await registry.close()
    assert len(server.requests) == 3


@pytest.mark.anyio
async def test_usage_is_summed_by_role_and_model_with_cached_tokens_at_their_price(tmp_path: Path) -> None:
    prices = '{"fast-one": {"input": 1.0, "output": 2.0, "cached": 0.1, "currency": "EUR"}}'
    with FakeModelServer([Reply(text="ok", usage=(1_000_000, 500_000), cached_tokens=400_000, repeat=True)]) as server:
        environ = {
            "OPENAI_BASE_URL": server.openai_url,
            "OPENAI_MODEL": "main",
            "SANCA_MODEL_FAST": "openai:fast-one",
            "SANCA_MODEL_PRICES": prices,
        }
        registry = ModelRegistry(tmp_path, environ)
        for role in ("fast", "fast", "coder"):
            await read(registry.model(role))
        await registry.close()
    rows = {(row.role, row.model): row for row in registry.usage()}
    assert set(rows) == {("fast", "fast-one"), ("coder", "main")}
    fast = rows["fast", "fast-one"]
    assert (fast.input_tokens, fast.output_tokens, fast.cached_tokens) == (2_000_000, 1_000_000, 800_000)
    assert fast.cost == pytest.approx(2 * (0.6 * 1.0 + 0.4 * 0.1 + 0.5 * 2.0))
    assert fast.currency == "EUR"
    assert rows["coder", "main"].cost == 0


def test_currencies_are_never_added_up() -> None:
    rows = summed([Usage(model="m", cost=1, currency=currency) for currency in ("EUR", "CNY", "EUR")])
    assert [(row.cost, row.currency) for row in rows] == [(2, "EUR"), (1, "CNY")]


def test_fall_backs_are_kept_with_their_keys_and_outlive_the_registry(tmp_path: Path) -> None:
    registry = ModelRegistry(tmp_path, OPENAI)
    entry = ModelEntry(role="coder", kind="openai", model="a", fallbacks=("openai:b", "openai:c@http://127.0.0.1:1/v1"))
    registry.set_model(entry)
    kept = json.loads((tmp_path / "models.json").read_text())["coder"]
    assert [(one["model"], one["api_key"]) for one in kept["fallbacks"]] == [("b", "ko"), ("c", "")]
    again = ModelRegistry(tmp_path, {})
    assert next(one for one in again.entries() if one.role == "coder").fallbacks == entry.fallbacks
    again.set_model(entry.model_copy(update={"fallbacks": (), "model": "a2"}))
    assert next(one for one in again.entries() if one.role == "coder").fallbacks == entry.fallbacks
    again.set_model(entry.model_copy(update={"fallbacks": ("none",)}))
    assert next(one for one in again.entries() if one.role == "coder").fallbacks == ()


def test_fall_back_that_cannot_be_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    registry = ModelRegistry(tmp_path, OPENAI)
    for written, words in (
        ("dashscope:x", "needs a key"),
        ("not good", "list of fall-backs is not usable: its model 1"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            registry.set_model(ModelEntry(kind="openai", model="a", fallbacks=(written,)))
    assert not (tmp_path / "models.json").exists()


def test_models_json_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    old = {"general": {"kind": "openai", "model": "m", "base_url": "http://127.0.0.1:1/v1", "api_key": "k"}}
    (tmp_path / "models.json").write_text(json.dumps(old))
    (entry,) = ModelRegistry(tmp_path, {}).entries()
    assert (entry.model, entry.has_key, entry.fallbacks) == ("m", True, ())
