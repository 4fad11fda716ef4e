"""What every benchmark shares: rows, their printing, medians of interleaved blocks. Not a benchmark itself."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))  # where DemoProcess is


@dataclass(frozen=True)
class Row:
    """One measured figure. `*_ratio` is our time divided by the peer's, `*_speedup` the peer's divided by ours."""

    id: str
    value: float | None
    """None: not measured; `note` says why."""
    unit: str
    peer: str = ""
    limit: float | None = None
    """The most it may be, where a limit was promised."""
    least: float | None = None
    """The least it may be, where that was promised."""
    note: str = ""


def arguments(doc: str, *own: argparse.ArgumentParser) -> argparse.Namespace:
    """Parse the options that every benchmark takes, and those of its own."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter, parents=own)
    parser.add_argument("--json", action="store_true", help="print one object with `rows` and nothing else")
    parser.add_argument("--data", type=Path, help="folder with outside data, for benchmarks that need it")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: for a look, not for a figure")
    return parser.parse_args()


def outside(data: Path | None, folder: str, file: str) -> Path | None:
    """Return where a benchmark's data lie: `--data` itself or its folder of that name, whichever has the file."""
    places = [data, data / folder] if data else []
    return next((place for place in places if (place / file).is_file()), None)


def report(rows: list[Row], *, as_json: bool) -> None:
    """Print the rows as one JSON object or as a table."""
    if as_json:
        print(
            json.dumps(
                {
                    "rows": [
                        {k: v for k, v in asdict(row).items() if v not in ("", None) or k == "value"} for row in rows
                    ]
                }
            )
        )
        return
    for row in rows:
        value = "absent" if row.value is None else f"{row.value:.3g}" if row.value < 100 else f"{row.value:.0f}"
        peer = f"  against {row.peer}" if row.peer else ""
        print(f"{row.id:32} {value:>9} {row.unit}{peer}{_verdict(row)}{'  ' + row.note if row.note else ''}")


def _verdict(row: Row) -> str:
    """Say whether what was promised holds."""
    said = ""
    if row.value is not None and row.limit is not None:
        said += f"  (promised at most {row.limit:g}: {'held' if row.value <= row.limit else 'MISSED'})"
    if row.value is not None and row.least is not None:
        said += f"  (promised at least {row.least:g}: {'held' if row.value >= row.least else 'MISSED'})"
    return said


def interleave(blocks: int, **measures: Callable[[], float]) -> dict[str, list[float]]:
    """Run the measures in turn, `blocks` times, after one uncounted turn; return each one's figures."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for turn in range(blocks + 1):
        for name, measure in measures.items():
            figure = measure()
            if turn:
                found[name].append(figure)
    return found


def ratio(figures: dict[str, list[float]], ours: str, peer: str) -> float:
    """Return the median of ours divided by the median of the peer's."""
    return statistics.median(figures[ours]) / statistics.median(figures[peer])
