"""What a message means among its surroundings: slips, pointing words, times, data, follow-ups, pages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from labelled_messages import ENTITIES, NOW
from sanca.core.messages import Message
from sanca.python_runtime.perception import Intent, Interpreter, Surroundings
from sanca.python_runtime.perception.times import times_in
from sanca.python_runtime.run_record import PageContext


def said(*texts: str) -> list[Message]:
    """A history: question and answer by turns."""
    roles: tuple[Literal["user", "assistant"], ...] = ("user", "assistant")
    return [Message(id=str(place), role=roles[place % 2], content=text) for place, text in enumerate(texts)]


def around(*texts: str, **rest: object) -> Surroundings:
    known: dict[str, Any] = {"names": {}, **rest}
    return Surroundings(now=NOW, history=said(*texts), entities=ENTITIES, **known)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("restrat chekout plz", "restart checkout plz"),
        ("冲启一下定单服务", "重启一下订单服务"),
        ("帮忙 rolback 一下 serach", "帮忙 rollback 一下 search"),
        ("paint the storefront and varnish the tulips", ""),
        ('read `serach.csv` and "restrat"', ""),
        ("这份数据不一定是对的,发不出去", ""),
    ],
)
def test_slips_are_mended_and_what_was_meant_stays(interpreter: Interpreter, text: str, meant: str) -> None:
    assert interpreter.interpret(text, around()).meant == meant


@pytest.mark.parametrize(
    ("text", "history", "references"),
    [
        ("restart it", ("state of search", "search is degraded."), {"it": "search"}),
        ("它现在用了多少内存", ("搜索还好吗", "正常。"), {"它": "search"}),
        ("deploy that release to orders", ("what is new in v1.4.1", "A faster cart."), {"that release": "v1.4.1"}),
        ("kill it", ("who has port 8084", "Port 8084 is held by process 4121 of orders."), {"it": "process 4121"}),
        ("upgrade the second", ("old ones?", "1. accounts (v1.2.0)\n2. search (v1.3.1)"), {"the second": "search"}),
        ("checkout is down, get it back up", (), {"it": "checkout"}),
    ],
)  # fmt: skip
def test_pointing_words_mean_what_was_named(
    interpreter: Interpreter, text: str, history: tuple[str, ...], references: dict[str, str]
) -> None:
    found = interpreter.interpret(text, around(*history))

    assert found.references == references
    assert found.clarification is None


def test_a_word_that_could_mean_two_services_is_asked_about_and_not_guessed(interpreter: Interpreter) -> None:
    found = interpreter.interpret("roll it back", around("which are slow?", "orders and search are slow."))

    assert found.intent is Intent.UNCLEAR
    assert found.clarification is not None
    assert set(found.clarification.choices) == {"orders", "search"}
    assert found.references == {}


def test_a_selection_and_the_page_are_what_this_means(interpreter: Interpreter) -> None:
    logs = PageContext(
        url="/services/inventory/logs?level=ERROR", title="inventory – logs", selection="Connection reset"
    )
    selected = interpreter.interpret("where does this come from?", around(page=logs))
    restart = interpreter.interpret("restart", around(page=PageContext(url="/services/orders", title="orders")))

    assert selected.references == {"this": "Connection reset"}
    assert selected.facts["page shows service"] == "inventory"
    assert selected.facts["page parameters"] == "level=ERROR"
    assert restart.intent is Intent.CHANGE
    assert restart.clarification is None


def test_relative_times_become_dates_and_a_release_is_found_by_its_day(interpreter: Interpreter) -> None:
    dates = {"v1.4.1": "2026-11-20T16:05:00+00:00", "v1.4.0": "2026-11-12T09:00:00+00:00"}
    found = interpreter.interpret("what is in yesterday's release", around(release_dates=dates))

    assert found.facts["yesterday"] == "2026-11-20"
    assert found.references == {"yesterday's release": "v1.4.1"}
    assert found.meant == "what is in v1.4.1"
    none = interpreter.interpret("昨天发的版本改了什么", around(release_dates={"v1.4.0": "2026-11-12"}))
    assert "no release" in none.facts["昨天发的版本"]


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("since noon", "2026-11-21T12:00+00:00"),
        ("errors 2 hours ago", "2026-11-21T13:30+00:00"),
        ("三天前的日志", "2026-11-18"),
        ("the last 30 minutes", "2026-11-21T15:00+00:00/2026-11-21T15:30+00:00"),
        ("last week", "2026-11-09/2026-11-15"),
        ("since monday", "2026-11-16"),
        ("下周三", "2026-11-25"),
        ("昨晚", "2026-11-20T20:00+00:00"),
    ],
)
def test_a_time_in_words_is_told_in_iso_8601(text: str, time: str) -> None:
    assert list(times_in(text, datetime(2026, 11, 21, 15, 30, tzinfo=UTC)).values()) == [time]


def test_data_is_found_among_names_and_files(interpreter: Interpreter) -> None:
    names = {"sales": "DataFrame (120 × 5)", "count": "int"}
    pointed = interpreter.interpret("sum that table by month", around(names=names))
    named = interpreter.interpret("group sales by region", around(names=names))
    a_file = interpreter.interpret("how many rows in q3.csv", around(files=["q3.csv"]))

    assert pointed.references == {"that table": "sales"}
    assert [(one.name, one.kind, one.exists) for one in named.data] == [("sales", "DataFrame (120 × 5)", True)]
    assert [(one.name, one.exists) for one in a_file.data] == [("q3.csv", True)]


def test_data_that_is_gone_is_told_and_nothing_else_put_in_its_place(interpreter: Interpreter) -> None:
    history = ("```python\ndf_sales = load()\n```", "Loaded.")
    gone = interpreter.interpret("sum df_sales by month", around(*history, names={"other": "DataFrame (3 × 2)"}))
    no_file = interpreter.interpret("group lost.csv by region", around(files=["q3.csv"]))

    assert [(one.name, one.exists) for one in gone.data] == [("df_sales", False)]
    assert gone.facts["not there any more"] == "df_sales"
    assert [(one.words, one.exists) for one in no_file.data] == [("lost.csv", False)]


def test_two_tables_alike_are_asked_about(interpreter: Interpreter) -> None:
    names = {"sales": "DataFrame (120 × 5)", "costs": "DataFrame (80 × 2)"}
    found = interpreter.interpret("sum that table by month", around(names=names))

    assert found.clarification is not None
    assert set(found.clarification.choices) == {"sales", "costs"}


@pytest.mark.parametrize(
    ("text", "history", "intent", "meant"),
    [
        ("same for payments", ("set the connection pool of orders to 40", "Done."), Intent.CHANGE,
         "set the connection pool of payments to 40"),
        ("and search?", ("is orders healthy?", "orders is healthy."), Intent.ASK_STATE, "is search healthy?"),
        ("yes please", ("is search up", "search is down. Shall I restart it?"), Intent.CONTROL, ""),
        ("then fix it", ("is search up", "search is down."), Intent.FIX, "then fix search"),
        ("why?", ("is search up", "search is down."), Intent.FIND_CAUSE, ""),
    ],
)  # fmt: skip
def test_a_follow_up_lives_on_what_was_said_before(
    interpreter: Interpreter, text: str, history: tuple[str, ...], intent: Intent, meant: str
) -> None:
    found = interpreter.interpret(text, around(*history))

    assert (found.intent, found.meant) == (intent, meant)
    assert found.clarification is None


def test_a_question_is_in_the_language_of_the_message_and_offers_what_there_is(interpreter: Interpreter) -> None:
    chinese = interpreter.interpret("重启一下", around(), language="zh")
    vague = interpreter.interpret("do the usual", around(), language="en")

    assert chinese.clarification is not None
    assert chinese.clarification.question == "要对哪个操作？"
    assert "orders" in chinese.clarification.choices
    assert vague.clarification is not None
    assert "Check all services" in vague.clarification.choices


@pytest.mark.parametrize(
    ("text", "scenario"),
    [
        ("is checkout up?", "status"),
        ("why is checkout failing?", "incident"),
        ("deploy v1.4.1 to orders", "change"),
        ("average of prices in q3.csv", "data"),
        ("what is a circuit breaker", "knowledge"),
        ("你好", "conversation"),
    ],
)
def test_the_situation_is_told(interpreter: Interpreter, text: str, scenario: str) -> None:
    assert interpreter.interpret(text, around()).scenario == scenario


def test_a_very_long_message_is_read_and_never_asked_about(interpreter: Interpreter) -> None:
    found = interpreter.interpret("it and that and those " * 5_000, around())

    assert found.clarification is None
