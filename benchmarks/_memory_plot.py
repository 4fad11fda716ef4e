"""The curve of the memory benchmark as a picture. Not a benchmark itself."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from _harness import ROOT

_LINES = (
    ("bare", "bare FTS5 query", "#9aa5b1", "--"),
    ("bare_session", "bare FTS5 query, one session", "#c8ced6", "--"),
    ("ours", "recall, all sessions", "#2563eb", "-"),
    ("ours_session", "recall, a session in use", "#16a34a", "-"),
)


def plot(points: Sequence[Mapping[str, float]], file: Path) -> None:
    """Draw p95 by size, both logarithmic; says so when matplotlib is not there."""
    sys.path.append(str(ROOT / ".sandbox-library"))  # where actions have it; the engine does without
    try:
        import matplotlib.pyplot as chart  # type: ignore[import-not-found]  # not in the linters' environment
    except ImportError:
        print("no picture: matplotlib is not there; `make setup` installs it for actions", file=sys.stderr)
        return
    figure, axes = chart.subplots(figsize=(7, 4))
    for key, name, colour, line in _LINES:
        axes.plot(
            [one["size"] for one in points], [one[key] for one in points], line, color=colour, marker="o", label=name
        )
    axes.set(xscale="log", yscale="log", xlabel="messages", ylabel="milliseconds, 95th percentile")
    axes.grid(visible=True, which="major", color="#e5e7eb")
    axes.legend(frameon=False)
    figure.tight_layout()
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, metadata={"Date": None})
