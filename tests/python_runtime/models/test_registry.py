"""Which model serves which role, where it comes from, and that its key stays where it is."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from model_asking import read
from model_server import FakeModelServer, Reply
from sanca.core.errors import ConfigurationError, ModelError
from sanca.python_runtime.models import ModelEntry, ModelRegistry

pytestmark = pytest.mark.anyio
Registries = Callable[..., ModelRegistry]
SECRET = "sk-very-secret-0123456789"


def test_nothing_configured_means_no_model(tmp_path: Path) -> None:
    registry = ModelRegistry(tmp_path, {})
    assert registry.entries() == []
    assert registry.model() is None
    assert registry.model("coder") is None


@pytest.mark.parametrize(
    ("environ", "kind", "model"),
    [
        ({"OPENAI_API_KEY": "k"}, "openai", "gpt-5.4-mini"),
        ({"OPENAI_API_KEY": "k", "OPENAI_MODEL": "gpt-x"}, "openai", "gpt-x"),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:11434/v1"}, "openai", ""),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:11434/v1", "SANCA_MODEL": "qwen3:8b"}, "openai", "qwen3:8b"),
        ({"ANTHROPIC_API_KEY": "k"}, "anthropic", "claude-sonnet-5-5"),
        ({"OPENAI_API_KEY": "k", "SANCA_MODEL": "openai-responses:gpt-x"}, "openai-responses", "gpt-x"),
        ({"DASHSCOPE_API_KEY": "k", "SANCA_MODEL": "qwen-max"}, "dashscope", "qwen-max"),
        ({"DASHSCOPE_API_KEY": "k", "DASHSCOPE_MODEL": "qwen-max"}, "dashscope", "qwen-max"),
        ({"ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k"}, "openai", "gpt-5.4-mini"),
        (
            {"DASHSCOPE_API_KEY": "k", "OPENAI_API_KEY": "k", "SANCA_MODEL": "dashscope:qwen-max"},
            "dashscope",
            "qwen-max",
        ),
    ],
)
def test_environment_that_people_have_works(tmp_path: Path, environ: dict[str, str], kind: str, model: str) -> None:
    (entry,) = ModelRegistry(tmp_path, environ).entries()
    assert (entry.role, entry.kind, entry.model, entry.source) == ("general", kind, model, "environment")
    assert entry.has_key == any(name.endswith("_KEY") for name in environ)


def test_base_url_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="OPENAI_BASE_URL is not usable: the base URL 'localhost:80'"):
        ModelRegistry(tmp_path, {"OPENAI_BASE_URL": "localhost:80"})


def test_roles_fall_back_to_general(tmp_path: Path) -> None:
    registry = ModelRegistry(tmp_path, {"OPENAI_API_KEY": "k", "OPENAI_MODEL": "big"})
    registry.set_model(ModelEntry(role="fast", kind="openai", model="small", base_url="http://127.0.0.1:1/v1"))
    names = {role: model.name for role in ("general", "coder", "fast", "judge") if (model := registry.model(role))}
    assert names == {"general": "big", "coder": "big", "fast": "small", "judge": "big"}


def test_settings_come_before_the_environment_and_removing_gives_it_back(tmp_path: Path) -> None:
    registry = ModelRegistry(tmp_path, {"OPENAI_API_KEY": "k", "OPENAI_MODEL": "from-environment"})
    (entry,) = registry.set_model(ModelEntry(kind="dashscope", model="qwen-max"), SECRET)
    assert (entry.model, entry.source, entry.has_key) == ("qwen-max", "settings", True)
    (entry,) = registry.remove("general")
    assert (entry.model, entry.source) == ("from-environment", "environment")


def test_settings_outlive_the_registry_in_a_private_file(tmp_path: Path) -> None:
    home = tmp_path / "home"
    ModelRegistry(home, {}).set_model(ModelEntry(kind="openai", model="m"), SECRET)
    path = home / "models.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["general"]["api_key"] == SECRET
    assert [one.name for one in home.iterdir()] == ["models.json"]
    (entry,) = ModelRegistry(home, {}).entries()
    assert entry.has_key


def test_key_is_never_shown(tmp_path: Path) -> None:
    registry = ModelRegistry(tmp_path, {"OPENAI_API_KEY": SECRET})
    entries = registry.set_model(ModelEntry(role="coder", kind="openai", model="m"), SECRET)
    shown = [repr(registry), repr(vars(registry)), repr(entries), *(entry.model_dump_json() for entry in entries)]
    assert not any(SECRET in one for one in shown)


def test_empty_key_keeps_the_one_there_is_for_the_same_server(tmp_path: Path) -> None:
    registry = ModelRegistry(tmp_path, {})
    registry.set_model(ModelEntry(kind="openai", model="a", base_url="http://127.0.0.1:1/v1"), SECRET)
    (entry,) = registry.set_model(ModelEntry(kind="openai", model="b", base_url="http://127.0.0.1:1/v1"))
    assert entry.has_key


def test_key_does_not_follow_a_changed_address(tmp_path: Path) -> None:
    registry = ModelRegistry(tmp_path, {"OPENAI_API_KEY": SECRET})
    (entry,) = registry.set_model(ModelEntry(kind="openai", model="b", base_url="http://evil.example/v1"))
    assert not entry.has_key
    assert SECRET not in (tmp_path / "models.json").read_text()


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (ModelEntry(kind="openai", model="m"), "needs a key"),
        (ModelEntry(kind="dashscope", base_url="http://127.0.0.1:1"), "name is missing"),
        (ModelEntry(kind="openai", model="m", base_url="ftp://x"), "must start with http"),
        (ModelEntry(kind="openai", model="m", base_url="http://user:pass@x/v1"), "must not carry"),
    ],
)
def test_incomplete_entry_is_refused_and_nothing_is_kept(tmp_path: Path, entry: ModelEntry, words: str) -> None:
    registry = ModelRegistry(tmp_path, {})
    with pytest.raises(ConfigurationError, match=words):
        registry.set_model(entry)
    assert not (tmp_path / "models.json").exists()


@pytest.mark.parametrize("text", ["{", '{"general": {"kind": "other", "api_key": "sk-very-secret-0123456789"}}', "[]"])
def test_broken_settings_file_is_named_without_its_keys(tmp_path: Path, text: str) -> None:
    (tmp_path / "models.json").write_text(text)
    with pytest.raises(ConfigurationError, match=r"models\.json") as caught:
        ModelRegistry(tmp_path, {})
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("kind", ["openai", "dashscope"])
async def test_test_button_says_that_it_works(registry_for: Registries, kind: str) -> None:
    with FakeModelServer(["ready"], api_key=SECRET) as server:
        url = {"openai": server.openai_url, "dashscope": server.dashscope_url}[kind]
        entry = ModelEntry.model_validate({"kind": kind, "model": "m", "base_url": url})
        ok, sentence, seconds = await registry_for(server).test(entry, SECRET)
    assert ok
    assert sentence.startswith("m at 127.0.0.1:")
    assert 0 < seconds < 20


async def test_test_button_says_why_not(registry_for: Registries) -> None:
    with FakeModelServer(["ready"], api_key=SECRET) as server:
        entry = ModelEntry(kind="openai", model="m", base_url=server.openai_url)
        ok, sentence, _ = await registry_for(server).test(entry, "sk-wrong")
        bad_ok, bad_sentence, _ = await registry_for(server).test(ModelEntry(kind="openai", model="m", base_url="x"))
    assert not ok
    assert "refused the key" in sentence
    assert not bad_ok
    assert "must start with http" in bad_sentence


async def test_switch_forbids_models_beyond_this_machine(tmp_path: Path, registry_for: Registries) -> None:
    registry = ModelRegistry(tmp_path, {"OPENAI_API_KEY": "k", "SANCA_ALLOW_MODEL_REQUESTS": "0"})
    with pytest.raises(ModelError, match="SANCA_ALLOW_MODEL_REQUESTS=0 forbids asking"):
        registry.model()
    ok, sentence, _ = await registry.test(ModelEntry(kind="openai", model="m"), "k")
    assert (ok, "forbids" in sentence) == (False, True)
    with FakeModelServer(["local"]) as server:
        text, _, _ = await read(registry_for(server, SANCA_ALLOW_MODEL_REQUESTS="0").model())
    assert text == "local"


async def test_usage_is_priced_by_the_table(registry_for: Registries) -> None:
    prices = '{"fake-model": {"input": 2.0, "output": 10.0, "cached": 0.5, "currency": "EUR"}}'
    with FakeModelServer([Reply(text="x", usage=(1_000_000, 100_000), cached_tokens=400_000)]) as server:
        _, _, last = await read(registry_for(server, SANCA_MODEL_PRICES=prices).model())
    assert last.usage is not None
    assert last.usage.cost == pytest.approx(0.6 * 2.0 + 0.4 * 0.5 + 0.1 * 10.0)
    assert last.usage.currency == "EUR"


def test_price_table_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="SANCA_MODEL_PRICES must be a JSON object"):
        ModelRegistry(tmp_path, {"SANCA_MODEL_PRICES": "cheap"})


def test_importing_the_package_loads_no_provider() -> None:
    wanted = "[name for name in ('openai', 'dashscope', 'httpx') if name in sys.modules]"
    code = f"import sys, sanca.python_runtime.models; print({wanted})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
