"""Reads the model settings that people already have in their environment. Pure: takes a mapping, reads nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import SecretStr, ValidationError
from sanca.core.errors import ConfigurationError
from sanca.python_runtime.models.entries import OPENAI_BASE_URL, Endpoint, Kind

DEFAULT_OPENAI_MODEL = "gpt-5.4-mini"
DEFAULT_DASHSCOPE_MODEL = "qwen3-coder-plus"
_FALSE = frozenset({"0", "false", "no", "off"})


def endpoint_from(environ: Mapping[str, str]) -> Endpoint | None:
    """Return the endpoint of `OPENAI_*` or `DASHSCOPE_*`; None when neither is set.

    With both set OpenAI's is taken, unless `SANCA_MODEL` says `dashscope:<name>`. `SANCA_MODEL` names the model of
    whichever is taken.

    Raises:
        ConfigurationError: A base URL is no URL.
    """
    asked_kind, asked_model = _asked(environ.get("SANCA_MODEL", ""))
    has = {
        "openai": bool(environ.get("OPENAI_API_KEY") or environ.get("OPENAI_BASE_URL")),
        "dashscope": bool(environ.get("DASHSCOPE_API_KEY")),
    }
    kind: Kind = asked_kind or ("openai" if has["openai"] else "dashscope")
    if not has[kind]:
        return None
    return _openai(environ, asked_model) if kind == "openai" else _dashscope(environ, asked_model)


def allows_network(environ: Mapping[str, str]) -> bool:
    """Whether models outside this machine may be asked (`SANCA_ALLOW_MODEL_REQUESTS`, default yes)."""
    return environ.get("SANCA_ALLOW_MODEL_REQUESTS", "1").strip().lower() not in _FALSE


def _asked(text: str) -> tuple[Kind | None, str]:
    kind, colon, model = text.strip().partition(":")
    if colon and kind == "openai":
        return "openai", model
    if colon and kind == "dashscope":
        return "dashscope", model
    return None, text.strip()  # a colon is part of many local names, for instance qwen3:8b


def _openai(environ: Mapping[str, str], asked: str) -> Endpoint:
    base_url = environ.get("OPENAI_BASE_URL", "")
    model = asked or environ.get("OPENAI_MODEL", "")
    if not model and base_url.rstrip("/") in {"", OPENAI_BASE_URL}:
        model = DEFAULT_OPENAI_MODEL
    return _endpoint("openai", model, base_url, environ.get("OPENAI_API_KEY", ""), setting="OPENAI_BASE_URL")


def _dashscope(environ: Mapping[str, str], asked: str) -> Endpoint:
    base_url = environ.get("DASHSCOPE_HTTP_BASE_URL", "")
    model = asked or environ.get("DASHSCOPE_MODEL", "") or DEFAULT_DASHSCOPE_MODEL
    return _endpoint("dashscope", model, base_url, environ["DASHSCOPE_API_KEY"], setting="DASHSCOPE_HTTP_BASE_URL")


def _endpoint(kind: Kind, model: str, base_url: str, key: str, *, setting: str) -> Endpoint:
    try:
        return Endpoint(kind=kind, model=model, base_url=base_url, api_key=SecretStr(key.strip()))
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise ConfigurationError(f"{setting} is not usable: {reason}.", setting=setting) from None
