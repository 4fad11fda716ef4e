"""What messages say for good is told from what they say for now, in English and Chinese."""

from __future__ import annotations

import pytest
from sanca.memory.preferences import said_for_good

WISHES = [
    ("always answer in Chinese", [("language", "language")]),
    ("never restart payment at night", [("dont", "dont-restart-payment-night")]),
    ("I am the on-call for checkout", [("role", "on-call")]),
    ("以后别重启 payment", [("dont", "dont-以后别重启-payment")]),
    ("我是支付组的后端工程师", [("role", "role")]),
    ("Please answer in German from now on.", [("language", "language")]),
    ("I prefer Chinese", [("language", "language")]),
    ("remember that I prefer Chinese", [("language", "language")]),
    ("Don't restart payment without asking me", [("dont", "dont-restart-payment-without-asking")]),
    ("从现在起都用中文回答", [("language", "language")]),
    ("以后不要在周末部署", [("dont", "dont-以后不要在周末部署")]),
    ("call me Ada", [("role", "name")]),
    ("我叫小王", [("role", "name")]),
    ("I'm a backend developer and I prefer short answers.", [("role", "role"), ("habit", "answer-length")]),
    ("keep your answers short", [("do", "answer-length")]),
    ("以后回答简短一点", [("do", "answer-length")]),
    ("I work in the SRE team", [("role", "team")]),
    ("我负责结账服务", [("role", "responsibility")]),
    ("Remember that the payment channel is #pay-ops", [("note", "note-payment-channel-pay-ops")]),
    ("记住，支付的负责人是李雷", [("note", "note-支付的负责人是李雷")]),
    ("I hate long tables", [("dont", "dont-long-tables")]),
    ("我喜欢看表格", [("habit", "answer-form")]),
    ("I usually deploy on Fridays", [("habit", "habit-usually-deploy-fridays")]),
    ("千万别在半夜重启 payment", [("dont", "dont-千万别在半夜重启-payment")]),
    ("always show me the plan first", [("do", "do-show-plan-first")]),
    ("from now on, show times in UTC", [("do", "do-show-times-utc")]),
    ("每次部署前先给我看计划", [("do", "do-每次部署前先给我看计划")]),
    ("My team is checkout-core.", [("role", "team")]),
    ("in future never touch the orders database", [("dont", "dont-touch-orders-database")]),
    ("I'm new here", [("role", "role")]),
    ("以后都用英文回答我", [("language", "language")]),
    ("I'm the on-call for checkout, why is it slow?", [("role", "on-call")]),
    ("restart payment, and from now on answer in Chinese", [("language", "language")]),
    ("晚上不要重启任何服务", [("dont", "dont-晚上不要重启任何服务")]),
    ("以后请先问我再部署", [("do", "do-以后请先问我再部署")]),
    ("我不喜欢太长的回答", [("dont", "dont-我不喜欢太长的回答")]),
    ("Don't ever delete logs", [("dont", "dont-delete-logs")]),
    ("My time zone is Europe/Berlin", [("habit", "time-zone")]),
    ("no more charts please", [("dont", "dont-charts")]),
    ("I'm responsible for the search service", [("role", "responsibility")]),
]
NO_WISHES = [
    "restart payment",
    "why does payment always fail?",
    "never mind",
    "I never saw that error",
    "don't restart it",
    "restart checkout but don't touch payment",
    "I am looking for the log of payment",
    "I'm not sure what happened",
    "I am seeing errors on checkout",
    "payment always times out at night",
    "Always fails with 502",
    "以后会怎么样",
    "我是想问 payment 怎么了",
    "我是说结账服务",
    "remember when we fixed payment?",
    "do you remember what we decided?",
    "每次重启都失败",
    "我在看 payment 的日志",
    "I like that",
    "I'd like to see the logs of payment",
    "I would like to deploy v2",
    "what is on call?",
    "who is the on-call for checkout?",
    "I always get timeouts from payment",
    "You can restart it",
    "可以重启了吗",
    "永远是 502",
    "不要重启",
    "以后再说",
    "remind me to restart payment tomorrow",
    "remember to restart payment tomorrow at 5",
    "show me the logs from now on",
    "I run into errors",
    "我们昨天重启了 payment",
    "the service is always slow on weekends",
    "I want to deploy checkout",
    "以后的版本会修复吗",
    "switch to English",
    "answer in Chinese",
    "I have the team on the line",
    "I am on the payment page",
    'What does "never restart payment at night" mean?',
    "不能访问 payment",
    "晚上不能登录",
    "I need the error count of payment",
    "the developer said always restart",
    "remember this as warm cache",
    "Never restarted since Monday",
    "总是报错",
    "一直超时",
    "I am in a hurry",
    "I'm on it",
    "can you always restart?",
]


@pytest.mark.parametrize(("message", "wishes"), WISHES)
def test_wish_is_taken_with_what_it_is_about(message: str, wishes: list[tuple[str, str]]) -> None:
    assert [(one.kind, one.id) for one in said_for_good(message).wishes] == wishes


@pytest.mark.parametrize("message", NO_WISHES)
def test_what_is_said_for_now_is_no_wish(message: str) -> None:
    said = said_for_good(message)
    assert not said.wishes
    assert said.rest


def test_what_else_a_message_wants_is_left() -> None:
    said = said_for_good("I'm the on-call for checkout, why is it slow?")
    assert [one.text for one in said.wishes] == ["I'm the on-call for checkout."]
    assert said.rest == "why is it slow?"


def test_pasted_and_quoted_text_wishes_for_nothing() -> None:
    assert not said_for_good("The page says `always restart payment at night`, is that right").wishes
    assert not said_for_good("never restart payment\n" * 200).wishes
    assert not said_for_good("```\nnever restart payment at night\n```").wishes


def test_odd_text_takes_no_time() -> None:
    for text in ("，" * 2_000, "never " * 330, "i am a " * 280, "以后" * 900, "don't " * 330):
        said_for_good(text)
