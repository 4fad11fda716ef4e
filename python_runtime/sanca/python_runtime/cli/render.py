"""AG-UI events on a terminal: Markdown, highlighted code, spinners, cards as tables, and the approval prompt."""

from __future__ import annotations

import json
import os
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.panel import Panel
from rich.prompt import Prompt
from rich.status import Status
from rich.syntax import Syntax
from rich.table import Column, Table
from rich.text import Text
from sanca.core.untrusted import reveal
from sanca.python_runtime.expression.locale import Locale

_LOCALE = Locale(os.environ.get("LC_ALL") or os.environ.get("LANG") or "en")
"""The terminal's language; times are the machine's."""
MARKS = {"ok": "[green]✓[/]", "running": "…", "waiting": "[yellow]?[/]", "planning": "…"}
MOST_CALLS_SHOWN = 12
MOST_ROWS_SHOWN = 20


class EventPrinter:
    """Shows the events of a run as they come; `quiet` shows nothing."""

    def __init__(self, *, quiet: bool = False, console: Console | None = None) -> None:
        self._quiet = quiet
        self._console = console or Console()
        self._text: list[str] = []
        self._status: Status | None = None
        self._shown_code: set[str] = set()

    def show(self, event: dict[str, Any]) -> None:
        """Show one event."""
        if self._quiet:
            return
        event = revealed(event)
        match event["type"]:
            case "STEP_STARTED":
                self._spin(event["stepName"].replace("_", " "))
            case "TEXT_MESSAGE_CONTENT":
                self._text.append(event["delta"])
            case "TEXT_MESSAGE_END":
                self._print(Markdown("".join(self._text)))
                self._text.clear()
            case "ACTIVITY_SNAPSHOT":
                self._show_activity(event["activityType"], event["content"])
            case "RUN_FINISHED" | "RUN_ERROR":
                self._rest()
                if line := evidence_line((event.get("result") or {}).get("evidence") or {}):
                    self._print(Text(line, style="dim"))
                if event["type"] == "RUN_ERROR":
                    self._print(Text(event["message"], style="red"))
            case _:
                pass

    def _spin(self, doing: str) -> None:
        if self._status is None:
            self._status = self._console.status(doing)
            self._status.start()
        else:
            self._status.update(doing)

    def _rest(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None

    def _print(self, what: RenderableType) -> None:
        self._rest()
        self._console.print(what)

    def _show_activity(self, kind: str, content: dict[str, Any]) -> None:
        if kind == "sanca-round":
            self._show_round(content)
        elif kind == "a2ui-surface":
            self._print(card_of(content["a2ui_operations"]))
        elif kind == "sanca-message":
            self._print(Markdown(content["text"]))
        elif kind == "sanca-notice":
            self._print(Text(content["text"], style="yellow"))
        elif kind == "sanca-file":
            self._print(Text(f"File: {content['name']} ({content['size_bytes']:,} bytes)", style="cyan"))
        elif kind == "sanca-image":
            self._print(Text(f"Chart: {content['name']} – {content['description'] or content['title']}", style="cyan"))

    def _show_round(self, content: dict[str, Any]) -> None:
        key = f"{content['run_id']}/{content['round']}"
        if content.get("code") and key not in self._shown_code:
            self._shown_code.add(key)
            skill = content.get("skill")
            title = f"round {content['round']}: " + (
                f"skill {skill['name']} ({skill['score']:.2f})" if skill else content["strategy"]
            )
            self._print(Panel(Syntax(content["code"], "python", word_wrap=True), title=Text(title), title_align="left"))
        if content["status"] in {"planning", "running", "waiting"}:
            return
        self._print(calls_table(content))
        if content.get("error"):
            self._print(Text(content["error"].rstrip(), style="red"))


def revealed(value: Any) -> Any:
    """Return an event without what a terminal would obey: everything in it may have been written by an action."""
    if isinstance(value, str):
        return reveal(value)
    if isinstance(value, list):
        return [revealed(each) for each in value]
    return {revealed(name): revealed(each) for name, each in value.items()} if isinstance(value, dict) else value


def calls_table(content: dict[str, Any]) -> RenderableType:
    """Return the round's tool calls as a small table."""
    table = Table(box=None, pad_edge=False, show_header=False)
    calls = content.get("calls") or []
    for call in calls[:MOST_CALLS_SHOWN]:
        arguments = json.dumps(call["arguments"], ensure_ascii=False)
        name = Text(f"{call['toolkit']}.{call['tool']}")
        table.add_row(MARKS.get(call["status"], "[red]✗[/]"), name, Text(arguments, overflow="ellipsis", no_wrap=True))
    more = int(content.get("calls_total") or len(calls)) - min(len(calls), MOST_CALLS_SHOWN)
    return Group(table, Text(f"and {more} more calls", style="dim")) if more > 0 else table


def card_of(operations: list[dict[str, Any]]) -> RenderableType:
    """Return a card's components as text and tables."""
    parts: list[RenderableType] = []
    for operation in operations:
        for component in (operation.get("updateComponents") or {}).get("components", ()):
            parts += _component(component)
    return Panel(Group(*parts)) if parts else Text("(card)", style="dim")


def _component(component: dict[str, Any]) -> list[RenderableType]:
    title = [Text(str(component["title"]), style="bold")] if component.get("title") else []
    match component.get("component"):
        case "Text":
            return [Markdown(str(component.get("text", "")))]
        case "Table":
            return [*title, _table(component)]
        case "Facts":
            return [*title, *(Text(f"{item['label']}: {_LOCALE.cell(item['value'])}") for item in component["items"])]
        case "Links":
            return [*title, *(Text(_link(item)) for item in component["items"])]
        case "Diff":
            return [*title, Syntax(component["patch"], "diff", word_wrap=True)]
        case "Progress":
            return [*title, Text(f"{component['value']} / {component['total']}")]
        case "Chart":
            return [*title, *(Text(_series(series, component.get("unit") or "")) for series in component["series"])]
        case _:
            return []


def _table(component: dict[str, Any]) -> Table:
    columns = component["columns"]
    table = Table(*[Column(Text(str(column["label"]))) for column in columns])
    for row in component["rows"][:MOST_ROWS_SHOWN]:
        cells = [row.get(column["key"], "") for column in columns] if isinstance(row, dict) else row
        table.add_row(*[Text(_LOCALE.cell(cell)) for cell in cells])
    return table


def _link(item: dict[str, Any]) -> str:
    what = f" – {item['what']}" if item.get("what") else ""
    return f"{item['label']}: {item['url']}{what}"


def evidence_line(evidence: dict[str, Any]) -> str:
    """Return which calls an answer rests on, in one line; empty without any."""
    named = [f"{call['name']}({call['about']})" for call in evidence.get("calls", ())]
    more = f" and {evidence['more']} more" if evidence.get("more") else ""
    return f"Evidence: {', '.join(named)}{more}" if named else ""


def _series(series: dict[str, Any], unit: str) -> str:
    values = [point[1] for point in series["points"] if isinstance(point[1], int | float)]
    if not values:
        return f"{series['name']}: no values"
    blocks = "▁▂▃▄▅▆▇█"
    low, high = min(values), max(values)
    line = "".join(blocks[int((value - low) / ((high - low) or 1) * (len(blocks) - 1))] for value in values[-60:])
    return f"{series['name']}: {line}  {low:g} … {high:g} {unit}".rstrip()


def ask_person(interrupt: dict[str, Any]) -> tuple[bool, str, Any]:
    """Ask in the terminal for what a run waits for; return approved, reason and value."""
    console, interrupt = Console(), revealed(interrupt)
    metadata = interrupt.get("metadata") or {}
    if interrupt.get("reason") != "approval":
        return _ask_values(console, interrupt)
    call = f"{metadata.get('toolkit')}.{metadata.get('tool')}({metadata.get('argumentsJson')})"
    undo = f"\nTo undo: {metadata['undo']}" if metadata.get("undo") else ""
    # Text, not markup: the arguments are an action's, and could hide themselves.
    shown = Text.assemble(str(interrupt.get("message", "")), "\n", (call, "bold"), undo)
    console.print(Panel(shown, title=Text(str(metadata.get("effect", "approval")))))
    approved = Prompt.ask("Do it?", choices=["y", "n"], default="n", console=console) == "y"
    reason = "" if approved else Prompt.ask("Why not (may be empty)", default="", show_default=False, console=console)
    return approved, reason, None


def _ask_values(console: Console, interrupt: dict[str, Any]) -> tuple[bool, str, Any]:
    """Ask a question or a form's fields; an empty answer to the first one dismisses it."""
    console.print(Panel(Text(str(interrupt.get("message", "")))))
    properties = (interrupt.get("responseSchema") or {}).get("properties") or {"value": {}}
    values: dict[str, str] = {}
    for name, schema in properties.items():
        choices = [str(choice) for choice in schema.get("enum") or schema.get("examples") or ()]
        hint = f" ({', '.join(choices)})" if choices else ""
        values[name] = Prompt.ask(
            Text(f"{schema.get('title') or name}{hint}"), default="", show_default=False, console=console
        )
        if not values[name] and name == next(iter(properties)):
            return False, "", None
    return True, "", values
