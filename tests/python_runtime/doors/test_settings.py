"""Where the doors may listen, and what is said when they may not."""

from __future__ import annotations

from pathlib import Path

import pytest
from sanca.core.errors import ConfigurationError
from sanca.python_runtime.doors.settings import DoorsSettings, is_loopback, read_settings

OWN = ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost", "LOCALHOST", "::ffff:127.0.0.1"]
OTHERS = ["0.0.0.0", "::", "192.168.1.5", "agents.example", "127.0.0.1.evil.example", "128.0.0.1"]  # noqa: S104 - refused


@pytest.mark.parametrize("host", OWN)
def test_loopback_needs_no_protection(state: Path, host: str) -> None:
    assert is_loopback(host)
    DoorsSettings(http_host=host).check_exposure(has_way_in=False)


@pytest.mark.parametrize("host", OTHERS)
def test_elsewhere_needs_tls_or_a_proxy_and_a_way_in(state: Path, host: str) -> None:
    with pytest.raises(ConfigurationError, match=r"CERTIFICATE.*BEHIND_PROXY.*and.*sanca keys add"):
        DoorsSettings(http_host=host).check_exposure(has_way_in=False)
    behind = DoorsSettings(http_host=host, http_behind_proxy=True)
    with pytest.raises(ConfigurationError, match="sanca keys add"):
        behind.check_exposure(has_way_in=False)
    with pytest.raises(ConfigurationError, match="TLS"):
        DoorsSettings(http_host=host).check_exposure(has_way_in=True)
    behind.check_exposure(has_way_in=True)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SANCA_HTTP_PORT", "99999", "SANCA_HTTP_PORT"),
        ("SANCA_HTTP_PORT", "http", "SANCA_HTTP_PORT"),
        ("SANCA_A2A_GRPC_PORT", "none", "SANCA_A2A_GRPC_PORT"),
        ("SANCA_HTTP_ORIGINS", "https://portal.example", "JSON"),
        ("SANCA_HTTP_URL", "agents.example", "SANCA_HTTP_URL"),
        ("SANCA_HTTP_CERTIFICATE", "/there/is/none.pem", "belong together"),
        ("SANCA_OIDC_ISSUER", "http://login.example", "https://"),
        ("SANCA_HTTP_REQUESTS_PER_MINUTE", "0", "SANCA_HTTP_REQUESTS_PER_MINUTE"),
    ],
)
def test_a_wrong_setting_is_named_in_one_sentence(
    state: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=said) as caught:
        read_settings()
    assert "\n" not in str(caught.value)


def test_files_for_tls_must_be_there(state: Path) -> None:
    settings = DoorsSettings(http_certificate=state / "chain.pem", http_key=state / "key.pem")
    with pytest.raises(ConfigurationError, match=r"chain\.pem"):
        settings.check_exposure(has_way_in=True)


def test_the_address_is_made_of_host_and_port_unless_it_is_told(state: Path) -> None:
    assert DoorsSettings().url_at(15335) == "http://127.0.0.1:15335"
    assert DoorsSettings(http_host="::1").url_at(1) == "http://[::1]:1"
    told = DoorsSettings(http_url="https://agents.example/sanca/")
    assert told.url_at(1) == "https://agents.example/sanca"
    assert "agents.example" in told.hosts()
    assert "0.0.0.0" not in DoorsSettings(http_host="0.0.0.0").hosts()  # noqa: S104 - a name that no header may say
