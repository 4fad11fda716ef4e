"""What a tool says verifies it: what is understood, what agrees, and what cannot be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from sanca.core.errors import ConfigurationError
from sanca.python_runtime.self_check.expectation import Expectation, UnknownValueError

pytestmark = pytest.mark.anyio

ROWS = [{"name": "a", "path": "exports/x.csv", "pid": 7}, {"name": "b", "path": "shop.db", "pid": 8}]


async def read(name: str, positional: Sequence[Any], named: Mapping[str, Any]) -> Any:
    assert name in {"config", "rows", "other.rows"}
    return {"release": "v2", "values": {"pool.size": "20"}} if name == "config" else ROWS


async def disagreement(text: str, result: Any = None, **arguments: Any) -> str:
    return await Expectation(text).disagreement(arguments, result, read)


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("config(service).values[key] == value", {"service": "a", "key": "pool.size", "value": 20}),
        ("config(service).release == result.release", {"service": "a"}),
        ("count(rows(), pid=pid) == 0", {"pid": 9}),
        ("count(other.rows(), path=pattern) == 1 and not result.failed", {"pattern": "exports/*.csv"}),
        ("older == 0 or count(rows(), path='**') == 2", {"older": 5}),
        ("count(rows(), path='**', not_path='*.db') == 1", {}),
        ("config(service).release in ['v1', 'v2'] and -1 < count(rows()) <= 2", {"service": "a"}),
        ("result.failed == false and result.why == null and rows() != 3", {}),
    ],
)
async def test_what_the_world_agrees_with(text: str, arguments: dict[str, Any]) -> None:
    assert await disagreement(text, {"release": "V2", "failed": False, "why": None}, **arguments) == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("config(service).values['pool.size'] == 21", "config(service).values['pool.size'] is '20'"),
        ("count(rows(), path='*.csv') == 1", "count(rows(), path='*.csv') is 0"),  # a star stays within a folder
        ("config(service).release != 'v2'", "config(service).release is 'v2'"),
        ("not result", "not result does not hold"),
    ],
)
async def test_what_disagrees_says_what_was_found(text: str, found: str) -> None:
    assert await disagreement(text, result=True, service="a") == found


@pytest.mark.parametrize(
    "text",
    ["config(service).nothing == 1", "unnamed == 1", "config(service).release > 3", "count(config(service)) == 1"],
)
async def test_what_is_not_there_can_not_be_told(text: str) -> None:
    with pytest.raises(UnknownValueError):
        await disagreement(text, service="a")


@pytest.mark.parametrize(
    "text", ["config(", "[x for x in rows()]", "lambda: 1", "(x := 1)", "config(**{})", "f'{result}'", "a if b else c"]
)
def test_anything_but_a_comparison_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="verified_by"):
        Expectation(text)
