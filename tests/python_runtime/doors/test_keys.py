"""API keys: shown once, kept as a digest, for their owner only; added, listed and revoked from the terminal."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sanca.core.errors import ConfigurationError
from sanca.python_runtime.cli.application import application
from sanca.python_runtime.doors.access import KeyFile
from typer.testing import CliRunner, Result


def keys(*arguments: str) -> Result:
    return CliRunner().invoke(application, ["keys", *arguments])


def test_a_key_is_shown_once_and_kept_as_a_digest_for_its_owner_only(state: Path) -> None:
    shown = keys("add", "ci", "--right", "sanca:ask", "--right", "system:read", "--tenant", "acme", "--user", "olga")
    key = shown.stdout.strip()
    file = state / "access.json"
    content = file.read_text(encoding="utf-8")
    found = KeyFile(state).find(key)

    assert shown.exit_code == 0
    assert key.startswith("sanca_ci_")
    assert len(key.rpartition("_")[2]) > 20 or "_" in key[9:]
    assert key[9:] not in content
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert found is not None
    assert (found.tenant, found.user, found.rights) == ("acme", "olga", ("sanca:ask", "system:read"))
    assert key[9:] not in keys("list").stdout + keys("list", "--json").stdout


def test_a_key_without_rights_may_only_talk_to_the_agent(state: Path) -> None:
    made = json.loads(keys("add", "ci", "--json").stdout)
    found = KeyFile(state).find(made["key"])
    assert found is not None
    assert (found.user, found.rights, found.expires_at) == ("ci", ("sanca:ask",), None)


def test_wrong_keys_are_nobodys(state: Path) -> None:
    key = json.loads(keys("add", "ci", "--json").stdout)["key"]
    other = json.loads(keys("add", "other", "--json").stdout)["key"]
    file = KeyFile(state)
    wrong = [
        key[:-1],
        key + "x",
        key.upper(),
        "sanca_ci_",
        "sanca_ci",
        "sanca__",
        "sanca_other_" + key.removeprefix("sanca_ci_"),
        "sanca_nobody_" + key.removeprefix("sanca_ci_"),
        "",
        "sanca_cí_ü",
    ]
    assert [file.find(one) for one in wrong] == [None] * len(wrong)
    assert file.find(other) is not None


def test_a_revoked_or_expired_key_is_refused_by_who_read_it_before(state: Path) -> None:
    file = KeyFile(state)
    soon = datetime.now(UTC) + timedelta(hours=1)
    past = datetime.now(UTC) - timedelta(seconds=1)
    given: dict[str, Any] = {"tenant": "default", "user": "u", "rights": ("sanca:ask",)}
    _, stays = file.add("stays", expires_at=soon, **given)
    _, over = file.add("over", expires_at=past, **given)
    _, goes = file.add("goes", expires_at=None, **given)
    before = [file.find(one) is not None for one in (stays, over, goes)]
    revoked = keys("revoke", "goes")
    after = [file.find(one) is not None for one in (stays, over, goes)]

    assert (before, after, revoked.exit_code) == ([True, False, True], [True, False, False], 0)
    assert "expired" in keys("list").stdout


def test_a_file_that_others_can_read_lets_nobody_in(state: Path) -> None:
    file = KeyFile(state)
    key = json.loads(keys("add", "ci", "--json").stdout)["key"]
    assert file.find(key) is not None
    (state / "access.json").chmod(0o644)
    (state / "access.json").write_bytes((state / "access.json").read_bytes() + b"\n")

    assert file.find(key) is None
    with pytest.raises(ConfigurationError, match="chmod 600"):
        file.all()


def test_a_file_that_is_no_list_of_keys_lets_nobody_in_and_is_not_overwritten(state: Path) -> None:
    path = state / "access.json"
    path.write_text("{", encoding="utf-8")
    path.chmod(0o600)
    file = KeyFile(state)

    assert file.find("sanca_ci_x") is None
    with pytest.raises(ConfigurationError, match="mend or delete"):
        file.add("ci", tenant="default", user="ci", rights=(), expires_at=None)
    assert path.read_text(encoding="utf-8") == "{"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "Has Space"), "a-z, 0-9"),
        (("add", "under_score"), "a-z, 0-9"),
        (("add", "ci", "--expires", "soon"), "12h, 30d, 4w"),
        (("add", "ci", "--expires", "2001-01-01"), "over already"),
        (("revoke", "nobody"), "no key 'nobody'"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(state: Path, arguments: tuple[str, ...], said: str) -> None:
    result = keys(*arguments)
    assert isinstance(result.exception, ConfigurationError)
    assert said in str(result.exception)


def test_a_name_is_given_once(state: Path) -> None:
    first = keys("add", "ci", "--expires", "30d")
    again = keys("add", "ci")
    (listed,) = json.loads(keys("list", "--json").stdout)

    assert (first.exit_code, type(again.exception)) == (0, ConfigurationError)
    assert datetime.fromisoformat(listed["expires_at"]) - datetime.now(UTC) > timedelta(days=29)
    assert "sha256" not in listed
