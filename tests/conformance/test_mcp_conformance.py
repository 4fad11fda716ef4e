"""The official MCP conformance suite against our server and our client, both revisions: every required check passes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from suite_results import (
    COMMANDS,
    REVISIONS,
    read_outcome,
    run_client_scenarios,
    run_server_scenarios,
    scenarios_of,
    summary_of,
)

FOLDER = Path(__file__).parent
CLIENT = f"{sys.executable} {FOLDER / 'mcp_client.py'}"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def suite() -> None:
    """The suite is there."""
    assert (COMMANDS / "conformance").exists(), "make tests/conformance/node_modules/.installed"


@pytest.fixture(scope="module")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Our HTTP server and MCP door, with the suite's fixtures behind it."""
    log = (tmp_path_factory.mktemp("server") / "log.txt").open("wb")
    command = [sys.executable, str(FOLDER / "mcp_server.py")]
    with log, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            ready, _, url = process.stdout.readline().decode().strip().partition(" ")
            assert ready == "ready", Path(log.name).read_text(encoding="utf-8")
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


@pytest.mark.parametrize("revision", REVISIONS)
def test_the_server_passes_every_check_of_the_revision(
    suite: None, server_url: str, revision: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    wanted = scenarios_of(revision, "server")

    outcomes = run_server_scenarios(server_url, revision, tmp_path)

    required = [one for one in outcomes if one.scenario in wanted.required]
    others = [one for one in outcomes if one.scenario in wanted.not_scored]
    record_property("counts", summary_of(f"MCP conformance, server {revision}, required", required))
    record_property("counts", summary_of(f"MCP conformance, server {revision}, extensions and newer", others))
    assert len(required) == len(wanted.required) > 25
    assert [one.problems for one in outcomes if not one.is_passed] == []


@pytest.mark.parametrize("revision", REVISIONS)
def test_the_client_passes_every_check_of_the_revision(
    suite: None, revision: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    required = run_client_scenarios(CLIENT, revision, tmp_path)

    record_property("counts", summary_of(f"MCP conformance, client {revision}, required", required))
    assert len(required) > 15
    assert [one.problems for one in required if not one.is_passed] == []


def test_a_failing_check_a_missing_result_and_a_bad_end_are_problems(tmp_path: Path) -> None:
    bad, good = {"id": "one", "status": "FAILURE", "errorMessage": "it broke"}, {"id": "two", "status": "SUCCESS"}
    for name, checks in (("failed", [bad, good]), ("passed", [good])):
        (tmp_path / name / "run").mkdir(parents=True)
        (tmp_path / name / "run" / "checks.json").write_text(json.dumps(checks), encoding="utf-8")
    (tmp_path / "empty").mkdir()

    assert read_outcome("a", tmp_path / "failed").problems == ["one: it broke"]
    assert read_outcome("a", tmp_path / "empty", "no server").problems == ["the suite wrote no result: no server"]
    assert not read_outcome("a", tmp_path / "passed", "crashed", 1).is_passed
    assert read_outcome("a", tmp_path / "passed").is_passed
