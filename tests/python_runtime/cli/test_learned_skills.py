"""`sanca skills learn`, and what `list`, `share` and `forget` do with what was learned; the engine is the real one."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest
from sanca.core.errors import ConfigurationError
from sanca.python_runtime import Engine
from sanca.python_runtime.cli.learned_skills import forget_skill, learn_skill, learned_skills, share_skill
from sanca.python_runtime.cli.skills import print_skills
from sanca.python_runtime.engine import LOCAL, RunResult


async def run_own(code: str) -> str:
    """Run a person's own action, as the page's code box does; returns the run's id."""
    async with Engine() as engine:
        own = engine.request("ses_own", LOCAL, action_code=code)
        async for _ in (await engine.start(own)).follow(until="first_end"):
            pass
        return own.run_id


async def ask(message: str) -> RunResult:
    async with Engine() as engine:
        return await engine.run(message)


def test_a_run_becomes_a_skill_by_its_id(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_id = anyio.run(run_own, "f\"{system.config('checkout')['values']['pool.size']} connections\"")

    assert learn_skill(run_id, "room for connections in checkout") == 0
    assert "room for connections in checkout" in capsys.readouterr().out
    found = anyio.run(ask, "room for connections in storefront")
    [row] = learned_skills("default", "")
    assert (found.answer, found.skill) == ("7 connections", row["name"])
    assert (row["state"], row["helped"], row["from"]) == ("fast_path", 1, run_id)

    capsys.readouterr()
    print_skills("default", "", as_json=True)
    listed = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in listed if one["name"].startswith("learned_")] == [row["name"]]

    share_skill(row["name"], "default", "")
    assert (home / "skills" / "default" / "_tenant" / row["name"] / "SKILL.md").is_file()
    forget_skill(row["name"], "default", "")
    assert [one["user"] for one in learned_skills("default", "")] == [""]


def test_what_cannot_be_learned_is_said_and_the_exit_code_too(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_id = anyio.run(run_own, "1 / 0")

    assert learn_skill(run_id, "divide by nothing") == 1
    assert "did not end well" in capsys.readouterr().err
    with pytest.raises(ConfigurationError, match="title is empty"):
        learn_skill(run_id, " ")
    with pytest.raises(ConfigurationError, match="no learned skill 'learned_x'"):
        share_skill("learned_x", "default", "")
    assert learned_skills("default", "") == []
    assert not (home / "skills").exists()
