"""The matcher: how often it is right on both halves of the paraphrases, what it refuses, how it fills parameters."""

from __future__ import annotations

import ast
import json
import random
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sanca.core.messages import Message
from sanca.core.ports import SkillLibrary as SkillLibraryPort
from sanca.memory import SkillLibrary, load_skill_library

DATA = Path(__file__).parents[1] / "data"
ENTITIES = {"service": ["storehouse", "order-api", "payment", "web"], "release": ["v2.0.0", "v2.1.0"]}


@pytest.fixture(scope="module")
def library() -> SkillLibrary:
    return load_skill_library()


def rows(half: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / f"paraphrases_{half}.jsonl").read_text(encoding="utf-8").splitlines()]


def is_right(library: SkillLibrary, row: dict[str, Any], **context: Any) -> bool:
    match = library.match(row["message"], **context)
    if match is None or row["skill"] is None:
        return match is None and row["skill"] is None
    return match.skill == row["skill"] and all(
        match.parameters.get(key) == value for key, value in row["parameters"].items()
    )


@pytest.mark.parametrize("half", ["development", "test", "blind"])
def test_nine_of_ten_paraphrases_get_the_right_skill_and_parameters(library: SkillLibrary, half: str) -> None:
    asked = [row for row in rows(half) if row["skill"]]
    wrong = [row["message"] for row in asked if not is_right(library, row)]
    assert len(wrong) <= 0.1 * len(asked), wrong


@pytest.mark.parametrize("half", ["development", "test"])
def test_nine_of_ten_paraphrases_are_right_when_the_services_are_known(library: SkillLibrary, half: str) -> None:
    asked = [row for row in rows(half) if row["skill"]]
    services = sorted({row["parameters"]["service"] for row in asked if "service" in row["parameters"]})
    wrong = [row["message"] for row in asked if not is_right(library, row, entities={"service": services})]
    assert len(wrong) <= 0.1 * len(asked), wrong


@pytest.mark.parametrize("half", ["development", "test"])
def test_nine_of_ten_requests_out_of_scope_are_refused(library: SkillLibrary, half: str) -> None:
    foreign = [row for row in rows(half) if row["skill"] is None]
    matched = [row["message"] for row in foreign if library.match(row["message"]) is not None]
    assert len(matched) <= 0.1 * len(foreign), matched


@pytest.mark.parametrize("half", ["development", "test"])
def test_no_request_out_of_scope_starts_a_skill_that_changes_something(library: SkillLibrary, half: str) -> None:
    effects = {skill.name for skill in library.skills if skill.sheet.only_with and 20 <= skill.sheet.order < 30}
    assert len(effects) == 6
    for row in rows(half):
        match = library.match(row["message"]) if row["skill"] is None else None
        assert match is None or match.skill not in effects, row["message"]


def test_each_half_has_both_languages_and_enough_requests() -> None:
    test = rows("test")
    assert sum(row["skill"] is not None and row["language"] == "en" for row in test) >= 30
    assert sum(row["skill"] is not None and row["language"] == "zh" for row in test) >= 30
    assert sum(row["skill"] is None for row in test) >= 20
    assert not {row["message"] for row in test} & {row["message"] for row in rows("development")}


def test_no_phrase_of_a_skill_is_a_paraphrase_of_the_data(library: SkillLibrary) -> None:
    def bare(text: str, names: set[str]) -> str:
        for name in sorted(names, key=len, reverse=True):
            text = text.replace(name, "{}")
        return "".join(character for character in text.lower() if character.isalnum() or character in "{}")

    for row in rows("development") + rows("test"):
        said = {str(value) for value in row["parameters"].values()}
        for skill in library.skills:
            for phrase in (*skill.sheet.phrases.en, *skill.sheet.phrases.zh):
                slots = {
                    "{service}",
                    "{release}",
                    "{setting}",
                    "{number}",
                    "{minutes}",
                    "{text}",
                    "{json}",
                    "{file}",
                    "{table}",
                    "{date}",
                }
                assert bare(row["message"], said) != bare(phrase, slots), row["message"]


def test_library_is_what_the_port_asks_for(library: SkillLibrary) -> None:
    port: SkillLibraryPort = library
    assert {"name", "title_en", "title_zh", "example_en", "example_zh"} == set(port.listing()[0])
    assert len(port.listing()) >= 14


