"""The second agent of the examples: its rules, and itself as a real process behind our toolkit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import httpx
import pytest
from review_changes import read_change
from review_rules import review, risk
from review_wording import language_of, report
from sanca.a2a import load_toolkits
from sanca.core.errors import ToolFailedError
from sanca.core.tools import CallContext

SERVER = str(Path(__file__).parents[2] / "examples/change_reviewer/server.py")
CONTEXT = CallContext(call_id="run/1", run_id="run", session_id="ses", tenant="t", user="u")


def diff(path: str, removed: str = "", added: str = "") -> str:
    lines = [f"-{line}" for line in removed.splitlines()] + [f"+{line}" for line in added.splitlines()]
    return "\n".join([f"diff --git a/{path} b/{path}", f"--- a/{path}", f"+++ b/{path}", "@@ -1,3 +1,3 @@", *lines])


def rules_of(text: str = "", data: Any = None) -> set[str]:
    return {finding.rule for finding in review(read_change([text], [] if data is None else [data]))}


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ("timeout_ms: 2000", "timeout_ms: 5", "timeout_lowered"),
        ("http.timeout: 30s", "http.timeout: 500ms", "timeout_lowered"),
        ("timeout: 5s", "timeout: 0", "timeout_off"),
        ("pool.size: 20", "pool.size: 1", "pool_tiny"),
        ("max_orders: 100", "max_orders: 0", "limit_zero"),
        ("retry.delay_ms: 10", "retry.delay_ms: 1500", "delay_raised"),
        ("server.port: 8081", "server.port: 8080", "port_changed"),
        ("payment.url: http://payment:80", "payment.url: http://paymnt:80", "host_changed"),
        ("tls.verify: true", "tls.verify: false", "guard_off"),
        ("log.level: INFO", "log.level: DEBUG", "log_level"),
        ("quota_mb: 100", "quota_mb: lots", "not_a_number"),
        ("cache.enabled: true", "", "setting_removed"),
    ],
)
def test_risky_setting_is_found(before: str, after: str, rule: str) -> None:
    assert rules_of(diff("config/app.yaml", before, after)) == {rule}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("timeout_ms: 2000", "timeout_ms: 1500"),
        ("timeout_ms: 5", "timeout_ms: 2000"),
        ("pool.size: 1", "pool.size: 20"),
        ("max_orders: 0", "max_orders: 100"),
        ("title: Shop", "title: Store"),
        ("log.level: DEBUG", "log.level: INFO"),
        ("# timeout: 30", "# timeout: 1"),
        ("replicas: 3  # three", "replicas: 3"),
    ],
)
def test_harmless_setting_is_let_through(before: str, after: str) -> None:
    assert rules_of(diff("config/app.yaml", before, after)) == set()


@pytest.mark.parametrize(
    ("path", "removed", "added", "rule"),
    [
        ("src/a.py", "try:\n    f()\nexcept OSError:\n    retry()", "f()", "handling_removed"),
        ("src/A.java", "} catch (IOException e) { retry(); }", "}", "handling_removed"),
        ("src/a.py", "", "try:\n    f()\nexcept Exception:\n    pass", "error_swallowed"),
        ("src/a.py", "", "os.system('ls')", "dangerous_call"),
        ("db/x.sql", "", "DROP TABLE orders;", "dangerous_call"),
        ("src/a.py", "", "time.sleep(3)", "sleep_added"),
        ("tests/test_a.py", "assert f() == 1\nassert g()", "assert f()", "tests_removed"),
        ("src/a.py", "", "password = 'hunter2hunter2'", "secret"),
        ("src/a.txt", "", "AKIAABCDEFGHIJKLMNOP", "secret"),
        ("src/big.py", "", "x = 1\n" * 401, "big_change"),
    ],
)
def test_risky_code_is_found(path: str, removed: str, added: str, rule: str) -> None:
    assert rules_of(diff(path, removed, added)) == {rule}


def test_harmless_code_is_let_through() -> None:
    added = "try:\n    f()\nexcept OSError as error:\n    raise AppError from error\npassword = os.environ['PASSWORD']"
    assert rules_of(diff("src/a.py", "f()", added)) == set()


def test_line_numbers_are_those_of_the_new_file() -> None:
    text = "--- a/c.yaml\n+++ b/c.yaml\n@@ -10,3 +20,3 @@\n same\n-pool: 9\n+pool: 1\n same"
    (finding,) = review(read_change([text], []))
    assert finding.where == "pool (c.yaml:21)"


def test_deleted_and_binary_files_are_read() -> None:
    deleted = "--- a/tests/test_x.py\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-assert x"
    binary = "diff --git a/logo.png b/logo.png\nBinary files a/logo.png and b/logo.png differ"
    assert rules_of(deleted) == {"tests_removed"}
    assert rules_of(binary) == {"binary"}


def test_settings_as_data_and_diffs_in_fences_are_read() -> None:
    assert rules_of(data={"key": "pool.size", "before": 20, "after": 1}) == {"pool_tiny"}
    assert rules_of(data={"changes": [{"key": "tls.verify", "before": True, "after": False}]}) == {"guard_off"}
    assert rules_of(data=[{"diff": diff("a.yaml", "timeout: 9", "timeout: 1")}]) == {"timeout_lowered"}
    assert rules_of(f"Is it ok?\n```diff\n{diff('a.yaml', 'timeout: 9', 'timeout: 1')}\n```") == {"timeout_lowered"}
    assert read_change(["Is it ok?"], [5, None, {"x": 1}]).is_empty


def test_secret_itself_is_not_repeated() -> None:
    findings = review(read_change([diff("a.py", "", "token = 'abcdef0123456789'")], []))
    assert "abcdef" not in report(findings, risk(findings), "en") + repr(findings)


def test_three_medium_findings_make_a_high_risk() -> None:
    changes = [{"key": f"{name}.port", "before": 1, "after": 2} for name in "abc"]
    assert risk(review(read_change([], changes[:2]))) == "medium"
    assert risk(review(read_change([], changes))) == "high"
    assert risk([]) == "low"


def test_report_is_in_the_language_of_the_question() -> None:
    findings = review(read_change([], [{"key": "pool.size", "before": 20, "after": 1}]))
    assert "风险：高" in report(findings, "high", language_of("这个改动有风险吗？"))
    assert "Risk: high." in report(findings, "high", language_of("Is it ok?"))


@pytest.mark.anyio
async def test_real_agent_reviews_behind_our_toolkit(tmp_path: Path, reviewer: str) -> None:
    headers = {"Authorization": "Bearer reviewer-token"}
    (tmp_path / "toolkits.json").write_text(
        json.dumps(
            {"agents": {"change_reviewer": {"url": reviewer, "headers": headers}, "stranger": {"url": reviewer}}}
        )
    )
    made, stranger = load_toolkits(tmp_path)
    try:
        patch = diff("config/checkout.yaml", "pool.size: 20", "pool.size: 1")
        english = await made.call("ask", {"message": "Is this safe?", "data": {"diff": patch}}, CONTEXT)
        chinese = await made.call("ask", {"message": f"这个改动有风险吗？\n{patch}"}, CONTEXT)
        nothing = await made.call("ask", {"message": "hello"}, CONTEXT)
        with pytest.raises(ToolFailedError, match="refused the call \\(HTTP 401\\); set its headers"):
            await stranger.call("ask", {"message": patch}, CONTEXT)
    finally:
        await made.close()
        await stranger.close()
    assert english["text"].startswith("**Risk: high.** 1 to look at:")
    assert english["data"]["findings"][0]["rule"] == "pool_tiny"
    assert (english["data"]["risk"], english["data"]["added"]) == ("high", 1)
    assert chinese["text"].startswith("**风险：高**。发现 1 处")
    assert nothing["state"] == "input_required"


def test_agent_listens_on_loopback_and_ends_on_sigterm() -> None:
    command = [sys.executable, SERVER, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        assert httpx.get(f"{url}.well-known/agent-card.json", timeout=10).json()["name"] == "change_reviewer"
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)


def test_agent_ends_when_its_parent_is_gone() -> None:
    code = textwrap.dedent(f"""
        import subprocess, sys
        child = subprocess.Popen([{sys.executable!r}, {SERVER!r}, "--port", "0"], stdout=subprocess.PIPE, text=True)
        child.stdout.readline()
        print(child.pid, flush=True)
        sys.stdin.readline()
    """)
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        watch = os.pidfd_open(pid)
        parent.kill()
    try:
        import select

        assert select.select([watch], [], [], 10)[0]
    finally:
        os.close(watch)


def test_port_that_is_taken_is_named(reviewer: str) -> None:
    port = reviewer.rstrip("/").rsplit(":", 1)[1]
    done = subprocess.run([sys.executable, SERVER, "--port", port], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert done.stderr.strip() == f"Port {port} cannot be used (Address already in use); choose another with --port."
