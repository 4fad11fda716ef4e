"""Every Java signature over the gateway of a real JVM: the rows that the host's own tests call, and drawn values."""

from __future__ import annotations

import ast
import base64
import itertools
import json
import keyword
from typing import Any

import orjson
import pytest
from contract_host import ROWS, ContractHost
from hypothesis import HealthCheck, given, settings
from sanca.core.errors import ToolArgumentError
from sanca.core.tools import CallContext, CallOutcome, ToolDefinition
from sanca.python_runtime.action_check import TyChecker
from sanca.toolkit_bridge import GatewayCall, ToolSignature, WireGateway, render_stub
from sanca.toolkit_bridge.checker_stubs import checker_stubs
from sanca.toolkit_bridge.py4j_gateway import Py4JGateway
from schema_values import canonical, values_of

pytestmark = pytest.mark.jvm

LEAST_SIGNATURES = 120
ECHO = {"numbers", "texts", "times", "binaries", "collections", "records", "generics"}
"""Toolkits whose tools return their one argument `value`."""

EXAMPLES = 20
_numbers = itertools.count(1)


def rows() -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in ROWS.read_bytes().splitlines()]


def call(
    gateway: WireGateway | Py4JGateway,
    tool: str,
    arguments: dict[str, Any],
    *,
    pages: bool = False,
    run: str = "run_c",
) -> CallOutcome:
    toolkit, _, name = tool.rpartition(".")
    call_id = f"{run}/{next(_numbers)}"
    context = CallContext(call_id=call_id, run_id=run, session_id="ses", tenant="t", user="u", pages=pages)
    sent = json.dumps(arguments, ensure_ascii=False)  # orjson stops at 64 bits
    return gateway.call(GatewayCall(call_id, toolkit, name, sent, context.model_dump_json(), 10.0, True))


def test_there_are_enough_signatures_and_every_one_has_a_row(gateway: WireGateway) -> None:
    tools = definitions(gateway)

    signatures = sum(max(1, len(tool.overloads)) for tool in tools.values())

    assert signatures >= LEAST_SIGNATURES
    listed = {name for name in tools if not name.startswith("streams.")}  # of their own test
    assert listed - {row["tool"] for row in rows()} == {"results.endless"}


def test_every_row_comes_back_as_it_went(gateway: WireGateway) -> None:
    wrong = []
    for row in rows():
        outcome = call(gateway, row["tool"], row["arguments"])
        if "error" not in row:
            if not outcome.ok or outcome.value != row["value"]:
                wrong.append((row, outcome))
        elif outcome.error is None or not _fits(row["error"], outcome):
            wrong.append((row, outcome))
    assert wrong == []


def _fits(expected: dict[str, Any], outcome: CallOutcome) -> bool:
    assert outcome.error is not None
    return (
        outcome.error.kind == expected["kind"]
        and outcome.error.argument == expected["argument"]
        and expected["says"] in outcome.error.message
    )


def definitions(gateway: WireGateway) -> dict[str, ToolDefinition]:
    return {
        f"{toolkit.name}.{tool.name}": tool
        for toolkit in gateway.describe().toolkits
        if toolkit.name not in ("card", "host")
        for tool in toolkit.tools
    }


@pytest.mark.parametrize("toolkit", sorted(ECHO))
def test_any_value_of_the_schema_comes_back_unchanged(host: ContractHost, toolkit: str) -> None:
    gateway = WireGateway(host.home)
    tools = {name: tool for name, tool in definitions(gateway).items() if name.startswith(f"{toolkit}.")}
    for name, tool in tools.items():
        check_echo(gateway, name, tool)
    assert len(tools) >= 6
    gateway.close()


def check_echo(gateway: WireGateway, name: str, tool: ToolDefinition) -> None:
    schema = tool.input_schema["properties"]["value"]
    definitions_of = tool.input_schema.get("$defs", {})

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(values_of(name, schema, definitions_of))
    def echo(value: Any) -> None:
        outcome = call(gateway, name, {"value": value}, run=f"run_{name.replace('.', '_')}")
        assert outcome.ok, (name, value, outcome.error)
        assert canonical(name, outcome.value, schema) == canonical(name, value, schema), name

    echo()


def test_a_stream_is_read_on_demand_and_let_go_with_its_run(gateway: WireGateway) -> None:
    run = f"run_s{next(_numbers)}"
    first = call(gateway, "results.endless", {}, pages=True, run=run)
    assert first.page is not None
    assert (first.page.kind, first.page.more, first.value) == ("items", True, list(range(200)))

    more = {"handle": first.page.handle, "position": first.page.next, "most": 1_000}
    second = call(gateway, "sanca.results.next", more, pages=True, run=run)
    assert second.value == list(range(200, 1_200))
    assert call(gateway, "sanca.results.next", more, run="run_other").error is not None

    assert call(gateway, "sanca.results.release", {}, run=run).ok
    gone = call(gateway, "sanca.results.next", {**more, "position": 1_200}, run=run)
    assert gone.error is not None
    assert "gone" in gone.error.message


