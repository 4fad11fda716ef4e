"""Plays a story's actions over the small fleet without an engine, and gives what the rules look at. Judges nothing."""

from __future__ import annotations

import contextlib
import inspect
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from claim_cases import Story
from sanca.core.errors import ToolError
from sanca.core.tools import ToolkitDefinition
from sanca.python_runtime.self_check.evidence import Call, Evidence
from sanca.toolkit_bridge import find_toolkits
from small_fleet import STATE, SYSTEM, TEAM, lay_out, reset


class Fleet:
    """The toolkits of the small fleet, whose calls are written down."""

    def __init__(self, home: Path) -> None:
        lay_out(home)
        self._home = home
        self.toolkits: list[ToolkitDefinition] = [
            kit.definition for kit in find_toolkits(home).toolkits if kit.definition.name in {"system", "team"}
        ]
        self._modules = {"system": self._load(SYSTEM), "team": self._load(TEAM)}

    def play(self, story: Story) -> Evidence:
        """Run a story's actions and return what a journal would have of them."""
        reset(self._home)
        calls: list[Call] = []
        rounds = [
            self._act(code, number, calls, approves=story.approves) for number, code in enumerate(story.actions, 1)
        ]
        there = {path.name for path in Path().iterdir()} if any("open(" in code for code in story.actions) else set()
        evidence = Evidence(
            calls=calls,
            observations=[text for text, _ in rounds],
            codes=story.actions,
            given=story.goal,
            files=frozenset(there),
            names={"service": list(STATE["services"])},
            acted=any(well for _, well in rounds),
        )
        evidence._rounds_with_code = frozenset(range(1, len(story.actions) + 1))
        return evidence

    def _load(self, source: str) -> dict[str, Any]:
        namespace: dict[str, Any] = {"__file__": str(self._home / "toolkits" / "fleet.py"), "__name__": "fleet"}
        exec(compile(source, "fleet.py", "exec", flags=0, dont_inherit=True), namespace)  # noqa: S102 - our own text
        return namespace

    def _act(self, code: str, number: int, calls: list[Call], *, approves: bool) -> tuple[str, bool]:
        kits = {kit.name: SimpleNamespace(**dict(self._tools(kit, number, calls, approves))) for kit in self.toolkits}
        shown = io.StringIO()
        code = code.replace("/output/", "")
        lines = code.rstrip().split("\n")
        last = lines[-1] if _is_expression(lines[-1]) else "None"
        body = "\n".join(lines[:-1]) if _is_expression(lines[-1]) else code
        try:
            with contextlib.redirect_stdout(shown), contextlib.ExitStack() as files:
                names = {**kits, "ToolError": ToolError, "open": lambda *given: files.enter_context(open(*given))}  # noqa: PTH123 - as actions write it
                exec(body, names)  # noqa: S102 - a story's own action
                value = eval(last, names)  # noqa: S307 - the same
        except Exception as error:  # an action may fail, as in the sandbox
            return f"{shown.getvalue()}{type(error).__name__}: {error}", False
        return f"{shown.getvalue()}{'' if value is None else value!r}", True

    def _tools(
        self, kit: ToolkitDefinition, number: int, calls: list[Call], approves: bool
    ) -> Sequence[tuple[str, Callable[..., Any]]]:
        def of(name: str, effect: str, asks: bool) -> Callable[..., Any]:
            function = self._modules[kit.name][name]

            def call(*given: Any, **named: Any) -> Any:
                facts = {"call_id": f"c/{len(calls) + 1}", "toolkit": kit.name, "tool": name, "effect": effect}
                try:
                    arguments = inspect.signature(function).bind(*given, **named).arguments
                except TypeError as error:
                    calls.append(Call(**facts, arguments=named, status="failed", round=number, error_kind="argument"))
                    raise ToolError(str(error)) from error
                if asks and not approves:
                    calls.append(Call(**facts, arguments=arguments, status="denied", round=number))
                    raise ToolError("a person said no")
                try:
                    value = function(**arguments)
                except ToolError as error:
                    kind = str(error.kind)
                    status = kind if kind in {"unknown", "cancelled"} else "failed"
                    calls.append(Call(**facts, arguments=arguments, status=status, round=number, error=str(error)))
                    raise
                calls.append(Call(**facts, arguments=arguments, status="ok", round=number, value=value))
                return value

            return call

        return [
            (
                tool.name,
                of(tool.name, tool.effect.value, tool.effect.value == "DESTRUCTIVE" and tool.approval == "AUTO"),
            )
            for tool in kit.tools
        ]


def _is_expression(line: str) -> bool:
    try:
        compile(line, "line", "eval")
    except SyntaxError:
        return False
    return True
