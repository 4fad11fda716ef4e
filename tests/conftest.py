"""The order of the suite: quick tests first, then the real host, the browser last."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put end-to-end tests behind all others, and those with a browser last.

    The browser's driver keeps an event loop in this thread, so that no asynchronous test can run after it.
    """
    items.sort(key=lambda item: ("end_to_end" in item.path.parts, item.get_closest_marker("browser") is not None))
