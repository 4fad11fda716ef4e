"""Inventory: knows what lies in the warehouses, reserves it for orders and orders new stock in time."""

from __future__ import annotations

import logging
import time
from sqlite3 import Connection
from typing import Any

from fleetkit.server import serve
from fleetkit.service import RequestError, service_from_command_line

SCHEMA = """
CREATE TABLE IF NOT EXISTS stock (sku TEXT PRIMARY KEY, quantity INTEGER, weekly_sales INTEGER, shelf TEXT);
CREATE TABLE IF NOT EXISTS suppliers (sku TEXT PRIMARY KEY, pack_size INTEGER);
INSERT OR IGNORE INTO stock VALUES
  ('lamp', 420, 35, 'A-04'), ('mug', 900, 120, 'B-11'), ('notebook', 1500, 210, 'B-02'),
  ('chair', 160, 12, NULL), ('poster', 700, 0, 'C-07');
INSERT OR IGNORE INTO suppliers VALUES ('lamp', 50), ('mug', 120), ('notebook', 200), ('chair', 20);
"""

log = logging.getLogger("inventory")
service = service_from_command_line("inventory", SCHEMA, __file__)


@service.route("GET", "/stock/{sku}")
def show_stock(sku: str) -> dict[str, Any]:
    """Return what lies in stock of one product."""
    with service.storage.tables(), service.pool.connection() as db:
        row = stock_row(db, sku)
    return {"sku": sku, "quantity": row["quantity"], "cover_weeks": cover_weeks(row["quantity"], row["weekly_sales"])}


@service.route("POST", "/reservations")
def reserve(body: dict[str, Any]) -> dict[str, Any]:
    """Take the lines of an order out of stock."""
    with service.storage.tables():
        packs = {line["sku"]: pack_size(line["sku"]) for line in body["lines"]}
        with service.pool.connection() as db:
            ask_warehouse()
            places = [take(db, line, packs[line["sku"]]) for line in body["lines"]]
    service.storage.append("reservations", {"order_id": body["order_id"], "places": places})
    log.info("order %s reserved at %s", body["order_id"], picking_route(places))
    return {"places": places, "backordered": any(place["short"] for place in places)}


def stock_row(db: Connection, sku: str) -> Any:  # a row
    """Return the stock of `sku` or refuse the request."""
    row = db.execute("SELECT sku, quantity, weekly_sales, shelf FROM stock WHERE sku = ?", (sku,)).fetchone()
    if row is None:
        raise RequestError(404, f"there is no stock of {sku}")
    return row


def ask_warehouse() -> None:
    """Wait for the warehouse's terminal; the round trip takes as long as that of a real one."""
    time.sleep(service.config.get("warehouse.round_trip_ms", int) / 1000)


def take(db: Connection, line: dict[str, Any], pack: int) -> dict[str, Any]:
    """Reduce the stock by one line; reorder when it no longer covers the weeks it should."""
    row = stock_row(db, line["sku"])
    quantity = int(line["quantity"])
    left = max(0, row["quantity"] - quantity)
    if cover_weeks(left, row["weekly_sales"]) < service.config.get("reorder.cover_weeks", int):
        left += packs_needed(quantity, pack) * pack
    db.execute("UPDATE stock SET quantity = ? WHERE sku = ?", (left, line["sku"]))
    return {"sku": line["sku"], "shelf": row["shelf"], "short": row["quantity"] < quantity}


def cover_weeks(quantity: int, weekly_sales: int) -> float:
    """Return for how many weeks the stock lasts; what nobody buys lasts a year."""
    return quantity / weekly_sales if weekly_sales else 52.0


def pack_size(sku: str) -> int:
    """Return how many pieces the supplier of `sku` sends at once; without a supplier we make them one by one."""
    with service.pool.connection() as db:
        row = db.execute("SELECT pack_size FROM suppliers WHERE sku = ?", (sku,)).fetchone()
    return int(row["pack_size"]) if row else 1


def packs_needed(quantity: int, pack: int) -> int:
    """Return how many packs replace `quantity` pieces."""
    return max(1, -(-quantity // pack))


def picking_route(places: list[dict[str, Any]]) -> str:
    """Return the shelves in the order a picker walks; bulky goods have none and come last."""
    shelves = sorted(place["shelf"] for place in places if place["shelf"])
    return " > ".join(shelves) or "bulk area"


serve(service)
