"""The measure of how well words fit, in its parts. Constants as FTS5 and Lucene have them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

K1, B = 1.2, 0.75


def idf(records: float, having: float) -> float:
    """Return how much a term tells that so many of the records have."""
    return math.log(1 + (max(records - having, 0) + 0.5) / (having + 0.5))


def length_norm(lengths: NDArray[np.float32], average: float) -> NDArray[np.float32]:
    """Return what is added to a term's count, more for longer records."""
    return K1 * (1 - B + B * lengths / max(average, 1.0))


def saturated(counts: NDArray[np.int32] | int, norms: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much a term counts that stands so often in records of such norms."""
    return counts * (K1 + 1) / (counts + norms)
