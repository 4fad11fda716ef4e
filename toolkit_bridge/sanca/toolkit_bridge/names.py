"""Close names for one that does not exist: what "did you mean" is made of."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_NEAR_LIMIT = 3


def near_names(name: str, candidates: Iterable[str]) -> tuple[str, ...]:
    """Return at most three candidates that look like `name`, nearest first."""
    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    folded = name[:200].casefold()
    close = difflib.get_close_matches(folded, by_folded, n=_NEAR_LIMIT, cutoff=0.6)
    inside = [
        key
        for key in by_folded
        if key not in close and min(len(key), len(folded)) > 2 and (folded in key or key in folded)
    ]
    return tuple(by_folded[key] for key in [*close, *inside][:_NEAR_LIMIT])


def did_you_mean(near: Iterable[str]) -> str:
    """Return ` Did you mean 'a' or 'b'?`, or nothing."""
    quoted = " or ".join(repr(name) for name in near)
    return f" Did you mean {quoted}?" if quoted else ""
