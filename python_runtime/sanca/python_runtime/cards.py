"""Turns card specifications of toolkit `card` into A2UI v0.9 messages of our catalog, bounded and checked."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sanca.core.errors import ConversionError
from sanca.python_runtime.card_catalog import CATALOG_ID, check_messages
from sanca.python_runtime.expression.links import link_of
from sanca.python_runtime.expression.locale import Locale
from sanca.python_runtime.language import sentence

_ROWS = 1_000
_POINTS = 2_000
_SERIES = 20
_FACTS = 200
_FIELDS = 50
_LINKS = 100
_CELL_CHARS = 2_000
_TEXT_CHARS = 50_000
_CARD_CHARS = 1_000_000

Spec = Mapping[str, Any]
Component = dict[str, Any]


def card_messages(spec: Spec, language: str = "en") -> list[dict[str, Any]]:
    """Return the A2UI messages that show a card.

    Args:
        spec: `{"kind", "surface_id", …}` as the tools of toolkit `card` return it.
        language: Of the few words that are ours.

    Raises:
        ConversionError: The kind is not known or the content does not fit; says what.
    """
    kind, surface_id = str(spec.get("kind", "")), str(spec.get("surface_id", ""))
    build = _BUILDERS.get(kind)
    if build is None or not surface_id:
        known = ", ".join(sorted(_BUILDERS))
        raise ConversionError(f"A card of kind {kind!r} cannot be shown; the kinds are {known}.")
    try:
        components, data = build(spec, Words(language))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConversionError(f"The content of a {kind} card does not fit: {type(error).__name__}: {error}.") from error
    messages: list[dict[str, Any]] = [
        {"version": "v0.9", "createSurface": {"surfaceId": surface_id, "catalogId": CATALOG_ID, "sendDataModel": True}},
        {"version": "v0.9", "updateComponents": {"surfaceId": surface_id, "components": components}},
    ]
    if data:
        messages.append({"version": "v0.9", "updateDataModel": {"surfaceId": surface_id, "path": "/", "value": data}})
    if (size := len(json.dumps(messages, ensure_ascii=False))) > _CARD_CHARS:
        raise ConversionError(f"A card of {size:,} characters cannot be shown; {_CARD_CHARS:,} are the most.")
    check_messages(messages)
    return messages


class Words:
    """The few words of a card that are ours, in one language."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._locale = Locale(language)

    def say(self, key: str) -> str:
        """Return one of our sentences."""
        return sentence(key, self._language)

    def more(self, what: str, count: int) -> str:
        """Say how many are not shown; nothing when all are."""
        return sentence(f"more_{what}", self._language, count=self._locale.number(count)) if count > 0 else ""

    def cut(self, text: str, limit: int) -> str:
        """Return a text of at most so many characters, and how many were more."""
        left = len(text) - limit
        count = self._locale.number(left)
        return text if left <= 0 else text[:limit] + sentence("more_chars", self._language, count=count)


Built = tuple[list[Component], dict[str, Any]]


def _text(spec: Spec, words: Words) -> Built:
    parts = [_label("title", f"### {spec['title']}")] if spec.get("title") else []
    parts.append(_label("body", words.cut(str(spec["markdown"]), _TEXT_CHARS)))
    return _column(parts), {}


def _facts(spec: Spec, words: Words) -> Built:
    items = list(dict(spec["items"]).items())
    shown = [{"label": str(label), "value": _cell(value, words)} for label, value in items[:_FACTS]]
    return _with_note(
        {"component": "Facts", "title": str(spec["title"]), "items": shown},
        words.more("facts", len(items) - len(shown)),
    )


def _table(spec: Spec, words: Words) -> Built:
    rows = list(spec["rows"])
    names = spec.get("columns") or _columns_of(rows)
    columns = [
        {"key": str(one["key"]), "label": str(one.get("label", one["key"]))}
        if isinstance(one, Mapping)
        else {"key": str(one), "label": str(one)}
        for one in names
    ]
    shown = [_row(row, [column["key"] for column in columns], words) for row in rows[:_ROWS]]
    table = {"component": "Table", "title": str(spec["title"]), "columns": columns, "rows": shown}
    return _with_note(table, words.more("rows", int(spec.get("total", len(rows))) - len(shown)))


def _line_chart(spec: Spec, words: Words) -> Built:
    lines = list(dict(spec["series"]).items())
    series = [{"name": str(name), "points": _points(list(points))} for name, points in lines[:_SERIES]]
    chart = {"component": "Chart", "title": str(spec["title"]), "series": series}
    if spec.get("unit"):
        chart["unit"] = str(spec["unit"])
    return _with_note(chart, words.more("series", len(lines) - len(series)))


def _links(spec: Spec, words: Words) -> Built:
    items = list(spec["items"])
    shown = [_link(item) for item in items[:_LINKS]]
    links = {"component": "Links", "items": shown} | ({"title": str(spec["title"])} if spec.get("title") else {})
    return _with_note(links, words.more("links", len(items) - len(shown)))


