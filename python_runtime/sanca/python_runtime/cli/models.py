"""`sanca models`: which model serves which role, its fall-backs, how it stands and what it costs; and a trial of each.

Asks the running engine of this state folder where there is one; what it read from its environment counts then.
"""

from __future__ import annotations

import getpass
import json
import os
from typing import Any

import anyio
import grpc
from rich.console import Console
from rich.table import Table
from sanca.core.errors import GatewayUnavailableError
from sanca.core.home import find_home
from sanca.python_runtime.cli.access import UNREACHABLE, find_running_engine
from sanca.python_runtime.models import ModelRegistry
from sanca.python_runtime.service import engine_pb2 as pb
from sanca.python_runtime.service import engine_pb2_grpc

HOW = "No model is set: sanca works from its skills. Set OPENAI_API_KEY, DASHSCOPE_API_KEY or ANTHROPIC_API_KEY."
_COUNTS = ("input_tokens", "output_tokens", "cached_tokens")


def print_models(*, as_json: bool) -> None:
    """Print roles, endpoints without keys, fall-backs, states, prices, and what was used since the engine began.

    Raises:
        GatewayUnavailableError: The running engine does not answer.
    """
    registry = ModelRegistry(find_home(), os.environ)
    running = _of_running_engine()
    if running is None:
        models = [entry.model_dump() for entry in registry.entries()]
        usage: list[dict[str, Any]] = []
    else:
        models = [_entry(entry) for entry in running.models]
        usage = [_usage(row) for row in running.usage]
    for model in models:
        price = registry.price(model["model"])
        model["price"] = price.model_dump() if price else None
    if as_json:
        told = {"engine_running": running is not None, "models": models, "usage": usage}
        print(json.dumps(told, ensure_ascii=False))  # noqa: T201
        return
    if not models:
        print(HOW)  # noqa: T201
        return
    console = Console()
    console.print(_models_table(models))
    for model in models:
        if model["state_detail"]:
            console.print(f"[yellow]{model['role']}[/]: {model['state_detail']}", highlight=False)
    if usage:
        console.print(_usage_table(usage))


def test_models(role: str, *, as_json: bool) -> int:
    """Ask each model of a role, or of all roles, for one word; return 1 when one did not answer."""
    return anyio.run(_test_models, role, as_json)


async def _test_models(role: str, as_json: bool) -> int:
    registry = ModelRegistry(find_home(), os.environ)
    if not registry.entries():
        print(HOW)  # noqa: T201
        return 1
    all_ok = True
    async for tried in registry.try_out(role):
        all_ok = all_ok and tried.ok
        if as_json:
            print(json.dumps(tried._asdict(), ensure_ascii=False), flush=True)  # noqa: T201
        else:
            print(f"{'ok  ' if tried.ok else 'FAIL'} {tried.roles:24} {tried.model}: {tried.message}", flush=True)  # noqa: T201
    return 0 if all_ok else 1


def _of_running_engine() -> pb.ModelSettings | None:
    engine = find_running_engine()
    if engine is None:
        return None
    caller = pb.Caller(tenant="default", user=getpass.getuser(), rights=["*"], channel="cli")
    with grpc.insecure_channel(engine.address) as channel:
        try:
            return engine_pb2_grpc.EngineStub(channel).GetModels(
                pb.GetModelsRequest(caller=caller), metadata=engine.metadata, timeout=5
            )
        except grpc.RpcError as error:
            raise GatewayUnavailableError(UNREACHABLE.format(pid=engine.pid)) from error


def _entry(entry: pb.ModelEntry) -> dict[str, Any]:
    names = ("role", "kind", "model", "base_url", "has_key", "source", "state", "state_detail")
    return {**{name: getattr(entry, name) for name in names}, "fallbacks": list(entry.fallbacks)}


def _usage(row: pb.Usage) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("role", "model", *_COUNTS, "reasoning_tokens", "cost", "currency")}


def _models_table(models: list[dict[str, Any]]) -> Table:
    table = Table("role", "model", "at", "key", "from", "state", "price a million in / cached / out", "fall-backs")
    table.box, table.pad_edge = None, False
    for one in models:
        where = one["base_url"] or "the provider's own address"
        table.add_row(
            one["role"],
            f"{one['kind']}:{one['model'] or '(the first it lists)'}",
            where,
            "yes" if one["has_key"] else "no",
            one["source"],
            one["state"],
            _price(one["price"]),
            "\n".join(one["fallbacks"]) or "-",
        )
    return table


def _price(price: dict[str, Any] | None) -> str:
    if price is None:
        return "not told"
    cached = price["input"] if price["cached"] is None else price["cached"]
    return f"{price['input']:g} / {cached:g} / {price['output']:g} {price['currency']}"


def _usage_table(usage: list[dict[str, Any]]) -> Table:
    table = Table("since the engine began", "model", "tokens in", "of them cached", "tokens out", "cost", box=None)
    table.pad_edge = False
    for row in usage:
        cost = f"{row['cost']:.4f} {row['currency']}" if row["currency"] else "not known"
        counts = [f"{row[name]:,}" for name in ("input_tokens", "cached_tokens", "output_tokens")]
        table.add_row(row["role"], row["model"], *counts, cost)
    return table