@pytest.mark.parametrize(
    ("tool", "size", "kind"),
    [
        ("many_rows", 200_000, "items"),
        ("long_text", 600_000, "text"),
        ("wide", 200_000, "json"),
        ("large", 2_000_000, "bytes"),
    ],
)
def test_a_large_result_is_whole_again_when_its_pieces_are_joined(
    gateway: WireGateway, tool: str, size: int, kind: str
) -> None:
    argument = "count" if tool in ("many_rows", "wide") else "size"
    run = f"run_l{next(_numbers)}"
    piece = call(gateway, f"results.{tool}", {argument: size}, pages=True, run=run)
    pieces = [piece.value]
    while piece.page is not None and piece.page.more:
        assert piece.page.kind == kind
        more = {"handle": piece.page.handle, "position": piece.page.next, "max_chars": 2_000_000, "most": 50_000}
        piece = call(gateway, "sanca.results.next", more, pages=True, run=run)
        pieces.append(piece.value)
    assert len(pieces) > 1
    assert joined(kind, pieces) == expected(tool, size)


def joined(kind: str, pieces: list[Any]) -> Any:
    if kind == "items":
        return list(itertools.chain.from_iterable(pieces))
    if kind == "bytes":
        return b"".join(map(base64.b64decode, pieces))
    whole = "".join(pieces)
    return orjson.loads(whole) if kind == "json" else whole


def expected(tool: str, size: int) -> Any:
    rows_of = [f"行 {number}" for number in range(size)]
    return {"many_rows": rows_of, "wide": {"rows": rows_of}, "long_text": "🐍" * size, "large": b"x" * size}[tool]


def test_toolkits_of_the_engine_are_not_listed_and_nothing_else_of_the_host_is_there(gateway: WireGateway) -> None:
    assert "sanca.results" not in {toolkit.name for toolkit in gateway.describe().toolkits}
    for name in (
        "java.lang.Runtime.exec",
        "results.getClass",
        "results.__class__",
        "sanca.results.exec",
        "numbers.value",
    ):
        outcome = call(gateway, name, {})
        assert outcome.error is not None
        assert outcome.error.kind == "not_found"


def test_every_signature_has_a_stub_that_python_can_read(host: ContractHost) -> None:
    gateway = WireGateway(host.home)
    toolkits = gateway.describe().toolkits
    gateway.close()

    for toolkit in toolkits:
        (made,) = ast.parse(render_stub(toolkit)).body
        assert isinstance(made, ast.ClassDef)
        functions = [node.name for node in made.body if isinstance(node, ast.FunctionDef)]
        ways = {tool.name: max(1, len(tool.overloads)) for tool in toolkit.tools}
        assert {name: functions.count(name) for name in functions} == ways
    ast.parse(checker_stubs(toolkits).text)


@pytest.mark.anyio
async def test_the_check_before_a_run_stops_what_the_gate_refuses_and_nothing_else(host: ContractHost) -> None:
    gateway = WireGateway(host.home)
    toolkits = tuple(gateway.describe().toolkits)
    gateway.close()
    calls = [f"{row['tool']}(**{row['arguments']!r})" if _is_odd(row) else _written(row) for row in rows()]
    checker = TyChecker(limit_seconds=60.0)

    report = await checker.check("\n".join(calls), toolkits, {})
    await checker.close()

    assert not report.skipped
    tools = {f"{toolkit.name}.{tool.name}": tool for toolkit in toolkits for tool in toolkit.tools}
    plain = [(number, row) for number, row in enumerate(rows(), 1) if not _is_odd(row)]
    refused = {number for number, row in plain if _refuses(tools[row["tool"]], row["arguments"])}
    assert {one.line for one in report.stops} == refused
    assert refused


def _refuses(tool: ToolDefinition, arguments: dict[str, Any]) -> bool:
    try:
        ToolSignature(tool).unify((), arguments)
    except ToolArgumentError:
        return True
    return False


def _is_odd(row: dict[str, Any]) -> bool:
    return any(keyword.iskeyword(name) or not name.isidentifier() for name in row["arguments"])


def _written(row: dict[str, Any]) -> str:
    """Return the call of a row as an action would write it."""
    return f"{row['tool']}({', '.join(f'{name}={value!r}' for name, value in row['arguments'].items())})"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
