"""The order of the suite, and what of it may run side by side."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from elasticsearch_node import ElasticsearchNode
from xdist.scheduler import LoadScopeScheduling


class _ByFile(LoadScopeScheduling):  # type: ignore[misc] # it has no types
    """A file stays on one worker, because its fixtures are for the whole file; so does all that shares the demo.

    Whatever has `elasticsearch` in its name or parameters is given to one worker too: they share one node.
    """

    def _split_scope(self, nodeid: str) -> str:
        if "elasticsearch" in nodeid:
            return "elasticsearch"
        file = nodeid.partition("::")[0]
        return "end_to_end" if "end_to_end/" in file else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Give the tests out by file (`-n 2`)."""
    return _ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests first, then the real host, the browser last; what needs the Elasticsearch node is marked so."""
    for item in items:
        if "peers" in item.path.parts:
            item.add_marker("peers")
        if "elasticsearch" in item.nodeid:
            item.add_marker("elasticsearch")
            item.add_marker(pytest.mark.timeout(400))  # the first of them waits for the node; a busy machine is slow
    items.sort(key=lambda item: ("end_to_end" in item.path.parts, item.get_closest_marker("browser") is not None))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests counted (`record_property("counts", …)`): a worker's own output is not shown."""
    told = dict.fromkeys(
        str(value)
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "counts"
    )
    if told:
        terminalreporter.section("counted")
        terminalreporter.write_line("\n".join(told))


@pytest.fixture(scope="session")
def elasticsearch_node() -> Iterator[ElasticsearchNode]:
    """A running Elasticsearch, for tests with `elasticsearch` in their name or parameters."""
    folder = Path(tempfile.mkdtemp(prefix="sanca-elasticsearch-"))  # not pytest's: as root the node runs as nobody
    node = ElasticsearchNode(folder)
    try:
        node.start()
        yield node
    finally:
        node.kill()
        shutil.rmtree(folder, ignore_errors=True)
