"""The shop of tau-bench retail: what its policy allows and refuses, and how a script is compared with its replay."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from model_server import FakeModelServer, Reply
from sanca.python_runtime.evaluation.ask_model import model_at
from sanca.python_runtime.evaluation.authors import TruthAuthor
from sanca.python_runtime.evaluation.json_caller import JsonCaller
from sanca.python_runtime.evaluation.persons import PlayedPerson
from sanca.python_runtime.evaluation.results import ResultFile
from sanca.python_runtime.evaluation.retail_shop import RetailShop, ShopError
from sanca.python_runtime.evaluation.runner import run_tasks
from sanca.python_runtime.evaluation.tau_retail import RetailWorld, TauRetail
from sanca.python_runtime.models import ScriptedModel

ADDRESS = {"address1": "1 Way", "address2": "", "city": "Rome", "state": "NY", "country": "USA", "zip": "13440"}
CARD, GIFT = "credit_card_1", "gift_card_1"


def variant(item_id: str, price: float, *, available: bool = True) -> dict[str, Any]:
    return {"item_id": item_id, "options": {"size": item_id}, "available": available, "price": price}


def order(order_id: str, status: str, paid_by: str = CARD) -> dict[str, Any]:
    items = [{"name": "Mug", "product_id": "7", "item_id": "small", "price": 10.0, "options": {"size": "small"}}]
    payment = {"transaction_type": "payment", "amount": 10.0, "payment_method_id": paid_by}
    return {
        "order_id": order_id,
        "user_id": "ann_1",
        "address": dict(ADDRESS),
        "items": items,
        "status": status,
        "payment_history": [payment],
    }


@pytest.fixture
def shop() -> RetailShop:
    variants = [variant("small", 10.0), variant("large", 12.5), variant("gone", 9.0, available=False)]
    methods = {CARD: {"source": "credit_card", "id": CARD}, GIFT: {"source": "gift_card", "id": GIFT, "balance": 2.0}}
    user = {
        "user_id": "ann_1",
        "name": {"first_name": "Ann", "last_name": "Ott"},
        "address": dict(ADDRESS),
        "email": "Ann@example.com",
        "payment_methods": methods,
        "orders": ["#W1", "#W2", "#W3"],
    }
    orders = [order("#W1", "pending"), order("#W2", "delivered"), order("#W3", "pending", GIFT)]
    product = {"name": "Mug", "product_id": "7", "variants": {each["item_id"]: each for each in variants}}
    return RetailShop(
        {"users": {"ann_1": user}, "orders": {each["order_id"]: each for each in orders}, "products": {"7": product}}
    )


def test_users_are_found_whatever_the_case(shop: RetailShop) -> None:
    assert shop.find_user_id_by_email("ann@EXAMPLE.com") == "ann_1"
    assert shop.find_user_id_by_name_zip("ann", "OTT", "13440") == "ann_1"
    with pytest.raises(ShopError, match="no such user"):
        shop.find_user_id_by_name_zip("Ann", "Ott", "1")


def test_a_cancelled_order_is_refunded_at_once_to_a_gift_card(shop: RetailShop) -> None:
    cancelled = shop.cancel_pending_order("#W3", "no longer needed")
    assert (cancelled["status"], cancelled["cancel_reason"]) == ("cancelled", "no longer needed")
    assert cancelled["payment_history"][-1] == {
        "transaction_type": "refund",
        "amount": 10.0,
        "payment_method_id": GIFT,
    }
    assert shop.get_user_details("ann_1")["payment_methods"][GIFT]["balance"] == 12.0


def test_changed_items_cost_or_refund_the_difference_and_can_be_changed_once(shop: RetailShop) -> None:
    changed = shop.modify_pending_order_items("#W1", ["small"], ["large"], CARD)
    assert (changed["items"][0]["item_id"], changed["items"][0]["price"]) == ("large", 12.5)
    assert changed["payment_history"][-1] == {"transaction_type": "payment", "amount": 2.5, "payment_method_id": CARD}
    with pytest.raises(ShopError, match="not pending"):
        shop.modify_pending_order_items("#W1", ["large"], ["small"], CARD)
    assert shop.modify_pending_order_address("#W1", **{**ADDRESS, "city": "Oslo"})["address"]["city"] == "Oslo"


def test_an_exchange_is_noted_and_a_return_goes_where_it_may(shop: RetailShop) -> None:
    exchanged = shop.exchange_delivered_order_items("#W2", ["small"], ["large"], CARD)
    assert (exchanged["status"], exchanged["exchange_price_difference"]) == ("exchange requested", 2.5)
    assert exchanged["items"][0]["item_id"] == "small"
    shop.database["orders"]["#W2"] = order("#W2", "delivered")
    assert shop.return_delivered_order_items("#W2", ["small"], GIFT)["return_payment_method_id"] == GIFT


def test_a_pending_order_can_be_paid_otherwise(shop: RetailShop) -> None:
    paid = shop.modify_pending_order_payment("#W3", CARD)
    assert [one["payment_method_id"] for one in paid["payment_history"]] == [GIFT, CARD, GIFT]
    assert shop.get_user_details("ann_1")["payment_methods"][GIFT]["balance"] == 12.0


@pytest.mark.parametrize(
    ("tool", "arguments", "sentence"),
    [
        ("get_order_details", ["#W9"], "no order '#W9'"),
        ("get_item_details", ["huge"], "no item 'huge'"),
        ("cancel_pending_order", ["#W2", "no longer needed"], "is delivered, not pending"),
        ("cancel_pending_order", ["#W1", "changed my mind"], "The reason must be one of"),
        ("modify_pending_order_items", ["#W1", ["small", "small"], ["large", "large"], CARD], "does not have small"),
        ("modify_pending_order_items", ["#W1", ["small"], ["gone"], CARD], "no item gone of the product Mug"),
        ("modify_pending_order_items", ["#W1", ["small"], ["large"], "paypal_1"], "no payment method"),
        ("modify_pending_order_items", ["#W1", ["small"], ["large"], GIFT], "has 2.0, and 2.5 is needed"),
        ("modify_pending_order_items", ["#W1", ["small"], [], CARD], "as many new items"),
        ("exchange_delivered_order_items", ["#W1", ["small"], ["large"], CARD], "is pending, not delivered"),
        ("modify_pending_order_payment", ["#W1", CARD], "must be another one"),
        ("modify_pending_order_payment", ["#W1", GIFT], "has 2.0, and 10.0 is needed"),
        ("calculate", ["__import__('os')"], "no arithmetic"),
        ("calculate", ["1 / 0"], "cannot be worked out"),
    ],
)
def test_what_the_policy_forbids_is_refused_and_changes_nothing(
    shop: RetailShop, tool: str, arguments: list[Any], sentence: str
) -> None:
    before = copy.deepcopy(shop.database)
    with pytest.raises(ShopError, match=sentence):
        getattr(shop, tool)(*arguments)
    assert shop.database == before


def test_sums_are_worked_out(shop: RetailShop) -> None:
    assert shop.calculate("(1.5 + 2) * -2 / 3") == "-2.33"


SCRIPT = [
    {"name": "get_order_details", "arguments": {"order_id": "#W9"}},
    {"name": "cancel_pending_order", "arguments": {"order_id": "#W1", "reason": "ordered by mistake"}},
]


def retail(shop: RetailShop, folder: Path, to_say: tuple[str, ...] = ()) -> TauRetail:
    """Write a set of one task and return it."""
    task = {
        "id": 1,
        "user_scenario": {
            "persona": "You are curt.",
            "instructions": {"reason_for_call": "Cancel it.", "known_info": "You are Ann Ott."},
        },
        "evaluation_criteria": {"actions": SCRIPT, "communicate_info": to_say},
    }
    (folder / "db.json").write_text(json.dumps(shop.database), encoding="utf-8")
    (folder / "tasks.json").write_text(json.dumps([task]), encoding="utf-8")
    (folder / "policy.md").write_text("Cancel only pending orders.", encoding="utf-8")
    return TauRetail(folder)


@pytest.mark.anyio
async def test_a_script_runs_as_an_action_and_a_failing_look_up_does_not_end_it(
    shop: RetailShop, tmp_path: Path
) -> None:
    suite = retail(shop, tmp_path)
    results = await run_tasks(
        suite,
        "tau-retail",
        tmp_path,
        [TruthAuthor()],
        tasks=suite.tasks(),
        results=ResultFile(None),
        on_result=lambda _: None,
    )
    (found,) = results["truth"]
    assert (found.passed, found.calls, found.failed_calls, found.approvals) == (True, 2, 1, 1), found.reason


@pytest.mark.parametrize(
    ("calls", "reason"),
    [
        (SCRIPT[:1], "the database is not that"),
        ([*SCRIPT, {"name": "get_user_details", "arguments": {"user_id": "ann_1"}}], "the answers are not those"),
    ],
)
def test_a_call_too_few_or_too_many_is_seen(shop: RetailShop, calls: list[dict[str, Any]], reason: str) -> None:
    world = RetailWorld(shop, RetailShop(copy.deepcopy(shop.database)), SCRIPT, ())
    for call in calls:
        try:
            world.call("retail", call["name"], call["arguments"])
        except ShopError:
            continue
    assert not world.verdict().passed
    assert world.verdict().reason.startswith(reason)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("told", "reason"), [("You get 10.00 back.", ""), ("Done.", "the customer was not told 10.00")]
)
async def test_a_model_talks_with_a_played_customer_and_must_say_what_is_asked(
    shop: RetailShop, tmp_path: Path, told: str, reason: str
) -> None:
    suite = retail(shop, tmp_path, ("10.00",))
    cancel = {"name": "cancel_pending_order", "arguments": {"order_id": "#W1", "reason": "ordered by mistake"}}
    replies = [Reply(text="Which order?"), Reply(tool_calls=(cancel,)), Reply(text=told)]
    customer = PlayedPerson(ScriptedModel(["Cancel my order.", "#W1, by mistake.", "###STOP###"]))
    with FakeModelServer(replies) as server:
        async with model_at(server.openai_url, "", "") as model:
            results = await run_tasks(
                suite,
                "tau-retail",
                tmp_path,
                [JsonCaller(model, rounds_most=5)],
                tasks=suite.tasks(),
                results=ResultFile(None),
                on_result=lambda _: None,
                person=customer,
            )
    (found,) = results["fake-model json, person scripted"]
    assert (found.passed, found.reason) == (not reason, reason)
    assert (found.turns, found.model_calls, found.calls, found.approvals) == (2, 3, 1, 1)
    assert "Cancel only pending orders." in server.requests[0].messages[0]["content"]
    assert [one["content"] for one in server.requests[-1].messages if one["role"] == "user"] == [
        "Cancel my order.",
        "#W1, by mistake.",
    ]
