"""The order of the suite, and what of it may run side by side."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling


class _ByFile(LoadScopeScheduling):  # type: ignore[misc] # it has no types
    """A file stays on one worker, because its fixtures are for the whole file; so does all that shares the demo."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "end_to_end" if "end_to_end/" in file else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Give the tests out by file (`-n 2`)."""
    return _ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests first, then the real host, the browser last."""
    items.sort(key=lambda item: ("end_to_end" in item.path.parts, item.get_closest_marker("browser") is not None))