def test_skills_of_toolkits_that_are_not_there_are_not_listed(library: SkillLibrary) -> None:
    def names(*toolkits: str) -> set[str]:
        return {one["name"] for one in library.listing(toolkits)}

    assert {"calculate", "analyse_table"} <= names("orders", "card")
    assert not {"diagnose_fleet", "restart_service", "search_runbook", "review_change"} & names("orders", "card")
    assert {"diagnose_fleet", "restart_service"} <= names("system")
    assert "search_runbook" in names("mcp.runbooks")
    assert "review_change" not in names("system")
    assert len(names("system", "mcp.runbooks", "agents.change_reviewer")) == len(library.listing())


def test_a_skill_s_toolkits_are_those_that_its_code_names(library: SkillLibrary) -> None:
    for skill in library.skills:
        named = {node.id for node in ast.walk(ast.parse(skill.code())) if isinstance(node, ast.Name)}
        assert skill.toolkits == named & {"system", "mcp", "agents"}, skill.name


def test_match_carries_title_reason_and_code_in_the_right_language(library: SkillLibrary) -> None:
    english, chinese = library.match("restart payment"), library.match("重启 payment")
    assert english is not None
    assert chinese is not None
    assert english.title == "Restart a service"
    assert chinese.title == "重启服务"
    assert "restart" in english.why
    assert "把握" in chinese.why
    assert "system.restart" in english.code
    assert 0.4 <= english.score <= 1


@pytest.mark.parametrize(
    ("message", "service"),
    [
        ("why is storehouse failing?", "storehouse"),
        ("why is sotrehouse failing?", "storehouse"),
        ("why is Storehouse failing?", "storehouse"),
        ("restart the order api", "order-api"),
        ("restart order_api please", "order-api"),
        ("diagnose the paymnet service", "payment"),
        ("支付服务为什么这么慢", "payment"),
        ("重启 web", "web"),
        ("web 挂了", "web"),
    ],
)
def test_service_is_one_of_those_there_are(library: SkillLibrary, message: str, service: str) -> None:
    match = library.match(message, entities=ENTITIES)
    assert match is not None
    assert match.parameters["service"] == service


@pytest.mark.parametrize("message", ["restart foobar", "restart the service", "please restart it"])
def test_service_that_is_not_there_is_asked_for(library: SkillLibrary, message: str) -> None:
    match = library.match(message, entities=ENTITIES)
    assert match is not None
    assert match.skill == "restart_service"
    assert match.missing == ("service",)
    assert match.parameters["service"] is None
    assert library.question("restart_service", "service", "zh") == "您指的是哪个服务?"


@pytest.mark.parametrize(
    ("message", "skill"),
    [
        ("restart it", "restart_service"),
        ("重启它", "restart_service"),
        ("show me the logs of that service", "show_logs"),
        ("那个服务的日志", "show_logs"),
    ],
)
@pytest.mark.parametrize("entities", [ENTITIES, None], ids=["known services", "no names"])
def test_it_means_the_service_named_last(library: SkillLibrary, message: str, skill: str, entities: Any) -> None:
    history = [
        Message(id="1", role="user", content="how is web doing?"),
        Message(id="2", role="user", content="why is storehouse slow?"),
        Message(id="3", role="assistant", content="Its disk is full."),
    ]
    match = library.match(message, history=history, entities=entities)
    assert match is not None
    assert (match.skill, match.parameters["service"], match.missing) == (skill, "storehouse", ())


@pytest.mark.parametrize(
    "message",
    [
        "why is everything so slow?",
        "is something broken?",
        "find out what is wrong and fix it",
        "all services are failing",
        "有什么坏了吗",
    ],
)
def test_common_word_is_never_a_service(library: SkillLibrary, message: str) -> None:
    match = library.match(message)
    assert match is not None
    assert match.skill == "diagnose_fleet"


@pytest.mark.parametrize(
    ("message", "minutes"),
    [
        ("show the logs of web of the last half hour", 30),
        ("show the logs of web of the last hour", 60),
        ("show the logs of web of the past 2 hours", 120),
        ("show the logs of web of the last twenty-five minutes", 25),
        ("show the logs of web of the past day", 1440),
        ("show the logs of web of today", 750),
        ("show the logs of web since yesterday", 750 + 1440),
        ("show the logs of web", 15),
        ("看一下 web 最近十分钟的日志", 10),
        ("看一下 web 最近半小时的日志", 30),
        ("看一下 web 最近一个半小时的日志", 90),
        ("看一下 web 最近三天的日志", 4320),
        ("看一下 web 最近一刻钟的日志", 15),
        ("看一下 web 今天的日志", 750),
    ],
)
def test_span_of_time_becomes_minutes(message: str, minutes: int) -> None:
    library = SkillLibrary(load_skill_library().skills, clock=lambda: datetime(2026, 5, 4, 12, 30, tzinfo=UTC))
    match = library.match(message, entities=ENTITIES)
    assert match is not None
    assert (match.skill, match.parameters["minutes"]) == ("show_logs", minutes)


