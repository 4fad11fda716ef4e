"""numpy arrays in text: shape, dtype, a few statistics, head and tail. Never imports numpy."""

from __future__ import annotations

import sys
from typing import Any

from .columns import describe_values
from .safely import exact, is_of, number

_EDGE = 3
_WHOLE = 60
_MOST_COUNTED = 20_000_000
_LINE_CHARS = 120


def is_array(value: Any) -> bool:
    """Whether the value is an array of a numpy that the action imported, with at least one dimension."""
    return is_of(value, "numpy", "ndarray") and value.ndim > 0


def render_array(array: Any, name: str) -> str:
    """Return an array's shape, statistics and corners; all of it when it is short."""
    numpy = sys.modules["numpy"]
    text = exact(
        numpy.array2string(
            array,
            threshold=_WHOLE,
            edgeitems=_EDGE,
            max_line_width=_LINE_CHARS,
            separator=", ",
            formatter={"float_kind": lambda one: f"{one:.5g}"},
        )
    )
    said = describe_array(array)
    hint = ""
    if array.size > _WHOLE:
        rows = len(array)
        wanted = f"{name}[{_EDGE}:{min(rows, 50 + _EDGE)}]" if rows > 2 * _EDGE else f"{name}[0]"
        hint = f"\nmore of it: print({wanted})"
    return f"{said}\n{text}{hint}"


def describe_array(array: Any) -> str:
    """Return `array (1000, 4) float64, min …, mean …, max …, 3 NaN`."""
    shape = " × ".join(f"{length:,}" for length in array.shape)
    said = [f"array {shape}", str(array.dtype)]
    kind = array.dtype.kind
    if array.size and array.size <= _MOST_COUNTED:
        if kind in "iuf":
            said.append(_numbers(array))
        elif kind == "b":
            said.append(f"{int(array.sum()):,} true")
        elif kind in "mM":
            said.append(f"{array.min()} … {array.max()}")
        elif kind in "OU" and array.ndim == 1:
            said.append(describe_values(array[:100_000].tolist()))
    return ", ".join(part for part in said if part)


def _numbers(array: Any) -> str:
    numpy = sys.modules["numpy"]
    missing = 0
    if array.dtype.kind == "f" and numpy.isnan(array.min()):
        absent = numpy.isnan(array)
        missing = int(absent.sum())
        array = array[~absent]
    note = f", {missing:,} NaN" if missing else ""
    if not array.size:
        return f"all {missing:,} NaN"
    lowest, highest = array.min().item(), array.max().item()
    if lowest == highest:
        return f"always {number(lowest)}{note}"
    mean = array.mean(dtype="float64" if array.dtype.kind != "f" or array.dtype.itemsize < 8 else None).item()
    return f"min {number(lowest)}, mean {number(mean)}, max {number(highest)}{note}"
