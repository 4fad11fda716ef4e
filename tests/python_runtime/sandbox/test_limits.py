"""Limits by tenant, and what all actions of a session may use together."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from sanca.python_runtime.sandbox import SandboxLimits, SandboxSettings
from sanca.python_runtime.sandbox.budget import SessionBudget
from sanca.python_runtime.sandbox.control_groups import CgroupReport


def test_everybody_has_the_limits_of_the_settings() -> None:
    settings = SandboxSettings(cores=2, memory_megabytes=300)
    assert settings.limits_for() == settings.limits_for("anybody") == SandboxLimits(cores=2, memory_megabytes=300)


def test_tenant_has_everybodys_limits_but_for_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANCA_SANDBOX_PROCESSES", "8")
    monkeypatch.setenv("SANCA_SANDBOX_TENANTS", '{"lab": {"cores": 2, "memory_megabytes": 1024}}')
    settings = SandboxSettings()
    assert settings.limits_for("lab") == SandboxLimits(cores=2, memory_megabytes=1024, processes=8)
    assert settings.limits_for("shop") == SandboxLimits(processes=8)


@pytest.mark.parametrize(("limits", "place"), [({"coers": 2}, "lab.coers"), ({"cores": 0}, "lab.cores")])
def test_wrong_limit_of_a_tenant_is_named_at_the_start(limits: dict[str, float], place: str) -> None:
    with pytest.raises(ValidationError, match=f"SANCA_SANDBOX_TENANTS: {place}: "):
        SandboxSettings(tenants={"lab": limits})


def test_budget_cuts_an_action_and_then_refuses_in_a_sentence() -> None:
    budget = SessionBudget(SandboxLimits(session_seconds=10, session_cpu_seconds=100))
    assert (budget.cut(30), budget.cut_cpu(61)) == (10, 61)
    budget.spend(6, 7)
    assert (budget.cut(30), budget.cut_cpu(200)) == (4, 93)
    assert budget.refusal() is None
    budget.spend(5, 8)
    assert budget.cut(30) == 0
    assert budget.refusal() == (
        "This session has used up its 10 seconds; the next action begins in a new one, without its names."
    )


def test_budget_goes_on_where_an_earlier_session_was() -> None:
    limits = SandboxLimits(session_seconds=10, session_cpu_seconds=100)
    first, second = SessionBudget(limits), SessionBudget(limits)
    first.spend(6, 90)
    second.carry_over(first.used)
    assert (second.cut(30), second.cut_cpu(200)) == (4, 10)
    second.spend(1, 9)
    second.spend(1, 12)
    assert (second.used.seconds, second.used.cpu_seconds, second.used.is_spent) == (8, 102, True)


def test_processor_time_that_was_told_never_shrinks() -> None:
    budget = SessionBudget(SandboxLimits(session_cpu_seconds=10))
    budget.spend(1, 9.5)
    budget.spend(1, 3)
    assert (budget.refusal(), budget.cut_cpu(60)) == (None, 1)
    budget.spend(1, 10.2)
    assert "10 seconds of processor time" in (budget.refusal() or "")


def test_what_holds_sessions_is_told_in_a_sentence() -> None:
    assert CgroupReport().sentence == "A session's processor and memory are watched every 50 ms."
    everything = CgroupReport((("cpu", 2), ("memory", 2), ("pids", 2)))
    assert everything.sentence == "Control groups (version 2) hold a session's processor, memory and processes."
    assert CgroupReport((("cpu", 1), ("pids", 1))).sentence == (
        "Control groups (version 1) hold a session's processor and processes; its memory is watched every 50 ms."
    )
