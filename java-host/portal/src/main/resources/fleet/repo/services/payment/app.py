"""Payment: charges cards through the acquirer's test terminal and keeps a record of every charge."""

from __future__ import annotations

import logging
import time
import uuid
from sqlite3 import Connection
from typing import Any

from fleetkit.server import serve
from fleetkit.service import RequestError, service_from_command_line

SCHEMA = """
CREATE TABLE IF NOT EXISTS charges (id TEXT PRIMARY KEY, order_id TEXT, amount_cents INTEGER, fee_cents INTEGER);
CREATE TABLE IF NOT EXISTS issuers (issuer TEXT PRIMARY KEY, fee_permille INTEGER);
INSERT OR IGNORE INTO issuers VALUES ('aurora', 14), ('meridian', 19);
"""
MINOR_UNITS = {"EUR": 100, "USD": 100, "CNY": 100, "JPY": 1}

log = logging.getLogger("payment")
service = service_from_command_line("payment", SCHEMA, __file__)


@service.route("POST", "/charges")
def charge(body: dict[str, Any]) -> dict[str, Any]:
    """Charge the card and keep the charge."""
    with service.storage.tables():
        amount = checked_amount(body)
        fee = fee_cents(amount, body["card"])
        rates = instalment_plan(amount, body)
        with service.pool.connection() as db:
            authorisation = authorise(body["card"], amount)
            charge_id = uuid.uuid4().hex[:12]
            keep(db, charge_id, body["order_id"], amount, fee)
    service.storage.append("charges", {"charge_id": charge_id, "amount_cents": amount, "fee_cents": fee})
    log.info("charge %s: %s, %d instalment(s), %s", charge_id, shown(amount), len(rates), authorisation)
    return {"charge_id": charge_id, "fee_cents": fee, "instalments": rates, "authorisation": authorisation}


def checked_amount(body: dict[str, Any]) -> int:
    """Return the amount in cents, or refuse what cannot be charged."""
    amount = body["amount_cents"]
    if not isinstance(amount, int) or amount <= 0:
        raise RequestError(422, f"amount_cents must be a whole number above 0, but is {amount!r}")
    limit = service.config.get("charges.limit_cents", int)
    if amount > limit:
        raise RequestError(422, f"{amount} cents are above the limit of {limit} cents")
    return amount


def fee_cents(amount: int, card: dict[str, Any]) -> int:
    """Return the acquirer's fee; cards of unknown issuers cost the standard rate."""
    return -(-amount * fee_permille(card.get("issuer")) // 1000)


def fee_permille(issuer: str | None) -> int:
    """Return the rate of `issuer` in thousandths."""
    with service.pool.connection() as db:
        row = db.execute("SELECT fee_permille FROM issuers WHERE issuer = ?", (issuer,)).fetchone()
    return int(row["fee_permille"]) if row else service.config.get("fees.standard_permille", int)


def instalment_plan(amount: int, body: dict[str, Any]) -> list[int]:
    """Split the amount into equal instalments; the first takes the remainder."""
    count = max(1, int(body.get("instalments") or 1))
    each = amount // count
    return [amount - each * (count - 1)] + [each] * (count - 1)


def authorise(card: dict[str, Any], amount: int) -> str:
    """Ask the acquirer's test terminal; the round trip takes as long as that of a real one."""
    time.sleep(service.config.get("acquirer.round_trip_ms", int) / 1000)
    digits = str(card["number"])[-4:]
    return f"{service.config.get('acquirer.terminal', str)}-{digits}-{amount % 9973:04d}"


def shown(amount: int) -> str:
    """Return the amount as people write it."""
    currency = service.config.get("charges.currency", str)
    return f"{amount / MINOR_UNITS[currency]:.2f} {currency}"


def keep(db: Connection, charge_id: str, order_id: str, amount: int, fee: int) -> None:
    """Store the charge and forget those long past."""
    db.execute("INSERT INTO charges VALUES (?, ?, ?, ?)", (charge_id, order_id, amount, fee))
    db.execute("DELETE FROM charges WHERE rowid < (SELECT max(rowid) FROM charges) - 2000")


serve(service)