def _link(item: Spec) -> dict[str, str]:
    if (link := link_of(item)) is None:
        url = str(item.get("url", ""))
        raise ValueError(f"{url[:80]!r} is no address that a card may lead to: http, https, mailto, /path or #/place")
    return {name: text[:_CELL_CHARS] for name, text in link.items()}


def _diff(spec: Spec, words: Words) -> Built:
    diff = {"component": "Diff", "title": str(spec["title"]), "patch": words.cut(str(spec["patch"]), _TEXT_CHARS)}
    if spec.get("path"):
        diff["path"] = str(spec["path"])
    return _with_note(diff, "")


def _progress(spec: Spec, words: Words) -> Built:
    value, total = float(spec["value"]), float(spec.get("total", 1.0))
    return _with_note({"component": "Progress", "title": str(spec["title"]), "value": value, "total": total}, "")


def _form(spec: Spec, words: Words) -> Built:
    fields = list(spec["fields"])[:_FIELDS]
    inputs = [_input(number, field) for number, field in enumerate(fields)]
    data = {str(field["name"]): _start_value(field) for field in fields}
    send = {"event": {"name": "submit", "context": {name: {"path": f"/{name}"} for name in data}}}
    parts = [_label("title", f"### {spec['title']}"), *inputs, *_button("submit", words.say("button_send"), send)]
    return _column(parts), data


def _approve(spec: Spec, words: Words) -> Built:
    parts = [_label("title", f"### {spec['title']}"), _label("detail", words.cut(str(spec["detail"]), _TEXT_CHARS))]
    for name, label, approved in (("approve", "button_agree", True), ("deny", "button_decline", False)):
        parts += _button(name, words.say(label), {"event": {"name": name, "context": {"approved": approved}}})
    return _column(parts), {}


_BUILDERS: dict[str, Callable[[Spec, Words], Built]] = {
    "text": _text,
    "facts": _facts,
    "table": _table,
    "line_chart": _line_chart,
    "links": _links,
    "diff": _diff,
    "progress": _progress,
    "form": _form,
    "approve": _approve,
}


def _column(parts: Sequence[Component]) -> list[Component]:
    inside = {part["child"] for part in parts if "child" in part}
    top = [part["id"] for part in parts if part["id"] not in inside]
    return [{"id": "root", "component": "Column", "children": top}, *parts]


def _with_note(component: Component, note: str) -> Built:
    """One component; below it what was left out, when something was."""
    if not note:
        return [{"id": "root", **component}], {}
    return _column([{"id": "content", **component}, _label("note", note)]), {}


def _label(part_id: str, text: str) -> Component:
    return {"id": part_id, "component": "Text", "text": text}


def _button(name: str, label: str, action: Mapping[str, Any]) -> list[Component]:
    return [
        {"id": name, "component": "Button", "child": f"{name}_label", "action": dict(action)},
        _label(f"{name}_label", label),
    ]


def _input(number: int, field: Spec) -> Component:
    label = str(field.get("label") or field["name"])
    common = {"id": f"field_{number}", "label": label + (" *" if field.get("required") else "")}
    value = {"path": f"/{field['name']}"}
    match field.get("type", "text"):
        case "choice":
            options = [{"label": str(choice), "value": str(choice)} for choice in field.get("choices") or ()]
            return {
                **common,
                "component": "ChoicePicker",
                "variant": "mutuallyExclusive",
                "options": options,
                "value": value,
            }
        case "boolean":
            return {**common, "component": "CheckBox", "value": value}
        case "date":
            return {**common, "component": "DateTimeInput", "enableDate": True, "value": value}
        case "number":
            return {**common, "component": "TextField", "variant": "number", "value": value}
        case _:
            return {**common, "component": "TextField", "value": value}


def _start_value(field: Spec) -> Any:
    default = field.get("default")
    match field.get("type", "text"):
        case "boolean":
            return bool(default)
        case "choice":
            return [str(default)] if default is not None else []
        case _:
            return "" if default is None else str(default)


def _columns_of(rows: Sequence[Any]) -> list[str]:
    first = rows[0] if rows else {}
    return list(first) if isinstance(first, Mapping) else [str(number + 1) for number in range(len(first))]


def _row(row: Any, keys: Sequence[str], words: Words) -> list[Any]:
    cells = [row.get(key) for key in keys] if isinstance(row, Mapping) else list(row)
    return [_cell(cell, words) for cell in cells]


def _cell(value: Any, words: Words) -> Any:
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return words.cut(text, _CELL_CHARS)


def _points(points: Sequence[Any]) -> list[list[Any]]:
    """Pairs of x and y; long series are thinned evenly, the last point stays."""
    pairs = [list(one[:2]) if isinstance(one, list | tuple) else [x, one] for x, one in enumerate(points)]
    if len(pairs) > _POINTS:
        step = -(-len(pairs) // _POINTS)
        pairs = [*pairs[:-1:step], pairs[-1]]
    return [[x if isinstance(x, int | float) else str(x), _number(y)] for x, y in pairs]


def _number(value: Any) -> float | None:
    """JSON knows no infinity: such a point is a gap."""
    number = math.nan if value is None else float(value)
    return number if math.isfinite(number) else None
