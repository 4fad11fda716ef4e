"""Reads which models people have set in their environment. Pure: takes a mapping, reads nothing else.

`SANCA_MODEL_<ROLE>` is a list of models, the first is asked and the others are its fall-backs:
`dashscope:qwen-turbo, openai:deepseek-chat@https://api.deepseek.com/v1$SANCA_KEY_DEEPSEEK`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import get_args

from pydantic import SecretStr, ValidationError
from sanca.core.errors import ConfigurationError
from sanca.python_runtime.models.entries import OPENAI_BASE_URL, ROLES, Endpoint, Kind, Models, Role

DEFAULT_MODELS: dict[Kind, str] = {
    "openai": "gpt-5.4-mini",
    "openai-responses": "gpt-5.4-mini",
    "dashscope": "qwen-plus",
    "anthropic": "claude-sonnet-5-5",
}
DASHSCOPE_ROLES: dict[Role, tuple[str, ...]] = {
    "general": ("qwen-plus", "qwen3-coder-plus"),
    "coder": ("qwen3-coder-plus", "qwen3-coder-flash", "qwen-plus"),
    "fast": ("qwen-turbo", "qwen-flash"),
    "judge": ("qwen-plus", "qwen3-coder-plus"),
}
"""Asked when a DashScope key is all there is; limits there are by model, so that another one often goes on."""
_KINDS: tuple[Kind, ...] = get_args(Kind)
_ORDER: tuple[Kind, ...] = ("openai", "dashscope", "anthropic")
_PREFIXES: dict[Kind, str] = {
    "openai": "OPENAI",
    "openai-responses": "OPENAI",
    "dashscope": "DASHSCOPE",
    "anthropic": "ANTHROPIC",
}
_FALSE = frozenset({"0", "false", "no", "off"})
_WRITTEN = re.compile(
    r"(?:(?P<kind>" + "|".join(sorted(_KINDS, key=len, reverse=True)) + r"):)?"
    r"(?P<model>[^\s,$]*?)(?:@(?P<url>https?://[^\s,$]+))?(?:\$(?P<key>[A-Z][A-Z0-9_]*))?"
)


def models_from(environ: Mapping[str, str]) -> dict[Role, Models]:
    """Return the models of each role that has its own, and of `general`; empty when nothing is set.

    With several providers' keys OpenAI's comes first, then DashScope's, then Anthropic's, unless `SANCA_MODEL` says
    `dashscope:<name>`; `fast` is Qwen's turbo wherever there is a key for it. `SANCA_MODEL` names the model of
    whichever is taken, for all roles; `SANCA_MODEL_<ROLE>` comes before all of it.

    Raises:
        ConfigurationError: A variable cannot be used; says which.
    """
    found = _defaults(environ)
    for role in ROLES:
        setting = f"SANCA_MODEL_{role.upper()}"
        if text := environ.get(setting, "").strip():
            found[role] = read_models(text, environ, setting=setting)
    if found and "general" not in found:
        found["general"] = found.get("coder") or next(iter(found.values()))
    return found


def explicit_roles(environ: Mapping[str, str]) -> frozenset[Role]:
    """Return the roles that the environment names models for."""
    return frozenset(role for role in ROLES if environ.get(f"SANCA_MODEL_{role.upper()}", "").strip())


def read_models(text: str, environ: Mapping[str, str], *, setting: str, needs_key: bool = True) -> Models:
    """Read a written list of models.

    Args:
        text: The list.
        environ: Where keys and addresses come from that are not written in it.
        setting: How errors name it.
        needs_key: Whether one at a provider's own address must have a key.

    Raises:
        ConfigurationError: It is not of that form, or an address is none.
    """
    models: list[Endpoint] = []
    for number, part in enumerate(filter(None, (part.strip() for part in text.split(","))), start=1):
        found = _WRITTEN.fullmatch(part)
        if found is None:  # what was written is not repeated: it may be a key in the wrong place
            raise ConfigurationError(
                f"{setting} is not usable: its model {number} must be as in 'dashscope:qwen-turbo' or "
                "'openai:deepseek-chat@https://api.deepseek.com/v1$SANCA_KEY_DEEPSEEK', several with commas between.",
                setting=setting,
            )
        models.append(_read_model(found, environ, setting, needs_key))
    return tuple(models)


def allows_network(environ: Mapping[str, str]) -> bool:
    """Whether models outside this machine may be asked (`SANCA_ALLOW_MODEL_REQUESTS`, default yes)."""
    return environ.get("SANCA_ALLOW_MODEL_REQUESTS", "1").strip().lower() not in _FALSE


def _defaults(environ: Mapping[str, str]) -> dict[Role, Models]:
    asked_kind, asked_model = _asked(environ.get("SANCA_MODEL", ""))
    kind = asked_kind or _first_kind(environ)
    if not _has(kind, environ):
        return {}
    named = asked_model or environ.get(f"{_PREFIXES[kind]}_MODEL", "")
    if kind == "dashscope" and not named:
        return {role: _dashscope(names, environ) for role, names in DASHSCOPE_ROLES.items()}
    base_url = _base_url(kind, environ)
    if not named and (kind != "openai" or base_url.rstrip("/") in {"", OPENAI_BASE_URL}):
        named = DEFAULT_MODELS[kind]
    general = (_endpoint(kind, named, base_url, _key(kind, environ), setting=_url_setting(kind)),)
    if kind != "dashscope" and not asked_model and _has("dashscope", environ):
        return {"general": general, "fast": (*_dashscope(DASHSCOPE_ROLES["fast"], environ), *general)}
    return {"general": general}


def _dashscope(names: tuple[str, ...], environ: Mapping[str, str]) -> Models:
    base_url, key = _base_url("dashscope", environ), _key("dashscope", environ)
    return tuple(_endpoint("dashscope", name, base_url, key, setting=_url_setting("dashscope")) for name in names)


def _asked(text: str) -> tuple[Kind | None, str]:
    found = _WRITTEN.fullmatch(text.strip())
    kind = next((one for one in _KINDS if found and found["kind"] == one), None)
    # a colon is part of many local names, for instance qwen3:8b
    return kind, text.strip().removeprefix(f"{kind}:") if kind else text.strip()


def _read_model(found: re.Match[str], environ: Mapping[str, str], setting: str, needs_key: bool) -> Endpoint:
    kind = next((one for one in _KINDS if one == found["kind"]), _first_kind(environ))
    base_url = (found["url"] or _base_url(kind, environ)).rstrip("/")
    key = _key(kind, environ) if base_url == _base_url(kind, environ).rstrip("/") else ""
    if found["key"]:
        key = environ.get(found["key"], "")
        if not key:
            raise ConfigurationError(
                f"{setting} takes its key from {found['key']}, which is not set.", setting=found["key"]
            )
    endpoint = _endpoint(kind, found["model"], base_url, key, setting=setting)
    if not endpoint.model and not base_url:
        raise ConfigurationError(f"{setting} names no model; give it as the provider spells it.", setting=setting)
    if needs_key and not base_url and not key:
        raise ConfigurationError(
            f"{setting} names a model at {endpoint.place}, and {_PREFIXES[kind]}_API_KEY is not set.", setting=setting
        )
    return endpoint


def _first_kind(environ: Mapping[str, str]) -> Kind:
    asked, _ = _asked(environ.get("SANCA_MODEL", ""))
    if asked is not None:
        return asked
    return next((one for one in _ORDER if _has(one, environ)), _ORDER[0])


def _has(kind: str, environ: Mapping[str, str]) -> bool:
    if kind == "openai-responses":
        kind = "openai"
    return bool(environ.get(f"{kind.upper()}_API_KEY") or (kind == "openai" and environ.get("OPENAI_BASE_URL")))


def _key(kind: Kind, environ: Mapping[str, str]) -> str:
    return environ.get(f"{_PREFIXES[kind]}_API_KEY", "")


def _url_setting(kind: Kind) -> str:
    return "DASHSCOPE_HTTP_BASE_URL" if kind == "dashscope" else f"{_PREFIXES[kind]}_BASE_URL"


def _base_url(kind: Kind, environ: Mapping[str, str]) -> str:
    return environ.get(_url_setting(kind), "").strip()


def _endpoint(kind: Kind, model: str, base_url: str, key: str, *, setting: str) -> Endpoint:
    try:
        return Endpoint(kind=kind, model=model, base_url=base_url, api_key=SecretStr(key.strip()))
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"{setting} is not usable: {reason}.", setting=setting) from None
