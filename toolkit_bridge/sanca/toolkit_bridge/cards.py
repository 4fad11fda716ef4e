"""The `card` toolkit in Python, for an engine without a host. It returns card specifications; the engine shows them."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, Field
from sanca.core.errors import ToolArgumentError
from sanca.toolkit_bridge.python_tools import PythonToolkit
from sanca.toolkit_bridge.tool_marks import tool

Card = dict[str, dict[str, Any]]
_Markdown = Annotated[str, Field(description="Markdown.")]
_Title = Annotated[str, Field(description="A short heading.")]


class FormField(BaseModel):
    """One input of a form."""

    name: str
    label: str = ""
    type: Literal["text", "number", "choice", "boolean", "date"] = "text"
    choices: list[str] = Field(default_factory=list)
    required: bool = False
    default: Any = None


class LinkItem(BaseModel):
    """One place to go to."""

    label: str = Field(min_length=1)
    url: str = Field(
        max_length=2_000,
        pattern=r"^([hH][tT][tT][pP][sS]?://[^\s/\\]|[mM][aA][iI][lL][tT][oO]:[^\s\\]+@|/([^/\\]|$)|#)[^\s\\]*$",
        description="http, https, mailto, or a place in the portal: `/orders/17`, `#/settings`.",
    )
    what: str | None = Field(None, description="What is there, in a few words.")


class CardToolkit(PythonToolkit):
    """Show cards to the person: tables, charts, diffs, forms. Each call shows one card at once."""

    name: ClassVar[str] = "card"

    @tool(approval="NEVER")
    def text(self, markdown: _Markdown, title: str | None = None) -> Any:
        """Show a text."""
        return _card("text", markdown=markdown, title=title)

    @tool(approval="NEVER")
    def facts(self, title: _Title, items: dict[str, Any]) -> Any:
        """Show names and values side by side."""
        return _card("facts", title=title, items=items)

    @tool(approval="NEVER")
    def table(self, title: _Title, rows: list[dict[str, Any] | list[Any]], columns: list[str] | None = None) -> Any:
        """Show rows; without `columns` those of the first row are shown."""
        return _card("table", title=title, rows=rows, columns=columns)

    @tool(approval="NEVER")
    def line_chart(self, title: _Title, series: dict[str, list[Any]], unit: str | None = None) -> Any:
        """Show lines: name → values, or name → [x, y] pairs (x a number or an ISO 8601 time)."""
        if not series:
            raise ToolArgumentError("card.line_chart needs at least one series.", argument="series")
        return _card("line_chart", title=title, series=series, unit=unit)

    @tool(approval="NEVER")
    def links(self, title: _Title, items: list[LinkItem]) -> Any:
        """Show places to go to, and what for."""
        if not items:
            raise ToolArgumentError("card.links needs at least one item.", argument="items")
        return _card("links", title=title, items=[each.model_dump(exclude_none=True) for each in items])

    @tool(approval="NEVER")
    def diff(
        self, title: _Title, patch: Annotated[str, Field(description="A unified diff.")], path: str | None = None
    ) -> Any:
        """Show a change of a file."""
        return _card("diff", title=title, patch=patch, path=path)

    @tool(approval="NEVER")
    def progress(self, title: _Title, value: float, total: float = 1.0, card_id: str | None = None) -> Any:
        """Show how far something is; the same `card_id` again moves the same bar."""
        return _card("progress", card_id=card_id, title=title, value=value, total=total)

    @tool(approval="NEVER", interaction="form")
    def form(self, title: _Title, fields: list[FormField]) -> Any:
        """Ask the person for values and wait; returns them by field name."""
        if not fields:
            raise ToolArgumentError("card.form needs at least one field.", argument="fields")
        return _card("form", title=title, fields=[each.model_dump() for each in fields])

    @tool(approval="NEVER", interaction="approval")
    def approve(self, title: _Title, detail: _Markdown) -> Any:
        """Ask the person to agree and wait; returns `{approved, reason}`."""
        return _card("approve", title=title, detail=detail)


def _card(kind: str, card_id: str | None = None, **content: Any) -> Card:
    surface_id = card_id or f"card_{uuid.uuid4().hex[:12]}"
    return {
        "card": {
            "kind": kind,
            "surface_id": surface_id,
            **{key: value for key, value in content.items() if value is not None},
        }
    }
