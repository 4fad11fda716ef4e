"""Checkout: turns a priced cart into an order. Reserves the stock, charges the card, plans the delivery."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime, timedelta
from sqlite3 import Connection
from typing import Any

from fleetkit.server import serve
from fleetkit.service import RequestError, service_from_command_line

SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, customer TEXT, total_cents INTEGER, charge TEXT);
CREATE TABLE IF NOT EXISTS tiers (tier TEXT PRIMARY KEY, free_shipping_from_cents INTEGER);
INSERT OR IGNORE INTO tiers VALUES ('silver', 5000), ('gold', 0);
"""

log = logging.getLogger("checkout")
service = service_from_command_line("checkout", SCHEMA, __file__)
payment = service.dependencies["payment"]
inventory = service.dependencies["inventory"]


@service.route("POST", "/checkouts")
def check_out(body: dict[str, Any]) -> dict[str, Any]:
    """Check the cart, reserve, charge, and keep the order."""
    with service.storage.tables():
        check_total(body)
        shipping = shipping_cents(body)
        with service.pool.connection() as db:
            order_id = new_order_id(db)
            reservation = inventory.post("/reservations", {"order_id": order_id, "lines": reserved_lines(body)})
            charge = payment.post("/charges", charge_request(order_id, body, shipping))
            keep(db, order_id, body, str(charge["charge_id"]))
    delivery = delivery_day(reservation)
    service.storage.append("orders", {"order_id": order_id, "charge": charge["charge_id"], "delivery": delivery})
    log.info("order %s charged as %s, delivery %s", order_id, charge["charge_id"], delivery)
    return {"order_id": order_id, "shipping_cents": shipping, "delivery": delivery}


def check_total(body: dict[str, Any]) -> None:
    """Refuse a cart whose total is not what its lines come to."""
    gross = sum(line["price_cents"] * line["quantity"] for line in body["lines"])
    expected = gross - gross * body.get("discount_percent", 0) // 100
    if body["total_cents"] != expected:
        raise RequestError(422, f"the total is {body['total_cents']} cents, but the lines come to {expected} cents")


def shipping_cents(body: dict[str, Any]) -> int:
    """Return what shipping costs: by weight, and nothing for good customers with a large cart."""
    free_from = free_shipping_from(body["customer"].get("tier"))
    if body["total_cents"] >= free_from:
        return 0
    weight = sum(line["weight_grams"] for line in body["lines"])
    parcels = max(1, -(-weight // service.config.get("shipping.parcel_grams", int)))
    return parcels * service.config.get("shipping.parcel_cents", int)


def free_shipping_from(tier: str | None) -> int:
    """Return from which total on shipping is free for customers of `tier`."""
    with service.pool.connection() as db:
        row = db.execute("SELECT free_shipping_from_cents FROM tiers WHERE tier = ?", (tier,)).fetchone()
    return int(row["free_shipping_from_cents"]) if row else service.config.get("shipping.free_from_cents", int)


def new_order_id(db: Connection) -> str:
    """Return an id that no stored order has."""
    order_id = uuid.uuid4().hex[:10]
    taken = db.execute("SELECT 1 FROM orders WHERE id = ?", (order_id,)).fetchone()
    return new_order_id(db) if taken else order_id


def reserved_lines(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what inventory needs to know of the lines."""
    return [{"sku": line["sku"], "quantity": line["quantity"]} for line in body["lines"]]


def charge_request(order_id: str, body: dict[str, Any], shipping: int) -> dict[str, Any]:
    """Return what payment needs to charge the customer."""
    customer = body["customer"]
    amount = body["total_cents"] + shipping
    request = {"order_id": order_id, "amount_cents": amount, "card": customer["card"]}
    return request | {"instalments": customer.get("instalments")}


def delivery_day(reservation: dict[str, Any]) -> str:
    """Return the day the parcel arrives; what is short in stock takes longer."""
    days = service.config.get("shipping.days", int) + (3 if reservation.get("backordered") else 0)
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def keep(db: Connection, order_id: str, body: dict[str, Any], charge_id: str) -> None:
    """Store the order and forget those long past."""
    values = (order_id, body["customer"]["id"], body["total_cents"], charge_id)
    db.execute("INSERT INTO orders VALUES (?, ?, ?, ?)", values)
    db.execute("DELETE FROM orders WHERE rowid < (SELECT max(rowid) FROM orders) - 2000")


serve(service)
