"""The everyday actions: what each answers, in both languages, on a model of a fleet or on plain files and words."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sanca.core.errors import ToolFailedError
from sanca.memory import load_skill_library

if TYPE_CHECKING:
    from tests.memory.conftest import Bench  # the fixture's type only

FLEET_SKILLS: list[tuple[str, dict[str, Any]]] = [
    ("diagnose_service", {"service": "orders"}),
    ("diagnose_fleet", {}),
    ("fleet_status", {}),
    ("restart_service", {"service": "orders"}),
    ("rollback_service", {"service": "orders"}),
    ("deploy_release", {"service": "orders", "release": "1.0.0"}),
    ("change_setting", {"service": "orders", "setting": "pool size", "value": "12"}),
    ("free_disk", {"service": "orders"}),
    ("release_port", {"service": "orders"}),
    ("probe_service", {"service": "orders"}),
    ("show_logs", {"service": "orders"}),
    ("error_summary", {}),
    ("show_metrics", {"service": "orders", "metric": "latency"}),
    ("compare_releases", {"service": "orders"}),
    ("who_changed", {"service": "orders", "setting": "upstream.timeout_ms"}),
    ("deployments_history", {"service": "orders"}),
    ("service_config", {"service": "orders"}),
    ("explain_dependency", {"service": "stock"}),
    ("show_disk", {"service": "orders"}),
    ("show_ports", {}),
    ("write_incident_report", {}),
    ("search_runbook", {"query": "disk full"}),
    ("review_change", {"service": "orders"}),
    ("analyse_table", {}),
    ("read_file", {}),
    ("calculate", {"expression": "2 + 3"}),
    ("date_time", {"question": "what day is it?"}),
    ("format_json", {"text": "[1]"}),
]


def chinese_share(text: str) -> float:
    return sum("\u4e00" <= character <= "\u9fff" for character in text) / max(1, len(text))


def test_every_shipped_skill_is_tried_here() -> None:
    of_memory = {"recall_memory"}  # it asks the engine, no toolkit: test_recall_skill.py
    assert {name for name, _ in FLEET_SKILLS} == {skill.name for skill in load_skill_library().skills} - of_memory


@pytest.mark.parametrize(("skill", "parameters"), FLEET_SKILLS, ids=[name for name, _ in FLEET_SKILLS])
def test_answer_is_in_the_askers_language(bench: Bench, skill: str, parameters: dict[str, Any]) -> None:
    if skill in ("calculate", "date_time", "diagnose_service", "diagnose_fleet"):
        bench.fleet.services["ledger"].locked = True
    english = bench.run(skill, **parameters)
    assert english.strip()
    assert chinese_share(english) == 0, english
    chinese = bench.run(skill, language="zh", **parameters)
    assert skill == "calculate" or chinese_share(chinese) > 0, chinese


def test_restart_is_done_and_verified(bench: Bench) -> None:
    answer = bench.run("restart_service", service="stock")
    assert bench.fleet.effects == [("restart", "stock")]
    assert "9 of 9 test calls succeeded" in answer


def test_refused_restart_says_so(bench: Bench) -> None:
    bench.fleet.refuse = {"restart"}
    assert "Not done: operator said no" in bench.run("restart_service", service="stock")


@pytest.mark.parametrize("said", ["v1.0.0", "1.0.0"])
def test_rollback_goes_to_the_release_that_was_said(bench: Bench, said: str) -> None:
    answer = bench.run("rollback_service", service="stock", release=said)
    assert bench.fleet.effects == [("rollback", "stock", "v1.0.0")]
    assert "stock runs v1.0.0 again" in answer


def test_rollback_to_an_unknown_release_lists_those_there_are(bench: Bench) -> None:
    assert "v1.1.0, v1.0.0" in bench.run("rollback_service", service="stock", release="v9.9.9")
    assert bench.fleet.effects == []


def test_deploy_brings_a_release(bench: Bench) -> None:
    bench.run("deploy_release", service="stock", release="v1.0.0")
    assert bench.fleet.services["stock"].release.tag == "v1.0.0"


@pytest.mark.parametrize(
    ("setting", "value", "key", "expected"),
    [
        ("db.pool_size", "25", "db.pool_size", 25),
        ("pool size", "25", "db.pool_size", 25),
        ("timeout", "900", "upstream.timeout_ms", 900),
        ("upstream.url", "http://127.0.0.1:7000/x", "upstream.url", "http://127.0.0.1:7000/x"),
    ],
)
def test_setting_keeps_the_kind_of_its_value(
    bench: Bench, setting: str, value: str, key: str, expected: object
) -> None:
    bench.run("change_setting", service="ledger", setting=setting, value=value)
    assert bench.fleet.effects == [("change_config", "ledger", key, expected)]


def test_setting_that_fits_no_key_changes_nothing(bench: Bench) -> None:
    answer = bench.run("change_setting", service="ledger", setting="colour", value="red")
    assert "`db.pool_size`" in answer
    assert bench.fleet.effects == []


def test_number_setting_refuses_a_word(bench: Bench) -> None:
    assert "is a number" in bench.run("change_setting", service="ledger", setting="db.pool_size", value="many")
    assert bench.fleet.effects == []


def test_disk_is_cleaned_and_the_space_told(bench: Bench) -> None:
    bench.fleet.fill_disk("stock")
    answer = bench.run("free_disk", service="stock")
    assert bench.fleet.effects[0][:2] == ("delete_files", "stock")
    assert "used** (before: 1015.6 KB)" in answer


def test_port_is_freed_and_the_service_started(bench: Bench) -> None:
    bench.fleet.services["stock"].holder = 777
    bench.run("release_port", service="stock")
    assert bench.fleet.effects == [("stop_process", 777), ("restart", "stock")]


def test_free_port_stops_nobody(bench: Bench) -> None:
    assert "nothing was stopped" in bench.run("release_port", service="stock")
    assert bench.fleet.effects == []


def test_errors_are_grouped_and_counted(bench: Bench) -> None:
    bench.fleet.commit("ledger", bug="KeyError: 'tier'")
    answer = bench.run("error_summary", minutes=10)
    assert "| 10 | ledger | POST /x failed: KeyError: 'tier' |" in answer


def test_blame_names_the_author_of_the_value(bench: Bench) -> None:
    bench.fleet.commit("ledger", values={"db.pool_size": 7}, author="noor", message="fewer connections")
    answer = bench.run("who_changed", service="ledger", setting="pool size")
    assert "**noor**" in answer
    assert "fewer connections" in answer
    assert "kim" not in answer


def test_comparison_without_releases_takes_the_running_one_and_the_one_before(bench: Bench) -> None:
    bench.fleet.commit("ledger", values={"db.pool_size": 7})
    answer = bench.run("compare_releases", service="ledger")
    assert "v1.1.0 → v1.2.0" in answer
    assert [kind for kind, _ in bench.card.shown] == ["diff"]


@pytest.mark.parametrize("order", [("v1.0.0", "v1.2.0"), ("1.2.0", "1.0.0")])
def test_comparison_puts_the_older_release_first(bench: Bench, order: tuple[str, str]) -> None:
    bench.fleet.commit("ledger", values={"db.pool_size": 7})
    answer = bench.run("compare_releases", service="ledger", from_release=order[0], to_release=order[1])
    assert "v1.0.0 → v1.2.0" in answer


def test_dependencies_are_followed_over_all_steps(bench: Bench) -> None:
    answer = bench.run("explain_dependency", service="stock")
    assert "needs in all: vault (up)" in answer
    assert "affected when it fails: orders (up), edge (up)" in answer


def test_incident_report_is_saved_with_cause_and_timeline(bench: Bench) -> None:
    bench.fleet.commit("ledger", bug="KeyError: 'tier'", code="new")
    bench.run("write_incident_report")
    (saved,) = bench.folder.glob("incident-*.md")
    text = saved.read_text(encoding="utf-8")
    assert "ledger: deploy v1.2.0" in text
    assert "which that release changed" in text
    assert bench.fleet.effects == []


class Runbooks:
    def __init__(self, reply: object) -> None:
        self.reply, self.asked = reply, ""

    def search(self, query: str) -> object:
        self.asked = query
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply


@pytest.mark.parametrize(
    "reply",
    ["Free the disk first.", [{"title": "Disk", "text": "Free the disk first."}],
     {"results": [{"path": "disk.md", "snippet": "Free the disk first."}]},
     {"content": [{"type": "text", "text": "Free the disk first."}]}],
)  # fmt: skip
def test_runbook_answers_of_any_shape_are_shown(bench: Bench, reply: object) -> None:
    bench.mcp.runbooks = Runbooks(reply)
    assert "Free the disk first." in bench.run("search_runbook", query="disk full")
    assert bench.mcp.runbooks.asked == "disk full"


def test_runbooks_are_looked_up_in_known_documents_where_no_server_has_them(bench: Bench) -> None:
    asked: list[Any] = []

    def recall(query: str, *, limit: int, layers: list[str]) -> list[dict[str, Any]]:
        asked.append((query, layers))
        known = {"id": "1", "text": "Free the disk first.", "source": "disk.md, lines 3-9", "score": 0.6, "doubt": ""}
        return [known, {**known, "id": "2", "text": "Feed the cat.", "score": 0.01}]

    bench.sanca.recall = recall
    answer = bench.run("search_runbook", query="disk full")
    assert "Free the disk first." in answer and "disk.md, lines 3-9" in answer and "cat" not in answer
    assert asked == [("disk full", ["knowledge"])]
    bench.mcp.runbooks = Runbooks([])
    assert "Free the disk first." in bench.run("search_runbook", query="disk full")
    bench.mcp.runbooks = Runbooks("Call the storage team.")
    assert "disk.md" not in bench.run("search_runbook", query="disk full")


def test_runbook_trouble_is_one_sentence(bench: Bench) -> None:
    assert "No runbook server is connected" in bench.run("search_runbook", query="x")
    bench.mcp.runbooks = Runbooks(ToolFailedError("the server is away"))
    assert "could not be searched: the server is away" in bench.run("search_runbook", query="x")


def test_reviewer_gets_the_patch_and_its_answer_is_shown(bench: Bench) -> None:
    class Reviewer:
        def ask(self, message: str) -> dict[str, str]:
            self.message = message
            return {"text": "Looks risky."}

    reviewer = Reviewer()
    bench.agents.change_reviewer = reviewer
    bench.fleet.commit("ledger", values={"db.pool_size": 1})
    assert "Looks risky." in bench.run("review_change", service="ledger")
    assert "-db.pool_size = 10" in reviewer.message


def put(bench: Bench, name: str, text: str) -> None:
    (bench.folder / "input").mkdir(exist_ok=True)
    (bench.folder / "input" / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_table_columns_are_summed(bench: Bench, separator: str) -> None:
    rows = [["city", "sales"], ["Oslo", "10"], ["Rome", "20"], ["Oslo", "60"]]
    put(bench, "sales.csv", "\n".join(separator.join(row) for row in rows))
    answer = bench.run("analyse_table")
    assert "3 rows, 2 columns" in answer
    assert "| sales | 3 | 90 | 30 | 20 | 10 | 60 |" in answer


def test_file_that_was_not_sent_is_named(bench: Bench) -> None:
    put(bench, "notes.txt", "hello there")
    assert "you sent: notes.txt" in bench.run("read_file", file="other.txt")
    assert "hello there" in bench.run("read_file", file="notes.txt")


@pytest.mark.parametrize(
    ("said", "result"),
    [
        ("what is 18% of 4,350?", "783"),
        ("a third of 963 is how much?", "321"),
        ("12 * (7 + 5) =", "144"),
        ("sqrt of 1764", "42"),
        ("add 1,204 and 377 for me", "1,581"),
        ("twenty-five times four", "100"),
        ("one hundred and five minus 6", "99"),
        ("10 divided by 4", "2.5"),
        ("2 to the power of 10", "1,024"),
        ("四千三百五十的百分之十八等于几", "783"),
        ("三百加上七十五得多少", "375"),
        ("12 乘 48 再减 6", "570"),
        ("2的10次方", "1,024"),
        ("一百五除以三", "50"),
        ("0.1 + 0.2", "0.3"),
        ("85 的 12% 是多少？", "10.2"),
    ],
)
def test_arithmetic_in_words_and_digits(bench: Bench, said: str, result: str) -> None:
    assert bench.run("calculate", expression=said).endswith(f"= **{result}**")


@pytest.mark.parametrize("said", ["9**9**9**9", "__import__('os').system('id')", "what is love?", "", "1/0", "(((("])
def test_what_is_no_arithmetic_is_refused_in_words(bench: Bench, said: str) -> None:
    answer = bench.run("calculate", expression=said)
    assert "could not read" in answer or "divides by zero" in answer


TODAY = datetime.now().astimezone().date()
LATER = TODAY + timedelta(days=90)
NEW_YEAR = TODAY if (TODAY.month, TODAY.day) == (1, 1) else date(TODAY.year + 1, 1, 1)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("which weekday will 3 March 2027 be?", "Wednesday, 03 March 2027"),
        ("was July 4, 1999 a Sunday?", "Sunday, 04 July 1999"),
        ("how many days between 2026-01-01 and 2026-03-01?", "**59 days**"),
        ("what is the date in 3 weeks", f"{TODAY + timedelta(days=21):%d %B %Y}"),
        ("which date was 90 days ago", f"{TODAY - timedelta(days=90):%d %B %Y}"),
        ("what date is ninety days from now?", f"{TODAY + timedelta(days=90):%d %B %Y}"),
    ],
)
def test_dates_in_english(bench: Bench, said: str, expected: str) -> None:
    assert expected in bench.run("date_time", question=said)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("2027年3月3号是礼拜几", "星期三"),
        (
            "九十天以后是几月几号",
            f"{LATER.year}年{LATER.month}月{LATER.day}日",
        ),
        (
            "离元旦还有多久",
            f"**{(NEW_YEAR - TODAY).days} 天**",
        ),
        ("现在是什么时间", "现在是"),
    ],
)
def test_dates_in_chinese(bench: Bench, said: str, expected: str) -> None:
    assert expected in bench.run("date_time", language="zh", question=said)


def test_json_is_laid_out_or_its_mistake_shown(bench: Bench) -> None:
    answer = bench.run("format_json", text='{"a":[1,2]}')
    assert json.dumps({"a": [1, 2]}, indent=2) in answer
    assert "line 1, column 6" in bench.run("format_json", text='{"a":}')
