"""Says what was found in an action: the line, a mark below it, and what is wrong, as Python's own errors do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sanca.python_runtime.action_check.ports import CheckReport, Finding

_STOPS_TOLD = 10
_REMARKS_TOLD = 5
_LINE_CHARS = 160
_NOT_RUN = "The action was checked before it ran, and was not run: no tool was called, no name was bound."


def tell_stops(code: str, report: CheckReport) -> str:
    """Return the observation of an action that was not run."""
    told = [tell_one(code, one) for one in report.stops[:_STOPS_TOLD]]
    more = len(report.stops) - len(told)
    head = f"{_NOT_RUN} {more} more findings are not shown." if more else _NOT_RUN
    remarks = tell_remarks(report.remarks)
    return "\n\n".join(filter(None, [head, *told, remarks]))


def tell_one(code: str, finding: Finding) -> str:
    """Return one finding with its line."""
    lines = code.splitlines()
    line = lines[finding.line - 1] if finding.line <= len(lines) else ""
    bare = line.lstrip()
    cut = len(line) - len(bare)
    begin, end = (
        len(line.encode()[:column].decode(errors="ignore")) for column in (finding.column, finding.end_column)
    )
    mark = " " * max(begin - cut, 0) + "^" * max(end - begin, 1)
    shown = f"line {finding.line}:\n    {bare}\n    {mark}\n" if len(bare) <= _LINE_CHARS else f"line {finding.line}: "
    return f"{shown}{finding.error_type}: {finding.message}"


def tell_remarks(remarks: Sequence[Finding]) -> str:
    """Return remarks, a line each; empty when there are none."""
    told = [f"- line {one.line}: {one.message}" for one in remarks[:_REMARKS_TOLD]]
    return "\n".join(["The check before the run also remarked:", *told]) if told else ""


def facts_of(report: CheckReport, round_seconds: float) -> dict[str, Any]:
    """Return what a round shows of its check."""
    return {
        "outcome": "skipped" if report.skipped else "stopped" if report.stops else "ok",
        "seconds": round(report.seconds, 4),
        "share": round(report.seconds / round_seconds, 4) if round_seconds > 0 else 0.0,
        "findings": [f"line {one.line}: {one.error_type}: {one.message}" for one in report.stops[:_STOPS_TOLD]],
        "remarks": [f"line {one.line}: {one.message}" for one in report.remarks[:_REMARKS_TOLD]],
        "skipped": report.skipped,
    }
