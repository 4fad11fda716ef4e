"""Where the gateway listens and with which token: read anew for every connection, and once more when it is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sanca.core.errors import GatewayAuthError, GatewayUnavailableError
from sanca.toolkit_bridge.connection import GatewayConnectionInfo, connect


def announce(home: Path, token: str) -> None:
    (home / "gateway.json").write_text(json.dumps({"port": 15333, "token": token}), encoding="utf-8")


def test_a_token_that_was_changed_meanwhile_is_read_again(tmp_path: Path) -> None:
    announce(tmp_path, "old")
    tried = []

    def open_connection(info: GatewayConnectionInfo) -> str:
        tried.append(info.token.get_secret_value())
        if tried == ["old"]:
            announce(tmp_path, "new")
            raise GatewayAuthError("refused")
        return "connected"

    assert connect(tmp_path, open_connection) == "connected"
    assert tried == ["old", "new"]


def test_a_token_that_is_still_the_announced_one_is_not_tried_twice(tmp_path: Path) -> None:
    announce(tmp_path, "wrong")
    tried = []

    def open_connection(info: GatewayConnectionInfo) -> str:
        tried.append(info.token.get_secret_value())
        raise GatewayAuthError("refused")

    with pytest.raises(GatewayAuthError):
        connect(tmp_path, open_connection)
    assert tried == ["wrong"]


def test_a_host_that_left_meanwhile_is_unavailable(tmp_path: Path) -> None:
    announce(tmp_path, "old")

    def open_connection(_: GatewayConnectionInfo) -> str:
        (tmp_path / "gateway.json").unlink()
        raise GatewayAuthError("refused")

    with pytest.raises(GatewayUnavailableError, match="No host is running"):
        connect(tmp_path, open_connection)
