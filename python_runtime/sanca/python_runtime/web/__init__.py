"""The toolkit `web`: pages, search and documentation of the outside, for actions. Light to import; see `toolkit`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sanca.core.ports import Toolkit

__all__ = ["is_configured", "web_toolkits"]

_PREFIX = "SANCA_WEB_"


def is_configured(environment: Mapping[str, str]) -> bool:
    """Whether anything of the web is set: an engine without loads none of it."""
    return any(name.startswith(_PREFIX) and value for name, value in environment.items())


def web_toolkits() -> list[Toolkit]:
    """Return the toolkit `web` where the settings allow anything; nothing otherwise.

    Raises:
        ConfigurationError: A setting is wrong; says which.
    """
    if not is_configured(os.environ):
        return []
    from sanca.python_runtime.web.settings import read_settings

    settings = read_settings()
    if not settings.is_on:
        return []
    from sanca.python_runtime.web.toolkit import WebToolkit

    return [WebToolkit(settings)]
