"""What documents state, and what they do not: the rules that contradictions rest on."""

from __future__ import annotations

import pytest
from sanca.memory.knowledge.attributes import normal_value
from sanca.memory.knowledge.facts import with_facts
from sanca.memory.knowledge.pieces import Piece


def stated(
    text: str, heading: str = "Handbook", path: str = "notes.md", kind: str = "prose"
) -> set[tuple[str, str, str]]:
    piece = with_facts(Piece(text, heading, kind=kind), path)
    return {(fact.subject, fact.attribute, fact.value) for fact in piece.facts}


@pytest.mark.parametrize(
    ("text", "heading", "fact"),
    [
        ("Port: 8082", "Payment service", ("payment", "port", "8082")),
        ("- **Owner**: team till", "Shop > Payment", ("payment", "owner", "till")),
        ("Payment port: 8082", "Services", ("payment", "port", "8082")),
        ("The payment service listens on port 8082.", "Overview", ("payment", "port", "8082")),
        ("The port of the payment service is 8082.", "Overview", ("payment", "port", "8082")),
        ("Payment's connection timeout is 30 s.", "Overview", ("connection payment", "timeout", "30s")),
        ("Payment is owned by the till team.", "Overview", ("payment", "owner", "till")),
        ("Payment has a limit of 1,000 requests.", "Overview", ("payment", "limit", "1000")),
        ("`pool.max-size` must be 40.", "Payment", ("payment", "pool.max-size", "40")),
        ("The pool size of payment is 40 connections since May.", "Pools", ("payment pool", "size", "40")),
        ("Pool size: 40", "Payment", ("payment pool", "size", "40")),
        ("支付服务的端口是 8082。", "概览", ("支付", "port", "8082")),
        ("端口：8082", "支付服务", ("支付", "port", "8082")),
        ("支付服务超时时间为30秒。", "概览", ("支付", "timeout", "30s")),
        ("In production the port of payment is 8082.", "Overview", ("env:prod payment", "port", "8082")),
    ],
)
def test_a_statement_is_read_from_many_forms(text: str, heading: str, fact: tuple[str, str, str]) -> None:
    assert stated(text, heading) == {fact}


@pytest.mark.parametrize(
    "text",
    [
        "The port of payment was 8082.",
        "If the port of payment is 8082, restart it.",
        "The port of payment is not 8082.",
        "For example, the port of payment is 8082.",
        "以前支付服务的端口是 8082。",
        "The port of payment is chosen at start.",
        "See https://example.org: it says much.",
        "Payment is a service. It takes money.",
    ],
)
def test_what_is_doubtful_or_no_value_is_not_stated(text: str) -> None:
    assert stated(text, "Overview") == set()


def test_a_table_states_each_row_of_what_can_be_compared() -> None:
    table = "| service | port | owner | note |\n| --- | --- | --- | --- |\n| payment | 8082 | team till | fast |\n"
    assert stated(table, kind="table") == {("payment", "port", "8082"), ("payment", "owner", "till")}
    settings = "| setting | default |\n| --- | --- |\n| pool.size | 40 |\n"
    assert stated(settings, "Payment", kind="table") == {("payment", "pool.size", "40")}


def test_settings_state_what_their_keys_name() -> None:
    yaml = "services:\n  payment:\n    port: 8082 # the old one is free\n    image: ${IMAGE}\n"
    assert stated(yaml, path="deploy.yaml", kind="settings") == {("payment", "port", "8082")}
    own = "server:\n  port: 8082\npool.size: 40\n"
    assert stated(own, path="services/payment/application.yaml", kind="settings") == {
        ("payment", "port", "8082"),
        ("payment pool", "size", "40"),
    }
    other = stated("server:\n  port: 9000\n", path="services/payment/application-staging.yaml", kind="settings")
    assert other == {("env:staging payment", "port", "9000")}, "another environment is another thing"


def test_code_and_logs_state_nothing() -> None:
    assert stated("port = 8082", "Payment", kind="code") == set()
    assert stated("payment: port: 8082", "Payment", kind="log") == set()


@pytest.mark.parametrize(
    ("attribute", "one", "same"),
    [
        ("timeout", "30 s", "30 seconds"),
        ("timeout", "2 min", "120s"),
        ("limit", "1,000", "1000"),
        ("memory", "2 GiB", "2048 MiB"),
        ("version", "v1.2.3", "1.2.3"),
        ("port", "`8082`", "8082."),
        ("owner", "team till", "the Till team"),
        ("retention", "1 week", "7 天"),
    ],
)
def test_values_are_compared_and_not_their_spelling(attribute: str, one: str, same: str) -> None:
    assert normal_value(attribute, one) == normal_value(attribute, same) != ""


@pytest.mark.parametrize(
    ("attribute", "one", "other"), [("timeout", "30 s", "30 ms"), ("version", "1.2", "1.20"), ("port", "8082", "8083")]
)
def test_other_values_are_others(attribute: str, one: str, other: str) -> None:
    assert normal_value(attribute, one) != normal_value(attribute, other)
