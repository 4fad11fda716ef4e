"""Storefront: what the shop's visitors reach. Shows products, prices a cart and hands the order to checkout."""

from __future__ import annotations

import logging
from sqlite3 import Connection
from typing import Any

from fleetkit.server import serve
from fleetkit.service import RequestError, service_from_command_line

SCHEMA = """
CREATE TABLE IF NOT EXISTS products (sku TEXT PRIMARY KEY, title TEXT, price_cents INTEGER, weight_grams INTEGER);
CREATE TABLE IF NOT EXISTS coupons (code TEXT PRIMARY KEY, percent INTEGER);
CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, customer TEXT, total_cents INTEGER, note TEXT);
INSERT OR IGNORE INTO products VALUES
  ('lamp', 'Desk lamp', 3490, 1200), ('mug', 'Stoneware mug', 1290, 420), ('notebook', 'Notebook A5', 890, 310),
  ('chair', 'Folding chair', 5900, 4800), ('poster', 'City poster', 1990, 240);
INSERT OR IGNORE INTO coupons VALUES ('SPRING5', 5), ('FRIENDS10', 10);
"""

log = logging.getLogger("storefront")
service = service_from_command_line("storefront", SCHEMA, __file__)
checkout = service.dependencies["checkout"]


@service.route("GET", "/products")
def list_products() -> dict[str, Any]:
    """Return every product with its price."""
    with service.storage.tables(), service.pool.connection() as db:
        rows = db.execute("SELECT * FROM products ORDER BY title LIMIT ?", (page_size(),)).fetchall()
    return {"products": [dict(row) for row in rows]}


@service.route("GET", "/products/{sku}")
def show_product(sku: str) -> dict[str, Any]:
    """Return one product."""
    with service.storage.tables(), service.pool.connection() as db:
        return dict(product(db, sku))


@service.route("POST", "/orders")
def place_order(body: dict[str, Any]) -> dict[str, Any]:
    """Price the cart, hand it to checkout and keep the order."""
    with service.storage.tables():
        percent = coupon_percent(body)
        with service.pool.connection() as db:
            lines = priced_lines(db, body["lines"])
            total = discounted(sum(line["price_cents"] * line["quantity"] for line in lines), percent)
            order = {"customer": body["customer"], "lines": lines, "total_cents": total, "note": gift_note(body)}
            answer = checkout.post("/checkouts", order | {"discount_percent": percent})
            keep(db, str(answer["order_id"]), order)
    service.storage.append("orders", {"order_id": answer["order_id"], "total_cents": total})
    log.info("order %s of %s placed, %.2f EUR", answer["order_id"], body["customer"]["id"], total / 100)
    return {"order_id": answer["order_id"], "total_cents": total, "delivery": answer["delivery"]}


def page_size() -> int:
    """Return how many products a page shows."""
    return service.config.get("catalogue.page_size", int)


def product(db: Connection, sku: str) -> Any:  # a row
    """Return the product `sku` or refuse the request."""
    row = db.execute("SELECT sku, title, price_cents, weight_grams FROM products WHERE sku = ?", (sku,)).fetchone()
    if row is None:
        raise RequestError(404, f"there is no product {sku}")
    return row


def priced_lines(db: Connection, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add price and weight to every line; a form sends quantities as text."""
    priced = []
    for line in lines:
        row = product(db, line["sku"])
        quantity = int(line.get("quantity", 1))
        weight = row["weight_grams"] * quantity
        priced.append(
            {"sku": row["sku"], "quantity": quantity, "price_cents": row["price_cents"], "weight_grams": weight}
        )
    return priced


def coupon_percent(body: dict[str, Any]) -> int:
    """Return what the coupon takes off; most orders have none."""
    code = body.get("coupon")
    with service.pool.connection() as db:
        row = db.execute("SELECT percent FROM coupons WHERE code = ?", (code,)).fetchone()
    return int(row["percent"]) if row else 0


def discounted(total_cents: int, percent: int) -> int:
    """Return the total after the coupon, in cents."""
    return total_cents - total_cents * percent // 100


def gift_note(body: dict[str, Any]) -> str:
    """Return the note for the parcel, cut to what fits on the card."""
    return (body.get("gift_note") or "").strip()[: service.config.get("orders.note_characters", int)]


def keep(db: Connection, order_id: str, order: dict[str, Any]) -> None:
    """Store the order and forget those long past."""
    values = (order_id, order["customer"]["id"], order["total_cents"], order["note"])
    db.execute("INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?)", values)
    db.execute("DELETE FROM orders WHERE rowid < (SELECT max(rowid) FROM orders) - 2000")


serve(service)
