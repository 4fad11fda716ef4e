"""The order of the suite, and what of it may run side by side."""

from __future__ import annotations

import pytest


@pytest.hookimpl(tryfirst=True)  # before the worker reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests first, then the real host, the browser last.

    Side by side (`-n`), a file stays together, because its fixtures are for the whole file; everything that needs a
    JVM is one group, so that there is one demo, one contract host and one browser.
    """
    items.sort(key=lambda item: ("end_to_end" in item.path.parts, item.get_closest_marker("browser") is not None))
    for item in items:
        needs_host = "end_to_end" in item.path.parts or item.get_closest_marker("jvm") is not None
        item.add_marker(pytest.mark.xdist_group("host" if needs_host else item.path.stem))
