"""The attacks of `sanca doctor --isolation` against every level, and without a sandbox: there they must be seen."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from bare_attack import attack_bare
from sanca.python_runtime.sandbox import ActionResult, SandboxSettings
from sanca.python_runtime.sandbox.isolation import PROBES, Arena, Evidence, Probe
from sanca.python_runtime.sandbox.isolation.outside import Outside
from sanca.python_runtime.sandbox.isolation.watch import Watch
from sanca.python_runtime.sandbox.limits import SandboxLimits
from sandbox_levels import LEVELS

pytestmark = pytest.mark.anyio

LEVELS_ATTACKED = [name for name in LEVELS if name in {"namespace", "landlock"}]
SEEN_WITHOUT = [
    probe for probe in PROBES if probe.bare == "achieves" or (probe.bare == "as root" and os.geteuid() == 0)
]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module", params=LEVELS_ATTACKED)
async def arena(request: pytest.FixtureRequest) -> AsyncIterator[Arena]:
    settings = SandboxSettings(warm_sessions=0, warm_sessions_most=0)
    sandbox = LEVELS[request.param](settings)
    await sandbox.start()
    try:
        async with Arena(sandbox, settings.limits_for()) as made:
            yield made
    finally:
        await sandbox.close()


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    with Outside() as made:
        yield made


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.id)
async def test_attack_is_contained(arena: Arena, probe: Probe) -> None:
    outcome = await arena.attack(probe)
    assert outcome.contained, f"{outcome.breach} ({outcome.status}: {outcome.detail})"
    assert outcome.how != "declared" or probe.lacking == "disk_quota"


async def test_action_in_a_container_can_read_neither_of_the_processes_that_keep_it() -> None:
    settings = SandboxSettings(warm_sessions=0, warm_sessions_most=0)
    sandbox = LEVELS["container"](settings)
    await sandbox.start()
    probe = next(each for each in PROBES if each.id == "processes.first-process")
    try:
        async with Arena(sandbox, settings.limits_for()) as made:
            outcome = await made.attack(probe)
    finally:
        await sandbox.close()
    assert outcome.contained, outcome.breach


@pytest.mark.long
@pytest.mark.parametrize("probe", SEEN_WITHOUT, ids=lambda probe: probe.id)
def test_attack_succeeds_and_is_seen_where_nothing_stands_in_its_way(outside: Outside, probe: Probe) -> None:
    try:
        assert attack_bare(probe, outside)
    finally:
        outside.reset()


def test_processor_time_beyond_the_share_is_seen(outside: Outside, tmp_path: Path) -> None:
    (probe,) = (each for each in PROBES if each.id == "exhaustion.processors")
    assert probe.check is not None
    for used, is_seen in ((1.4, False), (4.8, True)):
        watch = SimpleNamespace(cpu_seconds=used, powers=set())
        result = ActionResult(status="ok", seconds=2.5)
        evidence = Evidence(outside, result, cast("Watch", watch), tmp_path, SandboxLimits())
        assert (probe.check(evidence) is not None) == is_seen


def test_attacks_are_many_of_every_kind_and_say_what_they_must_not_achieve() -> None:
    categories = {probe.category for probe in PROBES}
    assert len(PROBES) == len({probe.id for probe in PROBES}) >= 60
    assert categories == {
        "secrets", "network", "processes", "forging", "exhaustion", "leftovers", "values", "files", "kernel", "endless",
    }  # fmt: skip
    assert all(probe.must_not and probe.must_not[0].islower() for probe in PROBES)
    assert len(SEEN_WITHOUT) >= 60
