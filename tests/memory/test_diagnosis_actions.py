"""Diagnosis and repair against a model of a fleet: every kind of fault, in every service, alone and in pairs."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sanca.core.errors import ToolFailedError

if TYPE_CHECKING:
    from tests.memory.conftest import Bench, FleetDouble  # the fixture's types only

SERVICES = ("edge", "orders", "ledger", "stock", "vault")
CALLERS = ("edge", "orders", "stock")


def bad_timeout(fleet: FleetDouble, name: str) -> None:
    fleet.commit(name, values={"upstream.timeout_ms": 5})


def bad_url(fleet: FleetDouble, name: str) -> None:
    fleet.commit(name, values={"upstream.url": "http://127.0.0.1:7999"})


def bad_kind(fleet: FleetDouble, name: str) -> None:
    fleet.commit(name, values={"db.pool_size": "ten"})


def small_quota(fleet: FleetDouble, name: str) -> None:
    fleet.commit(name, values={"quota": 4096})


def bug(fleet: FleetDouble, name: str) -> None:
    fleet.commit(name, code="new", bug="KeyError: 'tier'")


def small_pool(fleet: FleetDouble, name: str) -> None:
    fleet.commit(name, values={"db.pool_size": 1})


def leak(fleet: FleetDouble, name: str) -> None:
    fleet.commit(name, code="leaky", leak=True)


def stuck_pool(fleet: FleetDouble, name: str) -> None:
    fleet.services[name].stuck_pool = True


def slow(fleet: FleetDouble, name: str) -> None:
    fleet.services[name].locked = True


def disk_full(fleet: FleetDouble, name: str) -> None:
    fleet.fill_disk(name)


def port_clash(fleet: FleetDouble, name: str) -> None:
    fleet.services[name].holder = 4242


Fault = Callable[["FleetDouble", str], None]
EXPECTED: dict[Fault, tuple[str, ...]] = {
    bad_timeout: ("change_config",),
    bad_url: ("change_config",),
    bad_kind: ("change_config",),
    small_quota: ("change_config",),
    bug: ("rollback",),
    small_pool: ("change_config",),
    leak: ("rollback",),
    stuck_pool: ("restart",),
    slow: ("restart",),
    disk_full: ("delete_files",),
    port_clash: ("stop_process", "restart"),
}


def places(fault: Fault) -> tuple[str, ...]:
    return CALLERS if fault in (bad_timeout, bad_url) else SERVICES


def is_well(fleet: FleetDouble) -> bool:
    return all(not fleet.trouble(name)[0] and fleet.trouble(name)[1] < 1000 for name in fleet.services)


CASES = [(fault, name) for fault in EXPECTED for name in places(fault)]


@pytest.mark.parametrize(("fault", "name"), CASES, ids=[f"{fault.__name__}-{name}" for fault, name in CASES])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_fleet_diagnosis_repairs_the_root_cause_and_nothing_else(
    bench: Bench, fault: Fault, name: str, language: str
) -> None:
    fault(bench.fleet, name)
    if not (bench.fleet.trouble(name)[0] or bench.fleet.trouble(name)[1] > 1000):
        pytest.fail("the fault has no effect")
    answer = bench.run("diagnose_fleet", language=language)
    assert is_well(bench.fleet), answer
    assert tuple(effect[0] for effect in bench.fleet.effects) == EXPECTED[fault], answer
    assert name in answer
    assert ("All is well again" if language == "en" else "现在全部恢复正常") in answer


@pytest.mark.parametrize("fault", EXPECTED, ids=lambda fault: fault.__name__)
def test_asking_about_a_caller_finds_the_cause_below_it(bench: Bench, fault: Fault) -> None:
    fault(bench.fleet, "stock")
    answer = bench.run("diagnose_service", service="edge")
    assert is_well(bench.fleet), answer
    assert tuple(effect[0] for effect in bench.fleet.effects) == EXPECTED[fault], answer
    assert "edge → orders → stock" in answer


PAIRS = list(itertools.combinations(EXPECTED, 2))


PLACES = (("orders", "vault"), ("stock", "ledger"), ("edge", "orders"))
# Every pair of faults once, the places in turn; `long` takes every pair in every place.
SAMPLE = [(faults, PLACES[index % len(PLACES)]) for index, faults in enumerate(PAIRS)]


def pair_name(pair: tuple[Fault | str, ...]) -> str:
    return "+".join(one if isinstance(one, str) else one.__name__ for one in pair)


@pytest.mark.parametrize(("faults", "names"), SAMPLE, ids=pair_name)
def test_two_faults_at_once_are_both_repaired(
    bench: Bench, faults: tuple[Fault, Fault], names: tuple[str, str]
) -> None:
    repair_both(bench, faults, names)


@pytest.mark.long
@pytest.mark.parametrize("faults", PAIRS, ids=pair_name)
@pytest.mark.parametrize("names", PLACES, ids=pair_name)
def test_two_faults_at_once_are_both_repaired_wherever_they_are(
    bench: Bench, faults: tuple[Fault, Fault], names: tuple[str, str]
) -> None:
    repair_both(bench, faults, names)


def repair_both(bench: Bench, faults: tuple[Fault, Fault], names: tuple[str, str]) -> None:
    chosen = list(names)
    if chosen[1] not in places(faults[1]):
        chosen.reverse()
    if any(name not in places(fault) for fault, name in zip(faults, chosen, strict=True)):
        chosen = ["orders", "stock"]
    for fault, name in zip(faults, chosen, strict=True):
        fault(bench.fleet, name)
    answer = bench.run("diagnose_fleet")
    assert is_well(bench.fleet), answer


SAME = list(itertools.combinations((bad_timeout, bug, disk_full, port_clash, slow, stuck_pool), 2))


@pytest.mark.parametrize("faults", SAME, ids=lambda pair: "+".join(fault.__name__ for fault in pair))
def test_two_faults_of_one_service_are_both_repaired(bench: Bench, faults: tuple[Fault, Fault]) -> None:
    for fault in faults:
        fault(bench.fleet, "orders")
    answer = bench.run("diagnose_service", service="orders")
    assert is_well(bench.fleet), answer


@pytest.mark.parametrize("fault", EXPECTED, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_refusal_changes_nothing_and_gives_the_plan(bench: Bench, fault: Fault, language: str) -> None:
    fault(bench.fleet, "orders")
    bench.fleet.refuse = {"change_config", "rollback", "restart", "stop_process", "delete_files"}
    answer = bench.run("diagnose_service", service="orders", language=language)
    assert bench.fleet.effects == []
    assert ("Still to do:" if language == "en" else "仍需执行：") in answer
    assert ("operator said no" if language == "en" else "operator 拒绝了 system.") in answer
    assert "not during the sale" in answer
    assert "well again" not in answer


def test_healthy_fleet_is_left_alone(bench: Bench) -> None:
    assert "is well" in bench.run("diagnose_fleet")
    assert "一切正常" in bench.run("diagnose_service", service="orders", language="zh")
    assert bench.fleet.effects == []


def test_harmless_release_right_before_does_not_take_the_blame_of_a_dependency(bench: Bench) -> None:
    bench.fleet.commit("orders", values={"http.port": 9001}, at_seconds=200)
    bench.fleet.services["vault"].locked = True
    bench.run("diagnose_fleet")
    assert bench.fleet.effects == [("restart", "vault")]


def test_old_release_does_not_take_the_blame(bench: Bench) -> None:
    bench.fleet.commit("ledger", code="changed", at_seconds=50_000)
    bench.fleet.services["ledger"].stuck_pool = True
    bench.run("diagnose_fleet")
    assert bench.fleet.effects == [("restart", "ledger")]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_service_that_looks_well_is_not_called_fine_while_a_disk_below_it_fills_up(bench: Bench, language: str) -> None:
    bench.fleet.services["vault"].files["exports/dump-1.csv"] = (910_000, datetime.now(UTC) - timedelta(days=1))
    answer = bench.run("diagnose_service", service="edge", language=language)
    assert [effect[:2] for effect in bench.fleet.effects] == [("delete_files", "vault")]
    assert ("edge itself is fine, but vault" if language == "en" else "edge 本身正常，但它依赖的 vault") in answer


def test_service_that_is_well_leads_to_the_caller_that_is_not(bench: Bench) -> None:
    bad_url(bench.fleet, "stock")
    answer = bench.run("diagnose_service", service="vault")
    assert [effect[:2] for effect in bench.fleet.effects] == [("change_config", "stock")]
    assert "vault itself is fine, but stock" in answer


def test_slow_release_is_blamed_before_any_metric_or_line_shows_it(bench: Bench) -> None:
    bench.fleet.commit("stock", values={"terminal.round_trip_ms": 4000}, at_seconds=1)
    bench.fleet.unseen = True
    bench.run("diagnose_service", service="edge")
    assert bench.fleet.effects == [("change_config", "stock", "terminal.round_trip_ms", 12)]


def test_rush_of_a_moment_is_no_reason_to_restart_anything(bench: Bench) -> None:
    bench.fleet.rush = 12
    assert "is well" in bench.run("diagnose_fleet")
    assert bench.fleet.effects == []


def test_release_that_comes_while_another_fault_is_repaired_is_found_too(bench: Bench) -> None:
    bench.fleet.fill_disk("orders")
    bench.fleet.after_first_effect = lambda: bench.fleet.commit("edge", values={"db.pool_size": "ten"}, at_seconds=0)
    answer = bench.run("diagnose_fleet")
    assert [effect[:2] for effect in bench.fleet.effects] == [("delete_files", "orders"), ("change_config", "edge")]
    assert "2 causes found; repaired" in answer
    assert is_well(bench.fleet), answer


def test_failures_that_are_over_are_told_and_nothing_is_restarted(bench: Bench) -> None:
    slow(bench.fleet, "vault")
    bench.run("diagnose_fleet")
    bench.fleet.effects.clear()
    answer = bench.run("diagnose_fleet")
    assert "is well" in answer
    assert "that is over" in answer
    assert bench.fleet.effects == []


def test_answer_says_nothing_twice(bench: Bench) -> None:
    for fault in (bad_timeout, small_pool, disk_full):
        fault(bench.fleet, "orders")
    lines = [line for line in bench.run("diagnose_fleet").splitlines() if len(line) > 40]
    assert len(lines) == len(set(lines))


def test_calls_of_a_repair_run_are_few(bench: Bench) -> None:
    calls: list[str] = []
    bench.watch = calls.append
    bad_timeout(bench.fleet, "orders")
    bench.run("diagnose_fleet")
    assert len(calls) <= 60
    assert calls.count("metrics") <= 2


def test_without_evidence_it_says_what_it_saw_and_changes_nothing(bench: Bench) -> None:
    bench.fleet.services["ledger"].releases[1].bug = "RuntimeError: out of luck"
    answer = bench.run("diagnose_fleet")
    assert bench.fleet.effects == []
    assert "does not name a cause" in answer
    assert "out of luck" in answer


def test_unknown_service_is_named_with_those_there_are(bench: Bench) -> None:
    assert "orders" in bench.run("diagnose_service", service="ordres")


def test_disk_repair_keeps_the_newest_files_and_the_database(bench: Bench) -> None:
    bench.fleet.fill_disk("ledger")
    bench.run("diagnose_fleet")
    left = bench.fleet.services["ledger"].files
    assert "ledger.db" in left
    assert "exports/dump-2026-01-09.csv" in left
    assert "exports/dump-2026-01-01.csv" not in left


def test_cards_show_facts_curve_and_patch(bench: Bench) -> None:
    bad_timeout(bench.fleet, "orders")
    bench.run("diagnose_service", service="orders")
    assert {kind for kind, _ in bench.card.shown} == {"table", "facts", "line_chart", "diff"}


def test_setting_that_was_just_repaired_is_not_broken_again(bench: Bench) -> None:
    bad_timeout(bench.fleet, "orders")
    bench.run("diagnose_fleet")
    for service in bench.fleet.services.values():
        service.was_sick, service.old_lines = False, []
    bench.fleet.services["orders"].locked = True
    bench.fleet.effects.clear()
    answer = bench.run("diagnose_fleet")
    assert bench.fleet.effects == [("restart", "orders")], answer


def test_one_tool_that_fails_does_not_end_the_diagnosis(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ToolFailedError("the disk cannot be read")

    monkeypatch.setattr(type(bench).system_type, "disk_usage", broken)
    bench.fleet.services["vault"].locked = True
    bench.run("diagnose_fleet")
    assert bench.fleet.effects == [("restart", "vault")]
    assert any("the disk cannot be read" in said for said in bench.said)
