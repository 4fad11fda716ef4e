"""Our card catalog, A2UI's basic one plus six components, as models that messages are checked against.

The page keeps the same definitions as JSON Schema (its cards/catalog.json). Importing this takes half a second.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, Literal

from a2ui.core import A2uiError
from a2ui.core.basic_catalog.v0_9 import BasicCatalog
from a2ui.core.basic_catalog.v0_9.components import CatalogComponentCommon
from a2ui.core.catalog import Catalog, ModelComponentApi
from a2ui.core.schema.v0_9.common_types import DynamicNumber, DynamicString
from a2ui.utils.validation import validate_payload
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sanca.core.errors import ConversionError
from sanca.python_runtime.expression.links import is_safe_address

CATALOG_ID = "https://sanca.dev/catalog/v1"

Cell = str | int | float | bool | None


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Column(_Part):
    key: str
    label: str | None = None
    align: Literal["start", "center", "end"] | None = None


class _Fact(_Part):
    label: str
    value: Cell


class _Series(_Part):
    name: str
    points: list[tuple[int | float | str, int | float | None]]


class _Link(_Part):
    label: str
    url: str
    what: str | None = None

    @field_validator("url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        if not is_safe_address(url):
            raise ValueError("only http, https, mailto, /path and #/place are addresses that a card may lead to")
        return url


class TableComponent(CatalogComponentCommon):
    """A table whose columns can be sorted."""

    component: Literal["Table"] = "Table"
    title: DynamicString | None = None
    columns: list[_Column] | None = None
    rows: list[list[Cell] | dict[str, Cell]]


class ChartComponent(CatalogComponentCommon):
    """A line chart."""

    component: Literal["Chart"] = "Chart"
    title: DynamicString | None = None
    unit: DynamicString | None = None
    series: list[_Series] = Field(min_length=1)


class DiffComponent(CatalogComponentCommon):
    """A change to a file."""

    component: Literal["Diff"] = "Diff"
    title: DynamicString | None = None
    path: DynamicString | None = None
    patch: DynamicString


class FactsComponent(CatalogComponentCommon):
    """Labels and values."""

    component: Literal["Facts"] = "Facts"
    title: DynamicString | None = None
    items: list[_Fact]


class ProgressComponent(CatalogComponentCommon):
    """How far something is."""

    component: Literal["Progress"] = "Progress"
    title: DynamicString | None = None
    value: DynamicNumber
    total: DynamicNumber | None = None


class LinksComponent(CatalogComponentCommon):
    """Places to go to, and what for."""

    component: Literal["Links"] = "Links"
    title: DynamicString | None = None
    items: list[_Link] = Field(min_length=1)


_OWN = (TableComponent, ChartComponent, DiffComponent, FactsComponent, ProgressComponent, LinksComponent)


def check_messages(messages: Sequence[dict[str, Any]]) -> None:
    """Check A2UI messages as a renderer with our catalog would.

    Raises:
        ConversionError: A renderer would refuse them; says why.
    """
    try:
        validate_payload([_catalog()], messages)
    except A2uiError as error:
        raise ConversionError(f"The card cannot be shown: {error}") from error


@functools.cache
def _catalog() -> Catalog[Any, Any]:
    basic: Catalog[Any, Any] = BasicCatalog()
    return Catalog(
        CATALOG_ID,
        basic.protocol_version,
        components=[*basic.components.values(), *(ModelComponentApi(model) for model in _OWN)],
        functions=list(basic.functions.values()),
    )
