"""What the A2A server keeps of a user is shown to them, and forgotten with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from a2a_stack import a2a_stack
from sanca.a2a.server.user_records import A2aRecords
from sanca.core.memory import Scope

pytestmark = pytest.mark.anyio
SECRET = "kingfisher"


async def test_talks_and_addresses_are_shown_and_forgotten_byte_by_byte(tmp_path: Path) -> None:
    home = tmp_path / "home"
    config = {"taskPushNotificationConfig": {"url": "http://93.184.215.14:8081/hook", "token": f"token-{SECRET}"}}
    async with a2a_stack(home) as stack:
        for who in ("olga", "paul"):
            task = await stack.send("tck-input-required", who=who, configuration=config)
            await stack.send("m-2", f"{SECRET} of {who}", who, taskId=task["id"])
    records = A2aRecords(home)
    olga, paul = Scope(tenant="acme", user="olga"), Scope(tenant="acme", user="paul")

    shown = [one async for one in records.export(olga, [])]
    forgotten = await records.forget(olga, [])

    assert [one["kind"] for one in shown] == ["a2a_turn", "a2a_turn", "a2a_push"]
    assert shown[1]["message"]["parts"][0]["text"] == f"{SECRET} of olga"
    assert SECRET not in str(shown[2])
    assert forgotten == 3
    assert [one async for one in records.export(olga, [])] == []
    assert len([one async for one in records.export(paul, [])]) == 3
    left = b"".join(path.read_bytes() for path in home.glob("a2a.db*"))
    assert f"{SECRET} of olga".encode() not in left
    assert f"{SECRET} of paul".encode() in left
    assert (home / "a2a.db").stat().st_mode & 0o777 == 0o600
    assert await A2aRecords(tmp_path / "none").forget(olga, []) == 0
