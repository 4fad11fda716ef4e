"""The shop of tau-bench retail: its orders, users and products, and what an agent may do with them.

Written by us from the set's policy and the calls of its tasks; each public method is a tool.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sanca.python_runtime.evaluation.arithmetic import work_out

_REASONS = ("no longer needed", "ordered by mistake")
_CENT = 2


class ShopError(Exception):
    """The shop cannot do that; a sentence says why."""


class RetailShop:
    """Works on a database as the set gives it: `users`, `orders` and `products` by id."""

    def __init__(self, database: dict[str, Any]) -> None:
        self.database = database

    def find_user_id_by_email(self, email: str) -> str:
        """Find a user's id by their email address."""
        wanted = email.lower()
        return self._only_user(lambda user: user["email"].lower() == wanted)

    def find_user_id_by_name_zip(self, first_name: str, last_name: str, zip: str) -> str:
        """Find a user's id by first name, last name and zip code."""
        wanted = (first_name.lower(), last_name.lower(), zip)
        return self._only_user(lambda user: _name_and_zip(user) == wanted)

    def get_user_details(self, user_id: str) -> dict[str, Any]:
        """Return a user: name, address, email, payment methods and order ids."""
        return self._one("users", user_id, "user")

    def get_order_details(self, order_id: str) -> dict[str, Any]:
        """Return an order; its id begins with '#'."""
        return self._one("orders", order_id, "order")

    def get_product_details(self, product_id: str) -> dict[str, Any]:
        """Return a product with all its variants; a product's id is not that of an item."""
        return self._one("products", product_id, "product")

    def get_item_details(self, item_id: str) -> dict[str, Any]:
        """Return one variant of a product by its item id."""
        for product in self.database["products"].values():
            if item_id in product["variants"]:
                found: dict[str, Any] = product["variants"][item_id]
                return found
        raise ShopError(f"There is no item {item_id!r}.")

    def list_all_product_types(self) -> dict[str, str]:
        """Return the product id of every product name."""
        return {
            one["name"]: key for key, one in sorted(self.database["products"].items(), key=lambda each: each[1]["name"])
        }

    def calculate(self, expression: str) -> str:
        """Work out numbers with + - * / and brackets."""
        try:
            return str(round(float(work_out(expression)), _CENT))
        except ValueError as error:
            raise ShopError(f"{error}.") from error

    def transfer_to_human_agents(self, summary: str) -> str:
        """Hand the user over to a person, with a summary of what they want; only when nothing else can be done."""
        del summary
        return "The user was handed over to a person."

    def modify_user_address(
        self,
        user_id: str,
        address1: str,
        address2: str,
        city: str,
        state: str,
        country: str,
        zip: str,
    ) -> dict[str, Any]:
        """Change a user's default address."""
        user = self._one("users", user_id, "user")
        user["address"] = _address(address1, address2, city, state, country, zip)
        return user

    def modify_pending_order_address(
        self,
        order_id: str,
        address1: str,
        address2: str,
        city: str,
        state: str,
        country: str,
        zip: str,
    ) -> dict[str, Any]:
        """Change where a pending order goes."""
        order = self._one("orders", order_id, "order")
        if not order["status"].startswith("pending"):
            raise ShopError(f"The order {order_id} is {order['status']}, not pending.")
        order["address"] = _address(address1, address2, city, state, country, zip)
        return order

    def cancel_pending_order(self, order_id: str, reason: str) -> dict[str, Any]:
        """Cancel a pending order and refund it; the reason is 'no longer needed' or 'ordered by mistake'."""
        order = self._order(order_id, "pending")
        if reason not in _REASONS:
            raise ShopError(f"The reason must be one of {', '.join(_REASONS)}, not {reason!r}.")
        for paid in [one for one in order["payment_history"] if one["transaction_type"] == "payment"]:
            self._refund(order, paid["payment_method_id"], paid["amount"])
        order["status"], order["cancel_reason"] = "cancelled", reason
        return order

    def modify_pending_order_payment(self, order_id: str, payment_method_id: str) -> dict[str, Any]:
        """Pay a pending order by another method of the user."""
        order = self._order(order_id, "pending")
        payments = [one for one in order["payment_history"] if one["transaction_type"] == "payment"]
        if len(payments) != 1 or len(order["payment_history"]) != 1:
            raise ShopError(f"The order {order_id} was not paid by one single payment.")
        before = payments[0]
        if before["payment_method_id"] == payment_method_id:
            raise ShopError("The new payment method must be another one.")
        self._pay(order, payment_method_id, before["amount"])
        self._refund(order, before["payment_method_id"], before["amount"])
        return order

    def modify_pending_order_items(
        self, order_id: str, item_ids: list[str], new_item_ids: list[str], payment_method_id: str
    ) -> dict[str, Any]:
        """Change items of a pending order to other variants of the same products; possible once an order."""
        order = self._order(order_id, "pending")
        difference = self._difference(order, item_ids, new_item_ids, payment_method_id)
        if difference > 0:
            self._pay(order, payment_method_id, difference)
        elif difference < 0:
            self._refund(order, payment_method_id, -difference)
        for item_id, new_item_id in zip(item_ids, new_item_ids, strict=True):
            item = next(one for one in order["items"] if one["item_id"] == item_id)
            variant = self.database["products"][item["product_id"]]["variants"][new_item_id]
            item |= {"item_id": new_item_id, "price": variant["price"], "options": variant["options"]}
        order["status"] = "pending (item modified)"
        return order

    def return_delivered_order_items(
        self, order_id: str, item_ids: list[str], payment_method_id: str
    ) -> dict[str, Any]:
        """Take back items of a delivered order; refunded to the original payment method or a gift card."""
        order = self._order(order_id, "delivered")
        self._check_items(order, item_ids)
        method = self._method(order, payment_method_id)
        if method["source"] != "gift_card" and payment_method_id != order["payment_history"][0]["payment_method_id"]:
            raise ShopError("The refund goes to the original payment method or to a gift card.")
        order["status"] = "return requested"
        order["return_items"], order["return_payment_method_id"] = sorted(item_ids), payment_method_id
        return order

    def exchange_delivered_order_items(
        self, order_id: str, item_ids: list[str], new_item_ids: list[str], payment_method_id: str
    ) -> dict[str, Any]:
        """Exchange items of a delivered order for other variants of the same products; possible once an order."""
        order = self._order(order_id, "delivered")
        difference = self._difference(order, item_ids, new_item_ids, payment_method_id)
        self._check_balance(self._method(order, payment_method_id), difference)
        order["status"] = "exchange requested"
        order["exchange_items"], order["exchange_new_items"] = sorted(item_ids), sorted(new_item_ids)
        order["exchange_payment_method_id"], order["exchange_price_difference"] = payment_method_id, difference
        return order

    def _only_user(self, fits: Any) -> str:
        for user_id, user in self.database["users"].items():
            if fits(user):
                return str(user_id)
        raise ShopError("There is no such user.")

    def _one(self, table: str, key: str, what: str) -> dict[str, Any]:
        found: dict[str, Any] | None = self.database[table].get(key)
        if found is None:
            raise ShopError(f"There is no {what} {key!r}.")
        return found

    def _order(self, order_id: str, status: str) -> dict[str, Any]:
        order = self._one("orders", order_id, "order")
        if order["status"] != status:
            raise ShopError(f"The order {order_id} is {order['status']}, not {status}.")
        return order

    def _method(self, order: dict[str, Any], payment_method_id: str) -> dict[str, Any]:
        methods = self.database["users"][order["user_id"]]["payment_methods"]
        if payment_method_id not in methods:
            raise ShopError(f"The user has no payment method {payment_method_id!r}.")
        found: dict[str, Any] = methods[payment_method_id]
        return found

    def _check_items(self, order: dict[str, Any], item_ids: Sequence[str]) -> None:
        missing = Counter(item_ids) - Counter(item["item_id"] for item in order["items"])
        if missing:
            raise ShopError(f"The order {order['order_id']} does not have {', '.join(missing)}.")

    def _difference(
        self, order: dict[str, Any], item_ids: Sequence[str], new_item_ids: Sequence[str], payment_method_id: str
    ) -> float:
        """Return what the new items cost more, after looking whether they can be had."""
        self._check_items(order, item_ids)
        self._method(order, payment_method_id)
        if len(item_ids) != len(new_item_ids):
            raise ShopError("There must be as many new items as old ones.")
        difference = 0.0
        for item_id, new_item_id in zip(item_ids, new_item_ids, strict=True):
            item = next(one for one in order["items"] if one["item_id"] == item_id)
            variant = self.database["products"][item["product_id"]]["variants"].get(new_item_id)
            if variant is None or not variant["available"]:
                raise ShopError(f"There is no item {new_item_id} of the product {item['name']} to be had.")
            difference += variant["price"] - item["price"]
        return round(difference, _CENT)

    def _pay(self, order: dict[str, Any], payment_method_id: str, amount: float) -> None:
        method = self._method(order, payment_method_id)
        self._check_balance(method, amount)
        if method["source"] == "gift_card":
            method["balance"] = round(method["balance"] - amount, _CENT)
        order["payment_history"].append(_transaction("payment", amount, payment_method_id))

    def _refund(self, order: dict[str, Any], payment_method_id: str, amount: float) -> None:
        method = self._method(order, payment_method_id)
        if method["source"] == "gift_card":
            method["balance"] = round(method["balance"] + amount, _CENT)
        order["payment_history"].append(_transaction("refund", amount, payment_method_id))

    def _check_balance(self, method: dict[str, Any], amount: float) -> None:
        if method["source"] == "gift_card" and method["balance"] < amount:
            raise ShopError(f"The gift card {method['id']} has {method['balance']}, and {amount} is needed.")


def _name_and_zip(user: dict[str, Any]) -> tuple[str, str, str]:
    name = user["name"]
    return name["first_name"].lower(), name["last_name"].lower(), user["address"]["zip"]


def _address(address1: str, address2: str, city: str, state: str, country: str, code: str) -> dict[str, str]:
    return {
        "address1": address1,
        "address2": address2,
        "city": city,
        "country": country,
        "state": state,
        "zip": code,
    }


def _transaction(kind: str, amount: float, payment_method_id: str) -> dict[str, Any]:
    return {"transaction_type": kind, "amount": amount, "payment_method_id": payment_method_id}