@pytest.mark.parametrize(
    ("message", "release"),
    [
        ("roll web back to v2.0.0", "v2.0.0"),
        ("roll web back to 2.0.0", "v2.0.0"),
        ("roll web back to the previous release", "previous"),
        ("web 回滚到上一个版本", "previous"),
        ("roll back web", None),
    ],
)
def test_release_is_a_tag_or_a_word(library: SkillLibrary, message: str, release: str | None) -> None:
    match = library.match(message, entities=ENTITIES)
    assert match is not None
    assert (match.skill, match.parameters["release"]) == ("rollback_service", release)


@pytest.mark.parametrize(
    ("message", "setting", "value"),
    [
        ("set db.pool_size of web to 40", "db.pool_size", "40"),
        ("change the timeout of web to 30 seconds", "timeout", "30"),
        ('set db.url of web to "jdbc:h2"', "db.url", "jdbc:h2"),
        ("change feature.x of web to false", "feature.x", "false"),
        ("把 web 的 db.pool_size 改成四十", "db.pool_size", "40"),
        ("把 web 的超时时间调到 1500", "timeout", "1500"),
    ],
)
def test_setting_and_value_are_found(library: SkillLibrary, message: str, setting: str, value: str) -> None:
    match = library.match(message, entities=ENTITIES)
    assert match is not None
    assert (match.skill, match.parameters["setting"], match.parameters["value"]) == ("change_setting", setting, value)


@pytest.mark.parametrize(
    "message", ["", "   ", "?!", "\x00\x01", "😀😀😀", "{" * 4000, "a" * 20_000, "的" * 9_000, '"""\\n']
)
def test_odd_messages_are_no_skill_and_no_crash(library: SkillLibrary, message: str) -> None:
    assert library.match(message) is None


def test_random_messages_never_crash(library: SkillLibrary) -> None:
    chance = random.Random(7)  # noqa: S311 - reproducible noise, no secret
    words = [
        "restart",
        "web",
        "v1.2",
        "{",
        '"',
        "五百",
        "最近",
        "half",
        "an",
        "hour",
        "db.x",
        "=",
        "%",
        "日志",
        "it",
        "-",
        "百万点",
        "1,2,3",
        "2026-13-45",
    ]
    for _ in range(300):
        library.match(
            " ".join(chance.choices(words, k=chance.randint(1, 12))),
            entities=chance.choice([None, ENTITIES, {"service": []}]),
        )


def test_match_takes_less_than_twenty_milliseconds(library: SkillLibrary) -> None:
    library.match("warm up")
    times = []
    for row in rows("test"):
        start = time.perf_counter()
        library.match(row["message"])
        times.append(time.perf_counter() - start)
    assert sorted(times)[len(times) // 2] < 0.02


def test_importing_and_loading_reads_no_weights() -> None:
    code = (
        "import sys; from sanca.memory import load_skill_library; load_skill_library(); print('numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("message", "service"),
    [
        ("短信网关罢工了,快救救它!", "短信网关"),
        ("对账系统的内存涨成啥样了,来张图", "对账系统"),
        ("把库存同步重新拉起来一下", "库存同步"),
        ("要是停了身份认证,会连累哪些系统?", "身份认证"),
        ("统计订单系统的错误", "订单系统"),
        ("看看在线客服系统的日志", "在线客服系统"),
        ("pdf_renderer keeps falling over, find out why", "pdf_renderer"),
        ("users complain about Atlas, it is so slow", "Atlas"),
        ("lower cache_ttl in session_store to 120", "session_store"),
    ],
)
def test_service_nobody_told_of_is_named_by_grammar(library: SkillLibrary, message: str, service: str) -> None:
    match = library.match(message)
    assert match is not None
    assert match.parameters["service"] == service


@pytest.mark.parametrize(
    "message", ["整个平台都瘫了", "我们的系统好慢,谁的问题", "各个系统都过一遍,哪里坏了修哪里", "告警响个不停,找出根因"]
)
def test_all_of_the_platform_is_no_service(library: SkillLibrary, message: str) -> None:
    match = library.match(message)
    assert match is not None
    assert match.skill == "diagnose_fleet"


def test_chinese_word_for_a_known_service_takes_its_head_along(library: SkillLibrary) -> None:
    match = library.match("支付平台一直报错,查查原因", entities=ENTITIES)
    assert match is not None
    assert (match.skill, match.parameters["service"]) == ("diagnose_service", "payment")
