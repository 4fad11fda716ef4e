"""Patterns of pages that may be read."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from sanca.core.errors import ConfigurationError
from sanca.python_runtime.web import is_configured, web_toolkits
from sanca.python_runtime.web.allowed import Allowed
from sanca.python_runtime.web.settings import read_settings


@pytest.mark.parametrize(
    ("patterns", "url", "may"),
    [
        ("docs.example.com", "https://docs.example.com/a", True),
        ("docs.example.com", "http://docs.example.com/", True),
        ("docs.example.com", "https://DOCS.example.com./a", True),
        ("docs.example.com", "https://docs.example.com:8443/a", False),
        ("docs.example.com", "https://docs.example.com.evil.example/", False),
        ("docs.example.com", "https://evil.example/?docs.example.com", False),
        ("docs.example.com", "https://evildocs.example.com/", False),
        ("docs.example.com", "https://user@docs.example.com/", True),
        ("docs.example.com:8443", "https://docs.example.com:8443/a", True),
        ("docs.example.com:8443", "https://docs.example.com/a", False),
        ("https://docs.example.com", "http://docs.example.com/a", False),
        ("*.example.com", "https://a.example.com/", True),
        ("*.example.com", "https://a.b.example.com/", True),
        ("*.example.com", "https://example.com/", False),
        ("*.example.com", "https://badexample.com/", False),
        ("example.com/docs", "https://example.com/docs", True),
        ("example.com/docs", "https://example.com/docs/x?y=/../z", True),
        ("example.com/docs", "https://example.com/docsecret", False),
        ("example.com/docs", "https://example.com/docs/../admin", False),
        ("example.com/docs", "https://example.com/docs/%2e%2e/admin", False),
        ("example.com/docs", "https://example.com/docs/%252e%252e/admin", False),
        ("example.com/docs", "https://example.com/docs/..%5cadmin", False),
        ("example.com/*/api", "https://example.com/v2/api", True),
        ("example.com/*/api", "https://example.com/v2/admin", False),
        ("*", "https://anything.example/", True),
        ("*", "ftp://anything.example/", False),
        ("*, !*.corp.example", "https://wiki.corp.example/", False),
        ("*, !wiki.example", "https://wiki.example:8443/", False),
        ("*, !wiki.example/private", "https://wiki.example/private/x", False),
        ("*, !wiki.example/private", "https://wiki.example/a/%2e%2e/private/x", False),
        ("*, !wiki.example/private", "https://wiki.example/public", True),
        ("[2606:4700::1]", "https://[2606:4700::1]/", True),
        ("bücher.example", "https://xn--bcher-kva.example/", True),
        ("xn--bcher-kva.example", "https://bücher.example/", True),
        ("", "https://anything.example/", False),
        ("*", "https://xn--a-.example/", False),
        ("*", "https://a:b/", False),
        ("*", "nonsense", False),
    ],
)
def test_a_pattern_fits_what_it_says_and_nothing_else(patterns: str, url: str, may: bool) -> None:
    assert Allowed(one.strip() for one in patterns.split(",") if one).fits(url) is may


@pytest.mark.parametrize(
    "pattern", ["", "/docs", "ftp://x.example", "a b", "x.example:99999", "x*.example", "u@x.example"]
)
def test_a_pattern_of_another_form_is_an_error_that_names_it(pattern: str) -> None:
    with pytest.raises((ValueError, ValidationError)) as wrong:
        Allowed([pattern])
    assert repr(pattern) in str(wrong.value)


def test_nothing_set_makes_no_toolkit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_configured({"SANCA_HOME": "/h", "SANCA_WEB_ALLOW": ""})
    assert web_toolkits() == []
    monkeypatch.setenv("SANCA_WEB_SECONDS", "5")
    assert web_toolkits() == []


def test_settings_of_the_environment_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANCA_WEB_ALLOW", "docs.example, *.example.com")
    monkeypatch.setenv("SANCA_WEB_TENANTS", '{"lab":{"allow":["lab.example"],"first_use":"ask"}}')
    monkeypatch.setenv("SANCA_WEB_SEARCH_KIND", "brave")
    monkeypatch.setenv("SANCA_WEB_SEARCH_KEY_FILE", "/run/secrets/brave")
    settings = read_settings()
    assert settings.allowed_for("acme").fits("https://docs.example/")
    assert settings.allowed_for("lab").fits("https://lab.example/")
    assert not settings.allowed_for("lab").fits("https://docs.example/")
    assert (settings.asks_first("acme"), settings.asks_first("lab")) == (False, True)
    assert settings.search.is_on
    assert str(settings.search.key_file) == "/run/secrets/brave"
    assert [toolkit.definition.name for toolkit in web_toolkits()] == ["web"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ALLOW", "ftp://x", "SANCA_WEB_ALLOW is not right: 'ftp://x' is not of the form host/path"),
        ("SECONDS", "soon", "SANCA_WEB_SECONDS is not right"),
        ("SEARCH_URL", "https://x.example/search", "{query} must stand"),
        ("SEARCH_URL", "x.example?q={query}", "must start with http"),
        ("SEARCH_KIND", "searxng", "needs a url"),
        ("TENANTS", "{", "is not right"),
        ("TENANTS", '{"a":{"allow":["/x"]}}', "SANCA_WEB_TENANTS_A_ALLOW is not right"),
        ("TENANTS", '{"a":{"allowed":[]}}', "SANCA_WEB_TENANTS_A_ALLOWED"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    monkeypatch.setenv(f"SANCA_WEB_{name}", value)
    with pytest.raises(ConfigurationError) as wrong:
        web_toolkits()
    assert said in str(wrong.value)


def test_a_wrong_exception_of_addresses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANCA_WEB_ALLOW", "docs.example")
    monkeypatch.setenv("SANCA_OUTSIDE_ADDRESSES", "wiki")
    with pytest.raises(ConfigurationError, match="SANCA_OUTSIDE_ADDRESSES is not right"):
        web_toolkits()
